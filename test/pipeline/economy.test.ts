/** Routes that save before a budget is spent: which tiers a call goes through, and until when. */
import { expect, test } from "vitest";
import { tiersOf } from "../../data-plane/pipeline/economy.ts";
import { backendNamed, organisationId, type ResourceInit, sampleCaller, snapshotOf } from "./sample-call.ts";

const tier = (name: string) => ({ targets: [{ backendId: `backend-${name}`, weight: 1 }] });
const route: ResourceInit = {
  case: "route",
  value: {
    id: "route",
    organisationId,
    name: "chat",
    tiers: [tier("dear"), tier("cheap"), tier("cheapest")],
    economy: { budgetPercent: 80, firstTier: 1 },
  },
};
const budget = (
  id: string,
  scope: NonNullable<Extract<ResourceInit, { case: "budget" }>["value"]["scope"]>,
  reachedPercent: number,
  reachedUntilMs = 1000n,
): ResourceInit => ({ case: "budget", value: { id, organisationId, key: id, scope, reachedPercent, reachedUntilMs } });

const way = (budgets: readonly ResourceInit[], atMs = 0, caller = sampleCaller()) => {
  const snapshot = snapshotOf([...["dear", "cheap", "cheapest"].flatMap(backendNamed), route, ...budgets]);
  const compiled = snapshot.route(organisationId, "chat");
  if (compiled === undefined) throw new Error("no route");
  return tiersOf(snapshot, caller, compiled, undefined, atMs).map(({ targets }) => targets[0]?.backend.key);
};
const all = ["dear", "cheap", "cheapest"];
const saving = ["cheap", "cheapest"];

test.each([
  ["no budget", [], all],
  ["one that has not got so far", [budget("a", { case: "organisation", value: true }, 79)], all],
  ["the organisation's, just there", [budget("a", { case: "organisation", value: true }, 80)], saving],
  ["the project's", [budget("a", { case: "projectId", value: "project-1" }, 100)], saving],
  ["the key's", [budget("a", { case: "apiKeyId", value: "key-1" }, 90)], saving],
  ["another project's", [budget("a", { case: "projectId", value: "project-2" }, 100)], all],
  [
    "the furthest of several",
    [budget("a", { case: "organisation", value: true }, 50), budget("b", { case: "projectId", value: "project-1" }, 80)],
    saving,
  ],
])("%s", (_, budgets, expected) => {
  expect(way(budgets)).toEqual(expected);
});

test("a period that is over counts for nothing, without another revision", () => {
  const spent = [budget("a", { case: "organisation", value: true }, 100, 1000n)];
  expect(way(spent, 999)).toEqual(saving);
  expect(way(spent, 1000)).toEqual(all);
});

test("another organisation's budget is not ours", () => {
  expect(way([budget("a", { case: "organisation", value: true }, 100)], 0, sampleCaller({ organisationId: "org-2" }))).toEqual(all);
});
