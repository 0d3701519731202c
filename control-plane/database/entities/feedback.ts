/** What a caller said of an answer afterwards. One of the five value columns is set. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Feedback = defineEntity({
  name: "Feedback",
  tableName: "feedback",
  properties: {
    feedbackId: p.uuid().primary(),
    nodeId: p.text(),
    recordedAt: p.datetime(),
    organisationId: p.uuid(),
    apiKeyId: p.text(),
    callId: p.uuid(),
    metric: p.text(),
    booleanValue: p.boolean().nullable(),
    numberValue: p.double().$type<number>().nullable(),
    categoryValue: p.text().nullable(),
    commentValue: p.text().nullable(),
    demonstrationValue: p.text().nullable(),
    endUserHash: p.text(),
    sessionHash: p.text(),
  },
});
export type Feedback = InferEntity<typeof Feedback>;
