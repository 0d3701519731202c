/** What the dialog of a new key begins with. */
import { expect, it } from "vitest";
import { firstProjectOf } from "../../web-console/pages/keys/first-project.ts";

it("a new key begins in the first project that is not the demo's, else in none", () => {
  const [demo, own, other] = [{ id: "d" }, { id: "a" }, { id: "b" }] as const;
  expect(firstProjectOf([demo, own], "d")).toBe(own);
  expect(firstProjectOf([own, other], undefined)).toBe(own);
  expect(firstProjectOf([demo], "d")).toBeUndefined();
});
