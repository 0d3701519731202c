/**
 * What is kept of a metric for one variant: sums over randomisation units, never over requests. Requests of one user are alike,
 * and a test that counts them as independent cries wolf in half of all runs (reference/experiments.md 3.4). Sums merge by
 * addition over nodes and over time, and the order of events does not matter.
 */

/** One unit's part. Mean and proportion have a denominator of 1. */
export interface UnitValue {
  readonly numerator: number;
  readonly denominator: number;
  /** The same metric of the same unit before its first exposure, for CUPED. 0: the unit has no history. */
  readonly before: number;
}

/** m: numerator, d: denominator, x: the covariate from before; two letters: sums of products. */
export interface UnitSums {
  readonly units: number;
  readonly m: number;
  readonly mm: number;
  readonly d: number;
  readonly dd: number;
  readonly md: number;
  readonly x: number;
  readonly xx: number;
  readonly mx: number;
  readonly dx: number;
}

export const noUnits: UnitSums = { units: 0, m: 0, mm: 0, d: 0, dd: 0, md: 0, x: 0, xx: 0, mx: 0, dx: 0 };

export const sumsOf = (values: Iterable<UnitValue>): UnitSums => {
  let sums = noUnits;
  for (const value of values) sums = merged(sums, ofOne(value));
  return sums;
};

const ofOne = ({ numerator: m, denominator: d, before: x }: UnitValue): UnitSums => ({
  units: 1,
  m,
  mm: m * m,
  d,
  dd: d * d,
  md: m * d,
  x,
  xx: x * x,
  mx: m * x,
  dx: d * x,
});

/** Sums of a plain sample, for one that has been summed elsewhere. */
export const sampleSums = (units: number, sum: number, squares: number): UnitSums => ({
  ...noUnits,
  units,
  m: sum,
  mm: squares,
  d: units,
  dd: units,
  md: sum,
});

export const merged = (one: UnitSums, other: UnitSums): UnitSums => ({
  units: one.units + other.units,
  m: one.m + other.m,
  mm: one.mm + other.mm,
  d: one.d + other.d,
  dd: one.dd + other.dd,
  md: one.md + other.md,
  x: one.x + other.x,
  xx: one.xx + other.xx,
  mx: one.mx + other.mx,
  dx: one.dx + other.dx,
});
