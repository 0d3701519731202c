/** What weights a bandit gives its variants next. Pure. */
import type { Bandit } from "./definition.ts";
import { metricDefinitions } from "./metrics.ts";
import type { MeasuredSums } from "./read-sums.ts";
import { beliefOf, chancesOfBest, isBestFound, topTwoShares, unitsBeforeFirstUpdate, withFloor } from "./statistics/bandit.ts";
import { estimateOf } from "./statistics/estimate.ts";

export type BanditAction =
  | { readonly type: "none" }
  | { readonly type: "weigh"; readonly weights: readonly number[]; readonly chancesOfBest: readonly number[] }
  | { readonly type: "found"; readonly variant: string };

/** Weights below this change are not worth a revision. */
const changeMin = 0.005;

/** @param goal of the metric that is earned by. @param lastUpdate when the weights were last set. */
export function nextWeights(
  bandit: Bandit,
  variants: readonly { readonly key: string; readonly weight: number }[],
  goal: MeasuredSums,
  lastUpdate: Date,
  now: Date,
): BanditAction {
  if (now.getTime() - lastUpdate.getTime() < bandit.updateMinutes * 60_000) return { type: "none" };
  const { kind, direction } = metricDefinitions[goal.measured.metric];
  if (direction === "neutral") return { type: "none" };
  const estimates = variants.flatMap(({ key }) => {
    const sums = goal.sums[key];
    return sums === undefined || sums.units < unitsBeforeFirstUpdate ? [] : [estimateOf(kind, sums)];
  });
  if (estimates.length < variants.length) return { type: "none" };
  if (bandit.stopWhenFound && isBestFound(estimates, direction, bandit.delta, bandit.tolerance)) {
    const best = estimates.reduce((lead, estimate, i) => {
      const other = estimates[lead];
      return other !== undefined && (direction === "higher" ? estimate.value > other.value : estimate.value < other.value) ? i : lead;
    }, 0);
    return { type: "found", variant: variants[best]?.key ?? "" };
  }
  const beliefs = estimates.map((estimate) => beliefOf(estimate, direction));
  const chances = chancesOfBest(beliefs);
  const weights = withFloor(bandit.algorithm === "thompson" ? chances : topTwoShares(beliefs), bandit.floor).map(
    (weight) => Math.round(weight * 1e4) / 1e4,
  );
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  const moved = variants.some(({ weight }, i) => Math.abs(weight / sum - (weights[i] ?? 0)) > changeMin);
  return moved ? { type: "weigh", weights, chancesOfBest: chances } : { type: "none" };
}
