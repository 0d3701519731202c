/**
 * Quantiles, as description: a decision on a slow tail is better taken on the share of calls over an objective. Intervals from
 * order statistics (Deng, Knoblich, Yu 2018), and an always-valid comparison (Howard and Ramdas 2022) for those who insist.
 */
import { lnBeta, normalQuantile } from "./distributions.ts";
import { bisect, minimum } from "./numeric.ts";

export interface QuantileEstimate {
  readonly value: number;
  /** NaN: too few events for the normal approximation. */
  readonly standardError: number;
}

/** @param sorted ascending. @param clustering variance of the share below the quantile by unit, over that by event; 1: events are independent. */
export function quantileEstimate(sorted: readonly number[], share: number, alpha: number, clustering = 1): QuantileEstimate {
  const value = orderStatistic(sorted, share);
  if (sorted.length <= (4 * share) / (1 - share)) return { value, standardError: Number.NaN };
  const z = normalQuantile(1 - alpha / 2);
  const reach = z * Math.sqrt((share * (1 - share)) / sorted.length);
  const spread = (orderStatistic(sorted, Math.min(1, share + reach)) - orderStatistic(sorted, Math.max(0, share - reach))) / (2 * z);
  return { value, standardError: spread * Math.sqrt(clustering) };
}

/** Always-valid p that two samples have the same quantile. @param unitsPlanned where the test is sharpest. */
export function quantileComparisonP(
  one: readonly number[],
  other: readonly number[],
  share: number,
  settings: { readonly unitsPlanned: number; readonly alpha: number },
): number {
  const evidence = (sorted: readonly number[]) => {
    const at = (successes: number) => bernoulliEvidence(successes, sorted.length, share, settings);
    const least = minimum(at, 0, sorted.length);
    // At x, any place between the values below it and those up to it is meant; the one of least evidence counts.
    return (x: number) =>
      at(
        Math.min(
          Math.max(
            least,
            rank(sorted, (value) => value >= x),
          ),
          rank(sorted, (value) => value > x),
        ),
      );
  };
  const [ofOne, ofOther] = [evidence(one), evidence(other)];
  const least = [...one, ...other].reduce((least, x) => Math.min(least, ofOne(x) + ofOther(x)), Number.POSITIVE_INFINITY);
  return Math.min(1, Math.exp(-least));
}

/** Always-valid interval of a rate, exact for small counts. */
export function bernoulliSequence(
  successes: number,
  trials: number,
  settings: { readonly unitsPlanned: number; readonly alpha: number },
): { readonly lower: number; readonly upper: number } {
  const threshold = -Math.log(settings.alpha);
  const rate = successes / trials;
  const excess = (p: number) => bernoulliEvidence(successes, trials, p, settings) - threshold;
  return {
    lower: rate === 0 ? 0 : bisect(excess, Number.EPSILON, rate),
    upper: rate === 1 ? 1 : bisect(excess, rate, 1 - Number.EPSILON),
  };
}

/** ln of the beta-binomial mixture against the rate p: a martingale while p is true. The mixture was tuned at alpha 0.05. */
function bernoulliEvidence(successes: number, trials: number, p: number, { unitsPlanned }: { readonly unitsPlanned: number }): number {
  const spread = p * (1 - p);
  const reach = 2 * Math.log(1 / 0.05);
  const r = Math.max((unitsPlanned * spread) / (reach + Math.log1p(reach)) - spread, 1e-3 * spread);
  const [yes, no] = [r / (1 - p), r / p];
  const failures = trials - successes;
  return lnBeta(yes + successes, no + failures) - lnBeta(yes, no) - successes * Math.log(p) - failures * Math.log1p(-p);
}

const orderStatistic = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;

/** How many values come before the first for which it holds. */
function rank(sorted: readonly number[], holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
