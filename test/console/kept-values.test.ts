/** Where a form begins that was typed into before. */
import { expect, it } from "vitest";
import { beginningOf, withoutSecrets } from "../../web-console/change/kept-values.ts";

const read = { values: { name: "", url: "", secret: "" }, revision: 7 };
const keptAt = "2027-01-31T14:05:09.000Z";
const base = { values: { name: "as it was", url: "u", secret: "" }, revision: 5 };

it("begins with what was typed, on the revision that was read then, so that a change of somebody else's shows", () => {
  expect(beginningOf(read, { content: { base, values: { name: "typed" } }, keptAt })).toEqual({
    base,
    values: { name: "typed", url: "u", secret: "" },
    keptAt,
  });
});

it("begins as it was read where nothing was kept, or the fields are others now", () => {
  const asRead = { base: read, values: read.values, keptAt: undefined };
  expect(beginningOf(read, undefined)).toEqual(asRead);
  expect(
    beginningOf<Record<string, unknown>>(read, { content: { base: { values: { name: "" }, revision: 5 }, values: {} }, keptAt }),
  ).toEqual(asRead);
});

it("keeps no secret", () => {
  expect(withoutSecrets({ name: "a", secret: "b" }, ["secret"])).toEqual({ name: "a" });
});
