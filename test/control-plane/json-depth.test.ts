/** JSON in a variable is looked at for its depth before anything recursive sees it. */
import { expect, it } from "vitest";
import { isTooDeep, jsonDepthMax } from "../../control-plane/graphql/json-depth.ts";

const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);

it.each([
  ["a number", 1, false],
  ["null", null, false],
  ["as deep as may be", nested(jsonDepthMax + 1), false],
  ["one deeper", nested(jsonDepthMax + 2), true],
  ["deep behind a broad start", { a: [1, 2, { b: nested(200_000) }] }, true],
])("%s", (_, value, tooDeep) => {
  expect(isTooDeep(value)).toBe(tooDeep);
});
