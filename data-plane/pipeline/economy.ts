/** Which tiers a call goes through: its variant's, or its route's; fewer of them where its budgets are nearly spent. Pure. */
import type { CompiledRoute, CompiledTier } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Assignment } from "./assign-variant.ts";
import type { Caller } from "./authenticate.ts";

/** A variant that names its tiers keeps them, also then: an arm that changes its backends half-way would measure nothing. */
export function tiersOf(
  snapshot: Pick<RuntimeSnapshot, "budgetPercent">,
  caller: Caller,
  route: CompiledRoute,
  assignment: Assignment | undefined,
  atMs: number,
): readonly CompiledTier[] {
  const own = assignment?.variant.tiers;
  if (own !== undefined) return own;
  const { economy } = route;
  return economy !== undefined && snapshot.budgetPercent(caller, atMs) >= economy.budgetPercent ? economy.tiers : route.tiers;
}
