/** The snapshot's map against a plain Map: the same answers after any history, and every earlier map as it was. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PersistentMap, persistentMap } from "../../data-plane/snapshot/persistent-map.ts";

/** Few enough to meet again, and some that share a shard: all of one hash under 31-polynomials. */
const key = fc.oneof(
  fc.constantFrom("Aa", "BB", "AaAa", "BBBB", "AaBB", "", "__proto__", "constructor", "a/b", "🚰"),
  fc.string({ maxLength: 2 }),
);
const step = fc.tuple(key, fc.option(fc.nat(9), { nil: undefined }));

function expectSame(map: PersistentMap<number>, model: ReadonlyMap<string, number>): void {
  expect(map.size).toBe(model.size);
  for (const [name, value] of model) expect(map.get(name)).toBe(value);
  for (const absent of ["Aa", "BB", "", "__proto__", "toString", "not there"]) expect(map.get(absent)).toBe(model.get(absent));
  expect([...map.values()].sort()).toEqual([...model.values()].sort());
}

test("after any history it answers as a plain Map does, and so does every map before it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat(9))), fc.array(step, { maxLength: 60 }), (entries, steps) => {
      let map = persistentMap(entries);
      let model = new Map(entries);
      const history: [PersistentMap<number>, Map<string, number>][] = [[map, model]];
      for (const [name, value] of steps) {
        map = map.with(name, value);
        model = new Map(model);
        if (value === undefined) model.delete(name);
        else model.set(name, value);
        history.push([map, model]);
      }
      for (const [then, thenModel] of history) expectSame(then, thenModel);
    }),
    { numRuns: 150 },
  );
});

test("removing what is not there makes no other map", () => {
  const map = persistentMap([["a", 1]]);
  expect(map.with("b", undefined)).toBe(map);
});

test("two maps that come of one do not know each other", () => {
  const map = persistentMap([["a", 1]]);
  const [one, other] = [map.with("a", 2), map.with("a", undefined)];
  expect([map.get("a"), one.get("a"), other.get("a")]).toEqual([1, 2, undefined]);
  expect([map.size, one.size, other.size]).toEqual([1, 1, 0]);
});

test("100,000 entries are all there", () => {
  const map = persistentMap(Array.from({ length: 100_000 }, (_, i) => [`key-${i}`, i] as const));
  expect(map.size).toBe(100_000);
  for (let i = 0; i < 100_000; i += 37) expect(map.get(`key-${i}`)).toBe(i);
});
