import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenCountOf, tokensOf } from "../../data-plane/simulator/tokens.ts";

test.each([
  ["", []],
  ["Hello, world!", ["Hello", ",", " world", "!"]],
  ["a  b\n", ["a", "  ", "b", "\n"]],
  ["supercalifragilistic", ["supercalifragili", "stic"]],
  ["Grüße 東京 🚰", ["Grüße", " 東京", " 🚰"]],
])("cuts %j at words and punctuation", (text, tokens) => {
  expect(tokensOf(text)).toEqual(tokens);
});

test("tokens joined are the text, and the count is theirs", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const tokens = tokensOf(text);
      expect(tokens.join("")).toBe(text);
      expect(tokenCountOf(text)).toBe(tokens.length);
    }),
  );
});

test("a list of tokens cut anywhere is the tokens of the text cut there", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, count) => {
      const cut = tokensOf(text).slice(0, count);
      expect(tokensOf(cut.join(""))).toEqual(cut);
    }),
  );
});
