/**
 * How long calls took, kept so that it can be added up: a count for each bin of milliseconds. Bins grow by an eighth of a
 * doubling, so a percentile read from them is within 4.4 % of the true one (exact up to 12 ms), whatever was added to what.
 *
 * Written as three bytes for each entry, the bin and a count of 16 bits; a bin may stand there many times. To add one sketch
 * to another is therefore to write the one after the other, which the database does without reading either.
 */

/** An hour and more is one bin. */
const longestMs = 4_000_000;

/** The first millisecond of each bin from the second on. The database's latency_bin holds the same; a test compares them. */
export const binEdgesMs: readonly number[] = edges();

function edges(): readonly number[] {
  const found = [1];
  for (let edge = 1; edge < longestMs; found.push(edge)) edge = Math.max(edge + 1, Math.floor(edge * 2 ** (1 / 8)));
  return found;
}

const shortMs = 4096;
const shortBins = Uint8Array.from({ length: shortMs }, (_, ms) => searched(ms));

export const binOf = (ms: number): number => (ms < shortMs ? (shortBins[Math.max(0, Math.trunc(ms))] ?? 0) : searched(ms));

function searched(ms: number): number {
  let low = 0;
  let high = binEdgesMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((binEdgesMs[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

const entryBytes = 3;
const entryCountMax = 0xffff;

/** Of one bin for each call. */
export function sketchOf(bins: readonly number[]): Buffer {
  if (bins.length === 1) return Buffer.from([bins[0] ?? 0, 0, 1]);
  const sorted = Uint8Array.from(bins).sort();
  const bytes: number[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    pushEntries(bytes, sorted[from] ?? 0, to - from);
    from = to;
  }
  return Buffer.from(bytes);
}

function pushEntries(bytes: number[], bin: number, count: number): void {
  for (let left = count; left > 0; left -= entryCountMax) {
    const part = Math.min(left, entryCountMax);
    bytes.push(bin, part >> 8, part & 0xff);
  }
}

/** One count for each bin. */
export type BinCounts = Float64Array;

export const emptyCounts = (): BinCounts => new Float64Array(256);

export function addSketch(counts: BinCounts, sketch: Uint8Array): void {
  for (let at = 0; at + entryBytes <= sketch.length; at += entryBytes) {
    const bin = sketch[at] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + ((sketch[at + 1] ?? 0) << 8) + (sketch[at + 2] ?? 0);
  }
}

export function writeSketch(counts: BinCounts): Buffer {
  const bytes: number[] = [];
  for (const [bin, count] of counts.entries()) pushEntries(bytes, bin, count);
  return Buffer.from(bytes);
}

/** The same counts in as few bytes as they take. */
export function compacted(sketch: Uint8Array): Buffer {
  const counts = emptyCounts();
  addSketch(counts, sketch);
  return writeSketch(counts);
}

/** The value that `share` (0 to 1) of the calls do not exceed, in milliseconds; null where there is none. */
export function percentileMs(counts: BinCounts, share: number): number | null {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    seen += counts[bin] ?? 0;
    if (seen >= rank) return middleOf(bin);
  }
  return null;
}

/** What is off by the same share from either end. */
function middleOf(bin: number): number {
  if (bin === 0) return 0;
  const first = binEdgesMs[bin - 1] ?? longestMs;
  const last = (binEdgesMs[bin] ?? first + 1) - 1;
  return Math.round(((2 * first * last) / (first + last)) * 10) / 10;
}
