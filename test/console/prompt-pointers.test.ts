/** Which version of a prompt a form means, once a prompt is chosen. */
import { expect, it } from "vitest";
import { choicesIn } from "../../web-console/change/choices.ts";
import { pointerFor, pointerName } from "../../web-console/change/prompt-pointers.ts";

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

it("names a label with the version that it means now, and a version by its number", () => {
  expect(["production", "@3", "gone"].map((pointer) => pointerName(labels, pointer))).toEqual([
    "production (now version 2)",
    "version 3",
    "gone",
  ]);
});

it("offers the versions that were found, and says that there are more", () => {
  const versions = Array.from({ length: 50 }, (_, at) => ({ version: 60 - at, commitMessage: `change ${60 - at}` }));
  const { found, more } = choicesIn({ promptVersions: { versions } }, "promptVersions");
  expect([found.length, found[0], more]).toEqual([50, { id: "@60", name: "version 60", note: "change 60" }, true]);
  expect(choicesIn({ promptVersions: { versions: versions.slice(1) } }, "promptVersions").more).toBe(false);
  expect(choicesIn({ promptVersions: null }, "promptVersions")).toEqual({ found: [], more: false });
});
