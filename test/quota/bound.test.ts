/**
 * The bound: over any number of nodes, interleavings, losses and kills a hard limit is passed by no more than running calls were
 * estimated short; and in peace nobody is refused what is left. Thousands of drawn schedules; a failure names its seed.
 */
import { describe, expect, it } from "vitest";
import type { HoldOptions } from "../harness/quota-hold.ts";
import { simulate } from "./simulation.ts";

/** More by PENSTOCK_SCHEDULES, for a night. */
const schedules = Number(process.env["PENSTOCK_SCHEDULES"] ?? 300);

const quotas: Record<string, HoldOptions & { readonly calls?: number }> = {
  "a budget of tokens": { resource: "tokens", window: "month", limit: 2000 },
  "a lifetime": { resource: "tokens", window: "lifetime", limit: 1500 },
  "a large limit of requests": { resource: "requests", window: "day", limit: 120 },
  "many requests, of which leases are drawn in parts": { resource: "requests", window: "lifetime", limit: 700, calls: 1000 },
  "a sliding second": { resource: "requests", window: "second", limit: 20 },
  "a sliding minute of tokens": { resource: "tokens", window: "minute", limit: 1000 },
  "calls at once": { resource: "concurrent_calls", window: "none", limit: 12 },
};

describe.each(Object.entries(quotas))("%s", (_, quota) => {
  it.each([
    ["in peace", { kills: false, losses: false }],
    ["while messages are lost and late", { kills: false, losses: true }],
    ["while nodes are killed and come back", { kills: true, losses: false }],
    ["under all of it", { kills: true, losses: true }],
  ])("is never passed %s", { timeout: 120_000 }, async (_what, faults) => {
    let granted = 0;
    let refused = 0;
    for (let seed = 1; seed <= schedules / 28 + 1; seed++) {
      const { calls = 160 } = quota;
      const result = await simulate({ seed: seed * 7919, nodes: 1 + (seed % 5), calls, quota, error: seed % 2, ...faults });
      expect(result, `seed ${seed * 7919}`).toMatchObject({ refusedWithRoom: false });
      // Where the store does not answer, rates and calls at once fall to a share for each node: in sum the limit once more.
      const isBudget = quota.window === "month" || quota.window === "day" || quota.window === "lifetime";
      const allowed = faults.losses && !isBudget ? (quota.limit ?? 0) : 0;
      expect(result.overshoot, `seed ${seed * 7919}`).toBeLessThanOrEqual(allowed);
      granted += result.granted;
      refused += result.refused;
    }
    // Both ends were reached.
    expect(granted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});
