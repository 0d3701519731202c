/** A node's token: whoever has the pepper can make it and nobody else. */
import { expect, test } from "vitest";
import { nodeToken, nodeTokenMatches } from "#agreements/node-token.ts";

test("the token of the same pepper matches", () => {
  expect(nodeTokenMatches("pepper", `Bearer ${nodeToken("pepper")}`)).toBe(true);
});

test("the token does not hold the pepper, and another pepper has another", () => {
  expect(nodeToken("pepper")).toMatch(/^[\w-]{43}$/);
  expect(nodeToken("pepper")).not.toContain("pepper");
  expect(nodeToken("pepper")).not.toBe(nodeToken("pepper2"));
});

test.each([
  ["none", undefined],
  ["an empty one", ""],
  ["the scheme alone", "Bearer "],
  ["the token without its scheme", nodeToken("pepper")],
  ["another scheme", `Basic ${nodeToken("pepper")}`],
  ["another pepper's", `Bearer ${nodeToken("Pepper")}`],
  ["one that is cut", `Bearer ${nodeToken("pepper").slice(0, -1)}`],
  ["one with more behind it", `Bearer ${nodeToken("pepper")}=`],
  ["the pepper", "Bearer pepper"],
  ["one of the same length in characters and not in bytes", `Bearer ${nodeToken("pepper").slice(0, -1)}ü`],
])("%s is refused", (_, authorization) => {
  expect(nodeTokenMatches("pepper", authorization)).toBe(false);
});
