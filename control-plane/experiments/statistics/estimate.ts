/** A metric's value in one variant, with its variance by unit (delta method for ratios), plain or adjusted by CUPED. Pure. */
import { merged, noUnits, type UnitSums } from "./unit-sums.ts";

/** mean: numerator by unit. proportion: the share of units whose numerator is 1. ratio: sum of numerators over sum of denominators. */
export type MetricKind = "mean" | "proportion" | "ratio";

export interface Estimate {
  readonly value: number;
  /** Of one unit: the squared standard error is this over `units`. */
  readonly variance: number;
  readonly units: number;
}

/** NaN in `value` where there is nothing to divide by; the variance of fewer than two units is NaN too. */
export function estimateOf(kind: MetricKind, sums: UnitSums): Estimate {
  const { units } = sums;
  switch (kind) {
    case "mean":
      return { value: sums.m / units, variance: covariance(sums.mm, sums.m, sums.m, units), units };
    case "proportion": {
      const value = sums.m / units;
      return { value, variance: value * (1 - value), units };
    }
    case "ratio": {
      const { ratio, denominatorMean } = ratioOf(sums);
      const spread =
        covariance(sums.mm, sums.m, sums.m, units) -
        2 * ratio * covariance(sums.md, sums.m, sums.d, units) +
        ratio * ratio * covariance(sums.dd, sums.d, sums.d, units);
      // Rounding can leave a hair below zero where all units are alike.
      return { value: ratio, variance: Math.max(0, spread) / denominatorMean ** 2, units };
    }
    default:
      return kind satisfies never;
  }
}

/** How the covariate is taken out, the same for all arms of a comparison, or the adjustment would itself be an effect. */
export interface Cuped {
  readonly theta: number;
  readonly beforeMean: number;
}

/** Deng et al. 2013, pooled over the arms. A covariate that does not vary explains nothing: theta is 0. */
export function cupedOf(kind: MetricKind, arms: readonly UnitSums[]): Cuped {
  const all = arms.reduce(merged, noUnits);
  const beforeVariance = covariance(all.xx, all.x, all.x, all.units);
  return {
    theta: beforeVariance > 0 ? covarianceWithBefore(kind, all) / beforeVariance : 0,
    beforeMean: all.units === 0 ? 0 : all.x / all.units,
  };
}

/** Y' = Y - theta (X - mean of X); a ratio is taken in its linear form (M - R D) / mean of D. */
export function adjustedEstimate(kind: MetricKind, sums: UnitSums, { theta, beforeMean }: Cuped): Estimate {
  const plain = estimateOf(kind, sums);
  if (theta === 0) return plain;
  const { units } = sums;
  const beforeVariance = covariance(sums.xx, sums.x, sums.x, units);
  return {
    value: plain.value - theta * (sums.x / units - beforeMean),
    variance: Math.max(0, plain.variance + theta * theta * beforeVariance - 2 * theta * covarianceWithBefore(kind, sums)),
    units,
  };
}

/**
 * A share that was the same for all units shows no spread, and is still not certain: taken as if one unit more of either kind had
 * been seen (Laplace), which gives it the spread that so few units leave open.
 */
export function smoothedShare(share: Estimate): Estimate {
  const likely = (share.value * share.units + 1) / (share.units + 2);
  return { ...share, variance: likely * (1 - likely) };
}

function covarianceWithBefore(kind: MetricKind, sums: UnitSums): number {
  const ofNumerator = covariance(sums.mx, sums.m, sums.x, sums.units);
  if (kind !== "ratio") return ofNumerator;
  const { ratio, denominatorMean } = ratioOf(sums);
  return (ofNumerator - ratio * covariance(sums.dx, sums.d, sums.x, sums.units)) / denominatorMean;
}

const ratioOf = ({ m, d, units }: UnitSums) => ({ ratio: m / d, denominatorMean: d / units });

/** Of two columns from the sum of their products and their own sums. */
const covariance = (products: number, one: number, other: number, units: number): number =>
  (products - (one * other) / units) / (units - 1);
