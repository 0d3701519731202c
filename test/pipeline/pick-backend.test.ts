/** Which backends are tried, in which order: by tiers, in shares of their weights, each once, and those of no weight never. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { backendsInOrder } from "../../data-plane/pipeline/pick-backend.ts";
import { seededRandom } from "../../data-plane/simulator/seeded-random.ts";
import type { CompiledTier } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, snapshotOf } from "./sample-call.ts";

/** Tiers as the snapshot compiles them: backends are named by tier and place. */
function tiersOf(weights: readonly (readonly number[])[]): readonly CompiledTier[] {
  const names = weights.flatMap((tier, t) => tier.map((_, i) => `${t}-${i}`));
  const snapshot = snapshotOf([
    ...names.flatMap(backendNamed),
    {
      case: "route",
      value: {
        id: "route-1",
        organisationId,
        name: "chat",
        tiers: weights.map((tier, t) => ({ targets: tier.map((weight, i) => ({ backendId: `backend-${t}-${i}`, weight })) })),
      },
    },
  ]);
  return snapshot.route(organisationId, "chat")?.tiers ?? [];
}

const keys = (tiers: readonly CompiledTier[], random: () => number) => Array.from(backendsInOrder(tiers, random), ({ key }) => key);

test.each([[[1, 1]], [[1, 3]], [[5, 0, 15, 80]], [[1_000_000, 1_000_000, 1]]])(
  "first draws over 100,000 calls are shared as %j says",
  (weights) => {
    const tiers = tiersOf([weights]);
    const random = seededRandom("draws");
    const counts = weights.map(() => 0);
    for (let i = 0; i < 100_000; i++) {
      const [first] = backendsInOrder(tiers, random);
      const at = Number(first?.key.split("-")[1]);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights.forEach((weight, i) => {
      const share = weight / sum;
      // Four standard deviations; exactly none for a weight of none.
      expect(Math.abs((counts[i] ?? 0) - 100_000 * share)).toBeLessThanOrEqual(4 * Math.sqrt(100_000 * share * (1 - share)));
    });
  },
);

test("the second draw is shared among those that are left", () => {
  const tiers = tiersOf([[70, 20, 10]]);
  const random = seededRandom("second draws");
  let first = 0;
  let second = 0;
  for (let i = 0; i < 30_000; i++) {
    const order = keys(tiers, random);
    if (order[0] !== "0-0") continue;
    first++;
    if (order[1] === "0-1") second++;
  }
  expect(Math.abs(second - (first * 2) / 3)).toBeLessThan(4 * Math.sqrt((first * 2) / 9));
});

const weightsOfTiers = fc.array(fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000 })), { maxLength: 6 }), {
  maxLength: 4,
});
/** Any numbers in [0, 1), its ends among them. */
const draws = fc.infiniteStream(fc.oneof(fc.constantFrom(0, 1 - 2 ** -53), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })));

test("every target with a weight is tried once, tier after tier, and none without, whatever is drawn", () => {
  fc.assert(
    fc.property(weightsOfTiers, draws, (weights, stream) => {
      const order = keys(tiersOf(weights), () => stream.next().value ?? 0);
      const expected = weights.flatMap((tier, t) => tier.flatMap((weight, i) => (weight === 0 ? [] : [`${t}-${i}`])));
      expect([...order].sort()).toEqual([...expected].sort());
      const tiers = order.map((key) => Number(key.split("-")[0]));
      expect(tiers).toEqual([...tiers].sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

test.each([[[]], [[[]]], [[[0, 0]]], [[[], [0]]]])("nothing is drawn from %j", (weights) => {
  expect(keys(tiersOf(weights), () => 0)).toEqual([]);
});

test("an empty tier, or one without weights, is passed over", () => {
  expect(keys(tiersOf([[], [0, 0], [1]]), () => 0.5)).toEqual(["2-0"]);
});

test("the usual call draws once", () => {
  let draws = 0;
  const [first] = backendsInOrder(tiersOf([[1, 1, 1], [1]]), () => {
    draws++;
    return 0;
  });
  expect(first?.key).toBe("0-0");
  expect(draws).toBe(1);
});
