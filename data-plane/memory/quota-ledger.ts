/**
 * Quota counters of one process. Exact: each reservation looks at the counter itself, so there are no leases and nothing is
 * ever unavailable. Counters of windows that are over are dropped as the clock goes by them.
 */
import type { QuotaDecision, QuotaHold, QuotaLedger, QuotaLevel } from "../pipeline/quota-ledger.ts";
import { windowAt } from "../pipeline/quota-window.ts";

interface Counter {
  index: number;
  endsAtMs: number;
  used: number;
}

/** Subjects counted at once. Beyond, the one longest unused is forgotten, which is to its gain. */
const countersMax = 200_000;
/** Calls remembered after they were settled, so that a repeat has no second effect. */
const finishedMax = 10_000;

/** @param now milliseconds since 1970. */
export function memoryQuotaLedger(now: () => number = Date.now): QuotaLedger {
  const counters = new Map<string, Counter>();
  const decisions = new Map<string, QuotaDecision>();
  const finished: string[] = [];

  const counterOf = (hold: QuotaHold, nowMs: number): Counter => {
    const key = `${hold.quotaId}:${hold.window}:${hold.subject}`;
    let counter = counters.get(key);
    if (counter === undefined || nowMs >= counter.endsAtMs) {
      const { index, leftMs } = windowAt(hold.window, nowMs);
      counter = { index, endsAtMs: nowMs + leftMs, used: 0 };
      counters.delete(key);
      counters.set(key, counter);
      if (counters.size > countersMax)
        for (const oldest of counters.keys()) {
          counters.delete(oldest);
          break;
        }
    }
    return counter;
  };
  const levelOf = (hold: QuotaHold, counter: Counter, nowMs: number): QuotaLevel => ({
    remaining: Math.max(0, hold.limit - counter.used),
    resetMs: Math.max(0, counter.endsAtMs - nowMs),
  });
  const finish = (callId: string) => {
    decisions.set(callId, alreadySettled);
    finished.push(callId);
    if (finished.length > finishedMax) for (const old of finished.splice(0, finishedMax / 2)) decisions.delete(old);
  };

  return {
    reserve: (callId, holds) => {
      const known = decisions.get(callId);
      if (known !== undefined) return known;
      const nowMs = now();
      const held = holds.map((hold) => ({ hold, counter: counterOf(hold, nowMs) }));
      const levels = () => held.map(({ hold, counter }) => levelOf(hold, counter, nowMs));
      const binding = held.findIndex(
        ({ hold, counter }) => hold.enforcement === "hard" && hold.amount > 0 && counter.used + hold.amount > hold.limit,
      );
      if (binding >= 0) {
        const before = levels();
        return { granted: false, hold: binding, reason: "exhausted", levels: before, retryAfterMs: before[binding]?.resetMs ?? 0 };
      }
      const indexes = held.map(({ counter }) => counter.index);
      for (const { hold, counter } of held) counter.used += hold.amount;
      let settled = false;
      const grant: QuotaDecision = {
        granted: true,
        levels: levels(),
        settle: (actual) => {
          if (settled) return;
          settled = true;
          finish(callId);
          if (actual === "unknown") return;
          // A window that is over needs no correction: nobody asks it any more.
          for (const [position, { hold, counter }] of held.entries())
            if (counter.index === indexes[position]) counter.used = Math.max(0, counter.used + actual[hold.resource] - hold.amount);
        },
      };
      decisions.set(callId, grant);
      return grant;
    },
    close: async () => {},
  };
}

/** For a call id that comes again after it was settled. */
const alreadySettled: QuotaDecision = { granted: true, levels: [], settle: () => {} };
