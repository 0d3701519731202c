/** What a budget has come to, as the last evaluation found it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const BudgetState = defineEntity({
  name: "BudgetState",
  tableName: "budget_state",
  properties: {
    budgetId: p.uuid().primary(),
    organisationId: p.uuid(),
    periodStart: p.datetime(),
    periodEnd: p.datetime(),
    spentNanodollars: p.bigint(),
    calls: p.bigint(),
    /** Their tokens are known and no price is: what they cost is not in spent. */
    unpricedCalls: p.bigint(),
    evaluatedAt: p.datetime(),
  },
});
export type BudgetState = InferEntity<typeof BudgetState>;
