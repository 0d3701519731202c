/**
 * How long answers of a route are, for calls that set no bound themselves: a histogram of what calls came to, by half powers of
 * two, that forgets slowly. Reserved is what 99 of 100 stay within.
 */
import type { CompiledRoute } from "../snapshot/compiled-route.ts";

/** Before enough is known. */
const outputTokensDefault = 1024;
const callsMin = 20;
const quantile = 0.99;
/** Counts are halved when so many calls are in them. */
const callsMax = 2000;
const binsPerOctave = 2;
const bins = 40;

interface Histogram {
  readonly counts: Uint32Array;
  calls: number;
}

const byRoute = new WeakMap<CompiledRoute, Histogram>();

export function learnOutputTokens(route: CompiledRoute, outputTokens: number): void {
  let histogram = byRoute.get(route);
  if (histogram === undefined) {
    histogram = { counts: new Uint32Array(bins), calls: 0 };
    byRoute.set(route, histogram);
  }
  const bin = Math.min(bins - 1, Math.ceil(Math.log2(Math.max(1, outputTokens)) * binsPerOctave));
  histogram.counts[bin] = (histogram.counts[bin] ?? 0) + 1;
  if (++histogram.calls < callsMax) return;
  histogram.calls = 0;
  for (let each = 0; each < bins; each++) histogram.calls += histogram.counts[each] = (histogram.counts[each] ?? 0) >> 1;
}

export function outputTokensLearned(route: CompiledRoute): number {
  const histogram = byRoute.get(route);
  if (histogram === undefined || histogram.calls < callsMin) return outputTokensDefault;
  let seen = 0;
  for (let bin = 0; bin < bins; bin++) {
    seen += histogram.counts[bin] ?? 0;
    if (seen >= histogram.calls * quantile) return Math.ceil(2 ** (bin / binsPerOctave));
  }
  return outputTokensDefault;
}
