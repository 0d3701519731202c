/** What the ids in an image of configuration stand for: found by where they stand, whatever is nested in what. */
import { expect, it } from "vitest";
import { changedColumnNames, referencesIn } from "../../control-plane/graphql/types/changed-columns.ts";

const id = (digit: number): string => `0197a000-0000-7000-8000-00000000000${digit}`;

it("finds things in tiers, variants, scopes, narrowings and lists, each once, and no text that only looks like one", () => {
  const before = {
    tiers: [{ targets: [{ backendId: id(1), weight: 1 }] }],
    variants: [{ key: "b", tiers: [{ targets: [{ backendId: id(1), weight: 3 }] }], prompt: { promptId: id(2), version: 3 } }],
    targeting: { projectIds: [id(3)], apiKeyIds: [id(4)], tags: [] },
  };
  const after = { scopeKind: "route", scopeId: id(5), within: [{ kind: "backend", id: id(6) }], hypothesis: id(7), providerId: "openai" };
  expect(referencesIn(before, null, after).map(({ kind, id: found }) => [kind, found.at(-1)])).toEqual([
    ["backend", "1"],
    ["prompt", "2"],
    ["project", "3"],
    ["api_key", "4"],
    ["backend", "6"],
    ["route", "5"],
  ]);
});

it("names columns as the schema does, without those that only say that something was changed", () => {
  expect(changedColumnNames("api_key", ["allowedRoutes", "revision", "updatedAt", "archivedAt", "no-column"])).toEqual([
    "API_KEY_ALLOWED_ROUTES",
  ]);
});
