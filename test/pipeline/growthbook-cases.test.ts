/**
 * GrowthBook's published cases (its SDKs' cases.json, specVersion 0.8.0, MIT) of ranges, choices, namespaces and kept variants,
 * over our own assignment: who comes from there finds every unit where it was. Where a rule differs on purpose, it is said.
 */
import { describe, expect, test } from "vitest";
import { type BucketRange, bucketOf, bucketRanges, isWithin, variantIndexOf } from "#agreements/bucket-hash.ts";
import { assignVariant } from "../../data-plane/pipeline/assign-variant.ts";
import { assignStickyVariant } from "../../data-plane/pipeline/sticky-variant.ts";
import { backendNamed, organisationId, sampleCaller, sampleRequest, snapshotOf } from "./sample-call.ts";

const equal = (count: number): number[] => new Array<number>(count).fill(1 / count);

describe("getBucketRange", () => {
  const half = equal(2);
  test.each<[string, number, readonly number[], number[][]]>([
    [
      "normal 50/50",
      1,
      half,
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      "reduced coverage",
      0.5,
      half,
      [
        [0, 0.25],
        [0.5, 0.75],
      ],
    ],
    [
      "zero coverage",
      0,
      half,
      [
        [0, 0],
        [0.5, 0.5],
      ],
    ],
    [
      "4 variations",
      1,
      equal(4),
      [
        [0, 0.25],
        [0.25, 0.5],
        [0.5, 0.75],
        [0.75, 1],
      ],
    ],
    [
      "uneven weights",
      1,
      [0.4, 0.6],
      [
        [0, 0.4],
        [0.4, 1],
      ],
    ],
    [
      "uneven weights, 3 variations",
      1,
      [0.2, 0.3, 0.5],
      [
        [0, 0.2],
        [0.2, 0.5],
        [0.5, 1],
      ],
    ],
    [
      "uneven weights, reduced coverage, 3 variations",
      0.2,
      [0.2, 0.3, 0.5],
      [
        [0, 0.04],
        [0.2, 0.26],
        [0.5, 0.6],
      ],
    ],
    [
      "negative coverage",
      -0.2,
      half,
      [
        [0, 0],
        [0.5, 0.5],
      ],
    ],
    [
      "coverage above 1",
      1.5,
      half,
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
  ])("%s", (_, coverage, weights, expected) => {
    expectRanges(bucketRanges(weights, coverage), expected);
  });

  // There, weights that do not add up to 1 are a mistake and become equal; here they are over their sum, whatever it is. The four
  // cases that say so, with what they give here. As many weights as variants there are always: each variant has its own.
  test.each<[string, readonly number[], number[][]]>([
    [
      "weights sum below 1",
      [0.4, 0.1],
      [
        [0, 0.8],
        [0.8, 1],
      ],
    ],
    [
      "weights sum above 1",
      [0.7, 0.6],
      [
        [0, 7 / 13],
        [7 / 13, 1],
      ],
    ],
    [
      "weights.length not equal to num variations",
      [0.4, 0.4, 0.2],
      [
        [0, 0.4],
        [0.4, 0.8],
        [0.8, 1],
      ],
    ],
    [
      "weights sum almost equals 1",
      [0.4, 0.5999],
      [
        [0, 0.4 / 0.9999],
        [0.4 / 0.9999, 1],
      ],
    ],
  ])("%s: over their sum", (_, weights, expected) => {
    expectRanges(bucketRanges(weights, 1), expected);
  });
});

function expectRanges(ranges: readonly BucketRange[], expected: readonly (readonly number[])[]): void {
  expect(ranges).toHaveLength(expected.length);
  ranges.forEach((range, i) => {
    range.forEach((edge, side) => {
      expect(edge).toBeCloseTo(expected[i]?.[side] ?? Number.NaN, 12);
    });
  });
}

describe("chooseVariation", () => {
  const even: readonly BucketRange[] = [
    [0, 0.5],
    [0.5, 1],
  ];
  const reduced: readonly BucketRange[] = [
    [0, 0.25],
    [0.5, 0.75],
  ];
  const zero: readonly BucketRange[] = [
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 1],
  ];
  test.each([
    [even, 0.2, 0],
    [even, 0.4, 0],
    [even, 0.6, 1],
    [even, 0.8, 1],
    [even, 0, 0],
    [even, 0.5, 1],
    [reduced, 0.2, 0],
    [reduced, 0.4, -1],
    [reduced, 0.6, 1],
    [reduced, 0.8, -1],
    [reduced, 0.25, -1],
    [reduced, 0.5, 1],
    [zero, 0.5, 2],
  ])("of %j the bucket %d is in %i", (ranges, bucket, index) => {
    expect(variantIndexOf(ranges, bucket)).toBe(index);
  });
});

