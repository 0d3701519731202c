import { expect, test } from "vitest";
import { triedMax } from "../../web-console/pages/routes/changes.ts";

const target = (backendId: string, weight = 1) => ({ backendId, weight });

test("a call tries no backend twice and no drained one, whatever the route allows", () => {
  expect(triedMax({ attemptsMax: 2, tiers: [{ targets: [target("a")] }] })).toBe(1);
  expect(triedMax({ attemptsMax: 0, tiers: [{ targets: [target("a"), target("b", 0)] }, { targets: [target("a")] }] })).toBe(1);
  expect(
    triedMax({ attemptsMax: 0, tiers: [{ targets: ["a", "b"].map((id) => target(id)) }, { targets: [target("c"), target("d")] }] }),
  ).toBe(3);
  expect(
    triedMax({ attemptsMax: 4, tiers: [{ targets: ["a", "b"].map((id) => target(id)) }, { targets: [target("c"), target("d")] }] }),
  ).toBe(4);
});
