/** Where units fall: the published values of GrowthBook's SDKs and our own, how even the buckets are, and that nobody is moved. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BucketRange, bucketOf, bucketRanges, variantIndexOf } from "#agreements/bucket-hash.ts";

test.each([
  [1, "", "a", 0.22],
  [1, "", "b", 0.077],
  [1, "b", "a", 0.946],
  [1, "ef", "d", 0.652],
  [1, "asdf", "8952klfjas09ujk", 0.549],
  [1, "", "123", 0.011],
  [1, "", '___)((*":&', 0.563],
  [2, "seed", "a", 0.0505],
  [2, "seed", "b", 0.2696],
  [2, "foo", "ab", 0.2575],
  [2, "foo", "def", 0.2019],
  [2, "89123klj", "8952klfjas09ujkasdf", 0.124],
  [2, "90850943850283058242805", "123", 0.7516],
  [2, "()**(%$##$%#$#", '___)((*":&', 0.0128],
])("version %i gives seed %j and unit %j the published bucket %d", (version, seed, unit, bucket) => {
  expect(bucketOf(version, seed, unit)).toBe(bucket);
});

test.each([
  ["checkout", "user-1", 0.03999887188261686],
  ["checkout", "user-2", 0.3322601180247261],
  ["checkout", "é", 0.28740086948139787],
  ["seed", "🚰", 0.7961545198068329],
])("version 3 gives seed %j and unit %j the bucket %d that Python gives, to the last bit", (seed, unit, bucket) => {
  expect(bucketOf(3, seed, unit)).toBe(bucket);
});

test("no bucket comes from a version that is not known", () => {
  for (const version of [0, 4, -1, 2.5, Number.NaN]) expect(bucketOf(version, "seed", "a")).toBeUndefined();
});

test("seed and unit are kept apart: what moves from one to the other makes another bucket", () => {
  expect(bucketOf(3, "ab", "c")).not.toBe(bucketOf(3, "a", "bc"));
});

test("every bucket of every version is in [0, 1)", () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3), fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (version, seed, unit) => {
      const bucket = bucketOf(version, seed, unit) ?? -1;
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(1);
    }),
  );
});

const units = Array.from({ length: 100_000 }, (_, i) => `user-${i}`);

function tenths(seed: string): number[] {
  return units.slice(0, 40_000).map((unit) => Math.floor((bucketOf(3, seed, unit) ?? 0) * 10));
}

/** Pearson's statistic against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test("version 3 spreads 100,000 sequential ids evenly over 100 buckets", () => {
  const counts = new Array<number>(100).fill(0);
  for (const unit of units) {
    const at = Math.floor((bucketOf(3, "evenly", unit) ?? 0) * 100);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  // 99 degrees of freedom: passed by chance once in a thousand seeds, and this seed is fixed.
  expect(chiSquare(counts)).toBeLessThan(148.2);
});

test("version 3 assigns two experiments independently, also where their seeds differ in one character", () => {
  const first = tenths("experiment-1");
  const second = tenths("experiment-2");
  const counts = new Array<number>(100).fill(0);
  first.forEach((tenth, i) => {
    const at = tenth * 10 + (second[i] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  });
  expect(chiSquare(counts)).toBeLessThan(148.2);
});

const halves = [1, 1];
const quarters = [1, 1, 1, 1];
/** GrowthBook's cases, but for two: weights that do not add up to 1 are a mistake there, and here the usual way to say shares. */
test.each<[string, number[], number, BucketRange[]]>([
  [
    "halves",
    halves,
    1,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "reduced coverage",
    halves,
    0.5,
    [
      [0, 0.25],
      [0.5, 0.75],
    ],
  ],
  [
    "no coverage",
    halves,
    0,
    [
      [0, 0],
      [0.5, 0.5],
    ],
  ],
  [
    "four variants",
    quarters,
    1,
    [
      [0, 0.25],
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 1],
    ],
  ],
  [
    "uneven weights",
    [0.4, 0.6],
    1,
    [
      [0, 0.4],
      [0.4, 1],
    ],
  ],
  [
    "three uneven weights",
    [0.2, 0.3, 0.5],
    1,
    [
      [0, 0.2],
      [0.2, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "three uneven weights, reduced coverage",
    [0.2, 0.3, 0.5],
    0.2,
    [
      [0, 0.04],
      [0.2, 0.26],
      [0.5, 0.6],
    ],
  ],
  [
    "negative coverage",
    halves,
    -0.2,
    [
      [0, 0],
      [0.5, 0.5],
    ],
  ],
  [
    "coverage above 1",
    halves,
    1.5,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "weights that add up to less than 1",
    [0.4, 0.1],
    1,
    [
      [0, 0.8],
      [0.8, 1],
    ],
  ],
  [
    "weights that add up to more than 1",
    [30, 70],
    1,
    [
      [0, 0.3],
      [0.3, 1],
    ],
  ],
  [
    "a weight that is no number",
    [Number.NaN, 1],
    1,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "a negative weight",
    [-1, 2],
    1,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "an endless weight",
    [Number.POSITIVE_INFINITY, 1],
    1,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "weights of nothing",
    [0, 0],
    1,
    [
      [0, 0.5],
      [0.5, 1],
    ],
  ],
  [
    "a weight of nothing beside another",
    [0, 1],
    1,
    [
      [0, 0],
      [0, 1],
    ],
  ],
  ["no variant", [], 1, []],
])("ranges of %s", (_, weights, coverage, expected) => {
  const ranges = bucketRanges(weights, coverage);
  expect(ranges).toHaveLength(expected.length);
  for (const [i, [start, end]] of expected.entries()) {
    expect(ranges[i]?.[0]).toBeCloseTo(start, 12);
    expect(ranges[i]?.[1]).toBeCloseTo(end, 12);
  }
});

test.each<[number, BucketRange[], number]>([
  [
    0.2,
    [
      [0, 0.5],
      [0.5, 1],
    ],
    0,
  ],
  [
    0.5,
    [
      [0, 0.5],
      [0.5, 1],
    ],
    1,
  ],
  [
    0,
    [
      [0, 0.5],
      [0.5, 1],
    ],
    0,
  ],
  [
    0.25,
    [
      [0, 0.25],
      [0.5, 0.75],
    ],
    -1,
  ],
  [
    0.75,
    [
      [0, 0.25],
      [0.5, 0.75],
    ],
    -1,
  ],
  [
    0.5,
    [
      [0, 0],
      [0.5, 0.5],
    ],
    -1,
  ],
])("bucket %d in %j is variant %i", (bucket, ranges, index) => {
  expect(variantIndexOf(ranges, bucket)).toBe(index);
});

const weightsOf = fc.array(fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.001, max: 1, noNaN: true })), {
  minLength: 1,
  maxLength: 20,
});
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** The largest number below 1 is a bucket of version 3. */
const someBucket = fc.oneof(fc.constantFrom(0, 1 - 2 ** -53), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

test("raising the coverage never moves a unit that is assigned", () => {
  fc.assert(
    fc.property(weightsOf, share, share, someBucket, (weights, one, other, bucket) => {
      const before = variantIndexOf(bucketRanges(weights, Math.min(one, other)), bucket);
      const after = variantIndexOf(bucketRanges(weights, Math.max(one, other)), bucket);
      if (before !== -1) expect(after).toBe(before);
    }),
    { numRuns: 2000 },
  );
});

test("at full coverage every bucket has exactly one variant", () => {
  fc.assert(
    fc.property(weightsOf, someBucket, (weights, bucket) => {
      const holding = bucketRanges(weights, 1).filter(([start, end]) => bucket >= start && bucket < end);
      expect(holding).toHaveLength(1);
    }),
    { numRuns: 2000, examples: [[new Array<number>(10).fill(0.1), 1 - 2 ** -53]] },
  );
});