describe("inNamespace", () => {
  // Their namespaces are hashed as version 1 with "__" before the name. Ours are hashed as version 3, which does not correlate
  // namespaces whose names are alike; the range is the same half-open one.
  test.each([
    ["1", "namespace1", 0, 0.4, false],
    ["1", "namespace1", 0.4, 1, true],
    ["1", "namespace2", 0, 0.4, false],
    ["1", "namespace2", 0.4, 1, true],
    ["2", "namespace1", 0, 0.4, false],
    ["2", "namespace1", 0.4, 1, true],
    ["2", "namespace2", 0, 0.4, false],
    ["2", "namespace2", 0.4, 1, true],
    ["3", "namespace1", 0, 0.4, false],
    ["3", "namespace1", 0.4, 1, true],
    ["3", "namespace2", 0, 0.4, true],
    ["3", "namespace2", 0.4, 1, false],
    ["4", "namespace1", 0, 0.4, false],
    ["4", "namespace1", 0.4, 1, true],
    ["4", "namespace2", 0, 0.4, true],
    ["4", "namespace2", 0.4, 1, false],
  ])("user %s, %s, %d to %d: %s", (user, name, start, end, expected) => {
    expect(isWithin(bucketOf(1, `__${name}`, user) ?? -1, start, end)).toBe(expected);
  });
});

interface StickyCase {
  readonly name: string;
  readonly seed?: string;
  readonly hashVersion?: number;
  readonly variants?: readonly string[];
  readonly bucketVersion?: number;
  readonly bucketVersionMin?: number;
  readonly sticky?: boolean;
  /** Theirs: "id" is the end user, the fallback attribute the session. */
  readonly id?: string;
  readonly fallback?: string;
  readonly kept: Readonly<Record<string, string>>;
  readonly expected: { readonly variant: string; readonly unit: string; readonly sticky: boolean; readonly bucket?: number } | undefined;
  readonly after: Readonly<Record<string, string>>;
}

/** "<bucket version>:<variant>", and ".<first>" where a unit was given one under an earlier version. */
const stickyCases: readonly StickyCase[] = [
  {
    name: "use fallbackAttribute when missing hashAttribute",
    seed: "feature",
    hashVersion: 1,
    variants: ["0", "1", "2", "3"],
    fallback: "123",
    kept: {},
    expected: { variant: "3", unit: "123", sticky: false, bucket: 0.863 },
    after: { "session:123": "0:3" },
  },
  {
    name: "performs evaluation without sticky bucket",
    fallback: "d123",
    kept: {},
    expected: { variant: "1", unit: "d123", sticky: false, bucket: 0.6468 },
    after: { "session:d123": "0:1" },
  },
  {
    name: "evaluates based on stored sticky bucket",
    fallback: "d123",
    kept: { "session:d123": "0:2" },
    expected: { variant: "2", unit: "d123", sticky: true },
    after: { "session:d123": "0:2" },
  },
  {
    name: "does not consume a sticky bucket not belonging to the user",
    fallback: "d123",
    kept: { "session:d456": "0:2" },
    expected: { variant: "1", unit: "d123", sticky: false },
    after: { "session:d456": "0:2", "session:d123": "0:1" },
  },
  {
    name: "upgrades a sticky bucket doc from a fallbackAttribute to a hashAttribute",
    id: "i123",
    fallback: "ses123",
    kept: { "session:ses123": "0:1" },
    expected: { variant: "1", unit: "i123", sticky: true },
    after: { "session:ses123": "0:1", "end_user:i123": "0:1" },
  },
  {
    name: "favors a sticky bucket doc based on hashAttribute over fallbackAttribute",
    id: "i123",
    fallback: "ses123",
    kept: { "session:ses123": "0:2", "end_user:i123": "0:1" },
    expected: { variant: "1", unit: "i123", sticky: true },
    after: { "session:ses123": "0:2", "end_user:i123": "0:1" },
  },
  {
    name: "resets sticky bucketing when the bucketVersion changes",
    id: "i123",
    bucketVersion: 3,
    kept: { "end_user:i123": "0:1" },
    expected: { variant: "2", unit: "i123", sticky: false, bucket: 0.9943 },
    after: { "end_user:i123": "3.0:2" },
  },
  {
    name: "stops test enrollment when and existing sticky bucket is blocked by version",
    id: "i123",
    bucketVersion: 3,
    bucketVersionMin: 3,
    kept: { "end_user:i123": "0:1" },
    expected: undefined,
    after: { "end_user:i123": "0:1" },
  },
  {
    name: "uses a sticky bucket when sticky bucket version == experiment.minBucketVersion === experiment.bucketVersion",
    fallback: "d123",
    bucketVersion: 3,
    bucketVersionMin: 3,
    kept: { "session:d123": "3:2" },
    expected: { variant: "2", unit: "d123", sticky: true },
    after: { "session:d123": "3:2" },
  },
  {
    name: "skips assignment when sticky bucket version < experiment.minBucketVersion",
    fallback: "d123",
    bucketVersion: 3,
    bucketVersionMin: 3,
    kept: { "session:d123": "2:2" },
    expected: undefined,
    after: { "session:d123": "2:2" },
  },
  {
    name: "resets sticky bucketing when bucket version > experiment.bucketVersion (invalid version)",
    fallback: "d123",
    bucketVersion: 3,
    bucketVersionMin: 3,
    kept: { "session:d123": "4:2" },
    expected: { variant: "1", unit: "d123", sticky: false },
    after: { "session:d123": "3:1" },
  },
  {
    name: "resets sticky bucketing when bucket version < experiment.bucketVersion (invalid version)",
    fallback: "d123",
    bucketVersion: 4,
    bucketVersionMin: 3,
    kept: { "session:d123": "3:2" },
    expected: { variant: "1", unit: "d123", sticky: false },
    after: { "session:d123": "4.3:1" },
  },
  {
    name: "disables sticky bucketing when disabled by experiment",
    id: "i123",
    bucketVersion: 1,
    sticky: false,
    kept: { "end_user:i123": "0:1" },
    expected: { variant: "2", unit: "i123", sticky: false },
    after: { "end_user:i123": "0:1" },
  },
];

