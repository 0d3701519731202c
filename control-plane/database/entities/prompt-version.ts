/** One immutable version of a prompt. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { JsonObject } from "./route.ts";

export const promptRoles = ["system", "developer", "user", "assistant"] as const;

export interface PromptMessageTemplate {
  readonly role: (typeof promptRoles)[number];
  /** See agreements/prompt-template.ts. */
  readonly template: string;
}

export const PromptVersion = defineEntity({
  name: "PromptVersion",
  tableName: "prompt_version",
  properties: {
    ...configColumns(),
    promptId: p.uuid(),
    /** 1, 2, 3 … within its prompt. */
    version: p.integer(),
    messages: p.json<readonly PromptMessageTemplate[]>(),
    defaultParameters: p.json<JsonObject>().nullable(),
    /** What its templates read, sorted. */
    variables: p.array<string>(),
    commitMessage: p.text(),
    author: p.text(),
  },
});
export type PromptVersion = InferEntity<typeof PromptVersion>;
