/** Which version of a prompt a form means, once a prompt is chosen. */
import { expect, it } from "vitest";
import { pointerFor, versionsUpTo } from "../../web-console/change/prompt-pointers.ts";

const labels = [
  { name: "latest", version: 60 },
  { name: "production", version: 2 },
];

it("takes the label that was there before, else production, else the first; or the newest version, where it is to be fixed", () => {
  expect(pointerFor(labels, "latest", false)).toBe("latest");
  expect(pointerFor(labels, "@2", false)).toBe("production");
  expect(pointerFor(labels.slice(0, 1), "staging", false)).toBe("latest");
  expect(pointerFor(labels, "production", true)).toBe("@60");
});

it("lists the newest fifty versions, and up to the one that is there already", () => {
  expect(versionsUpTo(labels, "production")).toEqual(Array.from({ length: 50 }, (_, at) => 60 - at));
  expect(versionsUpTo([], "@3")).toEqual([3, 2, 1]);
  expect(versionsUpTo([], "")).toEqual([]);
});
