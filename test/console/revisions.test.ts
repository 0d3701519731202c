/** A revision's page: which addresses name one, and what a restore is said to change. */
import { expect, it } from "vitest";
import { restoredOf } from "../../web-console/pages/revisions/restored.ts";
import { revisionNumberOf } from "../../web-console/pages/revisions/revision-number.ts";

it.each([
  ["17", "17"],
  ["007", "7"],
  ["abc", undefined],
  ["", undefined],
  ["0", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["0x10", undefined],
  ["9223372036854775807", undefined],
  ["9".repeat(40), undefined],
])("the address %j names revision %s", (text, number) => {
  expect(revisionNumberOf(text)).toBe(number);
});

it("a restore changes what differs, but for the keys and the organisation, which it leaves", () => {
  const changes = ["api_key", "route", "api_key", "backend", "organisation"].map((kind, entityId) => ({ kind, entityId }));
  expect(restoredOf({ changesCount: 5, changes })).toEqual({ count: 2, atLeast: false, named: [changes[1], changes[3]] });
  const many = Array.from({ length: 500 }, (_, entityId) => ({ kind: "prompt", entityId }));
  expect(restoredOf({ changesCount: 501, changes: many })).toEqual({ count: 500, atLeast: true, named: many.slice(0, 12) });
});
