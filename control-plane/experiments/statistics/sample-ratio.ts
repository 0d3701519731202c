/**
 * Do the variants have the shares of units that their weights promise? If not, something other than chance has sorted the units,
 * and no number of the experiment can be believed until it is found.
 */
import { chiSquareUpperTail, lnGamma } from "./distributions.ts";

export const sampleRatioAlpha = 0.001;

export interface SampleRatio {
  readonly chiSquare: number;
  /** For one look. */
  readonly p: number;
  /** For a look at any time (Lindon and Malek 2022): what an alarm that watches all the time must go by. */
  readonly alwaysValidP: number;
}

/** @param weights over their sum, as many as counts. */
export function sampleRatio(counts: readonly number[], weights: readonly number[]): SampleRatio {
  const units = total(counts);
  const shares = weights.map((weight) => weight / total(weights));
  if (units === 0 || counts.length < 2) return { chiSquare: 0, p: 1, alwaysValidP: 1 };
  const chiSquare = counts.reduce((sum, count, i) => {
    const expected = units * (shares[i] ?? 0);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  return {
    chiSquare,
    p: chiSquareUpperTail(chiSquare, counts.length - 1),
    alwaysValidP: Math.min(1, Math.exp(-logBayesFactor(counts, shares, units))),
  };
}

/** How much of the mixture sits at the promised shares: as much as from this many units. */
const concentration = 1000;

/** Dirichlet-multinomial against the promised shares: a martingale while they hold. */
function logBayesFactor(counts: readonly number[], shares: readonly number[], units: number): number {
  return counts.reduce(
    (sum, count, i) => {
      const share = shares[i] ?? 0;
      return sum + lnGamma(concentration * share + count) - lnGamma(concentration * share) - count * Math.log(share);
    },
    lnGamma(concentration) - lnGamma(concentration + units),
  );
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
