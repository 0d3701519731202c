/**
 * Weights that follow what is learnt, where traffic on the best arm matters more than knowing by how much it is better. All is
 * integrated and nothing drawn, so that the same sums always give the same configuration. Data that was collected under moving
 * weights must not be read with fixed-horizon p-values.
 */
import { normalCdf, normalPdf } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { integral } from "./numeric.ts";

/** What is believed of one arm's value: normal. */
export interface Belief {
  readonly mean: number;
  readonly standardDeviation: number;
}

const priorVariance = 1e4;
/** Before an arm has so many, the weights stay. */
export const unitsBeforeFirstUpdate = 100;

/** Gaussian posterior from a wide prior around 0. Turned round where lower is better. */
export function beliefOf({ value, variance, units }: Estimate, direction: "higher" | "lower"): Belief {
  const precision = 1 / priorVariance + units / Math.max(variance, Number.EPSILON);
  const mean = (value * (precision - 1 / priorVariance)) / precision;
  return { mean: direction === "higher" ? mean : -mean, standardDeviation: Math.sqrt(1 / precision) };
}

/** For each arm, the chance that it is the best. */
export const chancesOfBest = (beliefs: readonly Belief[]): number[] =>
  beliefs.map((belief, k) => integralOver(belief, (x) => product(beliefs, (one, i) => (i === k ? 1 : chanceBelow(one, x)))));

/** For each arm, the chance that it is the best or the second best, halved: they sum to 1. */
export function topTwoShares(beliefs: readonly Belief[]): number[] {
  const best = chancesOfBest(beliefs);
  return beliefs.map((belief, k) => {
    const second = integralOver(belief, (x) =>
      beliefs.reduce(
        (sum, winner, j) =>
          j === k ? sum : sum + (1 - chanceBelow(winner, x)) * product(beliefs, (one, i) => (i === k || i === j ? 1 : chanceBelow(one, x))),
        0,
      ),
    );
    return ((best[k] ?? 0) + second) / 2;
  });
}

/** Every arm keeps at least `floor`; the rest is shared. Added and not clipped, which would distort the others. */
export const withFloor = (shares: readonly number[], floor: number): number[] =>
  shares.map((share) => floor + (1 - shares.length * floor) * share);

/**
 * May one stop and call the leading arm the best, with at most `delta` of being wrong? Track-and-stop (Garivier and Kaufmann
 * 2016). @param tolerance how much worse than the best is good enough, in the metric's unit.
 */
export function isBestFound(arms: readonly Estimate[], direction: "higher" | "lower", delta: number, tolerance: number): boolean {
  const sign = direction === "higher" ? 1 : -1;
  const ranked = arms.toSorted((a, b) => sign * (b.value - a.value));
  const [leader, ...others] = ranked;
  if (leader === undefined || others.length === 0) return false;
  const units = arms.reduce((sum, arm) => sum + arm.units, 0);
  const ratios = others.map(
    (other) =>
      (sign * (leader.value - other.value) + tolerance) ** 2 / (2 * (leader.variance / leader.units + other.variance / other.units)),
  );
  return Math.min(...ratios) > Math.log((1 + Math.log(units)) / delta);
}

/** Ten standard deviations to both sides hold all that a double can tell. */
const integralOver = ({ mean, standardDeviation }: Belief, chance: (x: number) => number): number =>
  integral((z) => normalPdf(z) * chance(mean + z * standardDeviation), -10, 10);

const chanceBelow = ({ mean, standardDeviation }: Belief, x: number): number => normalCdf((x - mean) / standardDeviation);

const product = (beliefs: readonly Belief[], factor: (belief: Belief, index: number) => number): number =>
  beliefs.reduce((result, belief, i) => result * factor(belief, i), 1);
