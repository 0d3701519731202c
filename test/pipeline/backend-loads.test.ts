/** What a node reports of the backends it calls: how tries of the last five minutes went, and how many calls are there now. */
import { expect, it } from "vitest";
import { backendLoads } from "../../data-plane/backend-loads.ts";
import { backendPlaces } from "../../data-plane/pipeline/backend-places.ts";
import type { CompiledBackend } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, snapshotOf } from "./sample-call.ts";

const backend = snapshotOf([
  ...backendNamed("a"),
  { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
const one: CompiledBackend = { ...(backend ?? expect.unreachable()), concurrentCallsMax: 1 };

it("forgets tries after five minutes, knows failures from callers' faults, and counts places that are taken and waited for", async () => {
  let nowMs = 1_000_000;
  const results = new Map<string, number>();
  const count = (result: string, by: number) => results.set(result, (results.get(result) ?? 0) + by);
  const places = backendPlaces();
  const loads = backendLoads(places, { attempts: () => new Map([["tried", { results }]]) }, () => nowMs);
  expect(loads.now()).toEqual([]);

  count("ok", 5);
  count("UPSTREAM_TIMEOUT", 2);
  count("UPSTREAM_RATE_LIMITED", 1);
  count("UPSTREAM_REJECTED", 1);
  count("CANCELLED", 7);
  expect(loads.now()).toMatchObject([{ backendId: "tried", attempts: 9, attemptsFailed: 3, attemptsRateLimited: 1, callsInFlight: 0 }]);

  for (let step = 0; step < 10; step++) {
    nowMs += 20_000;
    loads.now();
  }
  count("ok", 1);
  expect(loads.now()).toMatchObject([{ attempts: 10, attemptsFailed: 3 }]);
  for (let step = 0; step < 7; step++) {
    nowMs += 20_000;
    loads.now();
  }
  expect(loads.now()).toMatchObject([{ attempts: 1, attemptsFailed: 0, attemptsRateLimited: 0 }]);

  const { signal } = new AbortController();
  const leave = await places.take(one, 10_000, signal);
  const second = places.take(one, 10_000, signal);
  expect(loads.now().find(({ backendId }) => backendId === one.id)).toMatchObject({ callsInFlight: 1, callsWaiting: 1, attempts: 0 });
  leave();
  (await second)();
  expect(loads.now().find(({ backendId }) => backendId === one.id)).toBeUndefined();
});
