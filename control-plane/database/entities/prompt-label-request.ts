/** Somebody asks for a protected label to move; somebody else approves or declines. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const PromptLabelRequest = defineEntity({
  name: "PromptLabelRequest",
  tableName: "prompt_label_request",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    promptId: p.uuid(),
    label: p.text(),
    /** Where it shall point; null: it shall be protected no longer. */
    version: p.integer().nullable(),
    comment: p.text(),
    requestedBy: p.text(),
    requestedAt: p.datetime(),
    state: p.text().$type<"open" | "approved" | "declined">(),
    decidedBy: p.text().nullable(),
    decidedAt: p.datetime().nullable(),
  },
});
export type PromptLabelRequest = InferEntity<typeof PromptLabelRequest>;
