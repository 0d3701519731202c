/** How far budgets are spent, as the control plane last said it: by what they are laid on. Pure. */
import type { Budget } from "#proto/penstock/config/v1/snapshot_pb.ts";

export interface BudgetedCaller {
  readonly organisationId: string;
  readonly projectId: string;
  readonly apiKey: { readonly id: string };
}

/** By the id of the organisation, project or API key. Those that have reached nothing are not there. */
export type ReachedBudgets = ReadonlyMap<string, readonly Reached[]>;

interface Reached {
  readonly percent: number;
  /** The end of the budget's period. */
  readonly untilMs: number;
}

export function reachedBudgets(budgets: Iterable<Budget>): ReachedBudgets {
  const byScope = new Map<string, Reached[]>();
  for (const { organisationId, scope, reachedPercent, reachedUntilMs } of budgets) {
    if (reachedPercent === 0) continue;
    const id = scope.case === "projectId" || scope.case === "apiKeyId" ? scope.value : organisationId;
    byScope.set(id, [...(byScope.get(id) ?? []), { percent: reachedPercent, untilMs: Number(reachedUntilMs) }]);
  }
  return byScope;
}

/** Of the budget that is spent furthest; 0: none has got anywhere. */
export function budgetPercent(reached: ReachedBudgets, caller: BudgetedCaller, atMs: number): number {
  if (reached.size === 0) return 0;
  let furthest = 0;
  for (const id of [caller.organisationId, caller.projectId, caller.apiKey.id])
    for (const { percent, untilMs } of reached.get(id) ?? []) if (atMs < untilMs) furthest = Math.max(furthest, percent);
  return furthest;
}
