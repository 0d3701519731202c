/** A named template. Its content stands in versions that never change; its labels are names that move between them. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

/** chat: messages with roles. text: one template, which callers get as one user message and other prompts as a partial. */
export const promptKinds = ["chat", "text"] as const;
export type PromptKind = (typeof promptKinds)[number];

export const Prompt = defineEntity({
  name: "Prompt",
  tableName: "prompt",
  properties: {
    ...configColumns(),
    name: p.text(),
    kind: p.text().$type<PromptKind>(),
    /** Where people find it: "support/email". Empty: at the top. */
    folder: p.text(),
    /** Labels that move only when a second person approves. */
    protectedLabels: p.array<string>(),
    /** The route that `POST /v1/prompts/{name}/run` calls; null: it is not published so. */
    runRouteId: p.uuid().nullable(),
    /** Label → version. `latest` is kept by us and points at the newest. */
    labels: p.json<Readonly<Record<string, number>>>(),
  },
});
export type Prompt = InferEntity<typeof Prompt>;