describe("stickyBucket", () => {
  test.each(stickyCases)("$name", async (given) => {
    const { experiment, route } = compiled(given);
    const kept = new Map(Object.entries(given.kept));
    const store = {
      find: async (_: string, keys: readonly string[]) => keys.map((key) => kept.get(key)),
      keep: (_: string, key: string, value: string) => void kept.set(key, value),
    };
    const request = sampleRequest({}, { endUserId: given.id ?? "", sessionId: given.fallback ?? "" });
    const dependencies = { stickyVariants: store, pseudonym: (id: string) => id };
    const assignment = experiment.sticky
      ? await assignStickyVariant(route, experiment, request, sampleCaller(), dependencies)
      : assignVariant(route, request, sampleCaller());
    if (given.expected === undefined) expect(assignment).toBeUndefined();
    else {
      const { variant, ...rest } = given.expected;
      expect(assignment).toMatchObject({ variant: { key: variant }, ...rest });
    }
    expect(Object.fromEntries(kept)).toEqual(given.after);
  });

  test("a unit that was seen under an early version is blocked also after it was given one anew", async () => {
    const { experiment, route } = compiled({ bucketVersion: 3, bucketVersionMin: 2 });
    const store = { find: async () => ["3.1:1"], keep: () => expect.unreachable() };
    const request = sampleRequest({}, { endUserId: "i123" });
    expect(
      await assignStickyVariant(route, experiment, request, sampleCaller(), { stickyVariants: store, pseudonym: (id) => id }),
    ).toBeUndefined();
  });
});

/** Where a case says nothing of it: three variants of a third each, hashed as version 2 from the seed "feature-exp". */
function compiled({ seed, hashVersion, variants, bucketVersion, bucketVersionMin, sticky }: Partial<StickyCase>) {
  const weights = variants === undefined ? [0.3334, 0.3333, 0.3333] : equal(variants.length);
  const route = snapshotOf([
    ...backendNamed("a"),
    {
      case: "route",
      value: { id: "route-1", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
    },
    {
      case: "experiment",
      value: {
        id: "experiment-1",
        organisationId,
        key: "feature-exp",
        routeId: "route-1",
        seed: seed ?? "feature-exp",
        hashVersion: hashVersion ?? 2,
        unit: "end_user",
        fallbackUnit: "session",
        coverage: 1,
        sticky: sticky ?? true,
        bucketVersion: bucketVersion ?? 0,
        bucketVersionMin: bucketVersionMin ?? 0,
        variants: (variants ?? ["0", "1", "2"]).map((key, i) => ({ key, weight: weights[i] ?? 0 })),
      },
    },
  ]).route(organisationId, "chat");
  if (route?.experiment === undefined) throw new Error("the route was not compiled");
  return { route, experiment: route.experiment };
}
