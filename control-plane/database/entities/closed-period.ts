/** What a period had come to when it was closed; written once, so that what came later can be told. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const ClosedPeriod = defineEntity({
  name: "ClosedPeriod",
  tableName: "closed_period",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    periodStart: p.datetime(),
    /** Not included. */
    periodEnd: p.datetime(),
    label: p.text(),
    closedAt: p.datetime(),
    actor: p.text(),
    calls: p.bigint(),
    unpricedCalls: p.bigint(),
    costNanodollars: p.bigint(),
    inputTokens: p.bigint(),
    outputTokens: p.bigint(),
  },
});
export type ClosedPeriod = InferEntity<typeof ClosedPeriod>;
