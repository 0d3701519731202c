/** Quotas over time: calendar days over a change of clocks, bursts and what is sustained, sliding windows. On clocks that the test sets. */
import { expect, it } from "vitest";
import { memoryQuotaStore } from "../../data-plane/memory/quota-store.ts";
import { leaseLedger } from "../../data-plane/quota/lease-ledger/lease-ledger.ts";
import { type HoldOptions, quotaHold } from "../harness/quota-hold.ts";

const { signal } = new AbortController();

function ledgerAt(start: string, quota: HoldOptions) {
  let nowMs = new Date(start).getTime();
  const bootMs = nowMs - 1000;
  const work: (() => void)[] = [];
  const store = memoryQuotaStore(() => nowMs);
  store.restore("organisation", []);
  const ledger = leaseLedger({
    store,
    owner: "node",
    nodes: () => 1,
    clock: {
      now: () => nowMs - bootMs,
      wall: () => nowMs,
      every: (_ms, tell) => {
        work.push(tell);
        return () => {};
      },
      after: () => {},
    },
  });
  let calls = 0;
  const ask = () => ledger.reserve(`call-${++calls}`, [quotaHold(quota)], signal);
  return {
    ask,
    /** How many of so many are let through. */
    take: async (count: number) => {
      let granted = 0;
      for (let call = 0; call < count; call++) if ((await ask()).granted) granted++;
      return granted;
    },
    now: (text: string) => {
      nowMs = new Date(text).getTime();
      for (const tell of work) tell();
    },
    pass: (ms: number) => {
      nowMs += ms;
      for (const tell of work) tell();
    },
  };
}

it("a day in a time zone is as long as it is there: 25 hours where clocks go back, 23 where they go forward", async () => {
  const berlin = { window: "day", timeZone: "Europe/Berlin", limit: 5 } as const;
  const back = ledgerAt("2026-10-24T22:00:01Z", berlin);
  expect(await back.take(8)).toBe(5);
  back.now("2026-10-25T22:30:00Z");
  const refused = await back.ask();
  expect(refused).toMatchObject({ granted: false, reason: "exhausted", retryAfterMs: 30 * 60_000 });
  back.now("2026-10-25T23:00:01Z");
  expect(await back.take(8)).toBe(5);
  const forward = ledgerAt("2026-03-28T23:00:01Z", berlin);
  expect(await forward.take(8)).toBe(5);
  forward.now("2026-03-29T21:59:59Z");
  expect(await forward.take(1)).toBe(0);
  forward.now("2026-03-29T22:00:01Z");
  expect(await forward.take(8)).toBe(5);
});

it("a burst is let through at once, then the limit's pace, and never more than the limit in a window", async () => {
  const { take, ask, pass } = ledgerAt("2026-11-21T12:00:00Z", { window: "minute", limit: 60, burst: 10 });
  expect(await take(15)).toBe(10);
  const refused = await ask();
  // One a second comes back; time is told apart to a second.
  expect(refused.granted === false && refused.retryAfterMs).toBeLessThanOrEqual(2000);
  let sustained = 0;
  for (let second = 0; second < 50; second++) {
    pass(1000);
    sustained += await take(3);
  }
  expect(sustained).toBeGreaterThanOrEqual(45);
  expect(sustained).toBeLessThanOrEqual(50);
});

it("a sliding window lets go of what is older than it, and of nothing before", async () => {
  const { take, pass } = ledgerAt("2026-11-21T12:00:00.500Z", { window: "minute", limit: 10 });
  expect(await take(6)).toBe(6);
  pass(30_000);
  expect(await take(6)).toBe(4);
  pass(29_000);
  expect(await take(1)).toBe(0);
  // Two sixtieths later at the most.
  pass(3_000);
  expect(await take(10)).toBe(6);
});
