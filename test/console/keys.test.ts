/** What keys mean on a page of the console. */
import { describe, expect, it } from "vitest";
import { keyReader } from "../../web-console/shell/keys.ts";

const readAll = (keys: readonly (readonly [string, number])[]) => {
  const read = keyReader();
  return keys.map(([key, atMs]) => read(key, atMs));
};

describe("a key", () => {
  it.each(["k", "j", "t", "?", "/", "Escape"])("%s after g names a page, and does not what it does by itself", (key) => {
    expect(
      readAll([
        ["g", 1_000],
        [key, 1_400],
      ]),
    ).toEqual([undefined, { does: "go", letter: key }]);
  });

  it("means what it does by itself when the chord is over, or was too long ago", () => {
    expect(
      readAll([
        ["g", 0],
        ["k", 100],
        ["k", 200],
        ["g", 1_000],
        ["j", 2_200],
        ["Escape", 2_300],
      ]).slice(2),
    ).toEqual([{ does: "walk", by: -1 }, undefined, { does: "walk", by: 1 }, { does: "close" }]);
  });

  it("that is nobody's does nothing", () => {
    expect(readAll([["x", 0]])).toEqual([undefined]);
  });
});
