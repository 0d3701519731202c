/** The few statistics that a run needs. Pure. */
import type { Quantiles } from "./load/job.ts";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** @param values at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: at(sorted, 0.5), min: at(sorted, 0), max: at(sorted, 1), rounds: sorted.length };
}

export function quantilesOf(values: readonly number[] | Float64Array): Quantiles {
  const sorted = Float64Array.from(values).sort();
  return { p50: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: at(sorted, 1) };
}

/** Between neighbours in proportion; 0 of nothing. */
function at(sorted: readonly number[] | Float64Array, quantile: number): number {
  const position = (sorted.length - 1) * quantile;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
