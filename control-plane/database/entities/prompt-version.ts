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

export interface PromptPartial {
  /** The prompt's name, as templates render it. */
  readonly name: string;
  readonly version: number;
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
    /** Tools, in the OpenAI chat API's words; null: none. */
    tools: p.json<readonly JsonObject[]>().nullable(),
    /** JSON Schema of the answer; null: free text. */
    responseSchema: p.json<JsonObject>().nullable(),
    /** JSON Schema of the variables, by the author; null: derived from the templates, see agreements/prompt-inputs.ts. */
    inputs: p.json<JsonObject>().nullable(),
    /** Other prompts that its templates render, as they were when it was made. */
    partials: p.json<readonly PromptPartial[]>(),
    /** What its templates read, sorted. */
    variables: p.array<string>(),
    commitMessage: p.text(),
    author: p.text(),
  },
});
export type PromptVersion = InferEntity<typeof PromptVersion>;
