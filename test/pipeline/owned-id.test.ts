/** The ids of what providers keep: there and back, and nothing that anybody made up. */
import fc from "fast-check";
import { v7 } from "uuid";
import { expect, it } from "vitest";
import { ownedIds } from "../../data-plane/pipeline/owned-id.ts";

const ids = ownedIds("a key");
const thing = fc.record({
  providerId: fc.oneof(fc.constant(v7()), fc.string({ minLength: 1, maxLength: 40, unit: "grapheme-ascii" })),
  projectId: fc.oneof(fc.constant(v7()), fc.string({ minLength: 1, maxLength: 40, unit: "grapheme-ascii" })),
  upstreamId: fc.oneof(fc.constant("file-abc123"), fc.constant("batch_9f"), fc.string({ minLength: 1, maxLength: 60 })),
});

it("opens what it sealed, the same each time, and for that use alone", () => {
  fc.assert(
    fc.property(thing, (one) => {
      const id = ids.seal(one);
      expect(id).toBe(ids.seal(one));
      expect(id).toMatch(/^[a-z]{1,12}[-_][\w-]+$/);
      expect(ids.open(id)).toEqual({ ...one, upstreamId: one.upstreamId.toWellFormed() });
      expect(ids.open(id, "cursor")).toBeUndefined();
      expect(ownedIds("another key").open(id)).toBeUndefined();
    }),
  );
});

it("keeps the beginning by which a kind of thing is known", () => {
  expect(ids.seal({ providerId: v7(), projectId: v7(), upstreamId: "file-abc" })).toMatch(/^file-/);
  expect(ids.seal({ providerId: v7(), projectId: v7(), upstreamId: "batch_abc" })).toMatch(/^batch_/);
});

it("opens nothing else, whatever a caller sends", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      expect(ids.open(text)).toBeUndefined();
    }),
  );
  const id = ids.seal({ providerId: v7(), projectId: v7(), upstreamId: "file-abc" });
  const bytes = Buffer.from(id.slice("file-".length), "base64url");
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(ids.open(`file-${changed.toString("base64url")}`)).toBeUndefined();
  }
});
