/**
 * Where a unit falls in an experiment: a number in [0, 1) from seed and unit, the same on every node and in every language.
 * The version is kept with the experiment, so that an old one stays reproducible.
 */
import { createHash } from "node:crypto";

/** @returns [0, 1), or undefined for a version that is not known. */
export function bucketOf(hashVersion: number, seed: string, unit: string): number | undefined {
  switch (hashVersion) {
    case 1:
      return (fnv1a32(unit + seed) % 1000) / 1000;
    case 2:
      return (fnv1a32(String(fnv1a32(seed + unit))) % 10000) / 10000;
    case 3: {
      const digest = createHash("sha256").update(seed, "utf8").update("\0").update(unit, "utf8").digest();
      return digest.readUInt32BE(0) / 2 ** 32 + (digest.readUInt32BE(4) >>> 11) / 2 ** 53;
    }
    default:
      return undefined;
  }
}

/** Half-open ranges [start, end) of the unit interval, one for each variant. */
export type BucketRange = readonly [start: number, end: number];

/**
 * Weights are cumulative, and coverage shrinks each range from its end: raising coverage never moves a unit that is assigned.
 * Weights that are not positive numbers fall back to equal ones.
 */
export function bucketRanges(weights: readonly number[], coverage: number): BucketRange[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const usable = weights.length > 0 && weights.every((weight) => weight >= 0) && Number.isFinite(sum) && sum > 0;
  const positive = usable ? weights : weights.map(() => 1);
  const whole = usable ? sum : weights.length;
  const covered = Math.min(1, Math.max(0, coverage));
  let weightBefore = 0;
  return positive.map((weight): BucketRange => {
    // Of the sum, and not added up from shares: ten times 0.1 is less than 1, and a unit above that would fall out.
    const start = weightBefore / whole;
    weightBefore += weight;
    const next = weightBefore / whole;
    return [start, covered === 1 ? next : Math.min(next, start + covered * (next - start))];
  });
}

/** The index of the range that holds the bucket, or -1: not in the experiment. */
export const variantIndexOf = (ranges: readonly BucketRange[], bucket: number): number =>
  ranges.findIndex(([start, end]) => isWithin(bucket, start, end));

/** Of a range of variants as of a namespace: [start, end). */
export const isWithin = (bucket: number, start: number, end: number): boolean => bucket >= start && bucket < end;

/** FNV-1a over UTF-16 code units, as GrowthBook's SDKs compute it. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
