/**
 * Quotas shared by all nodes over Redis, without a round trip for the usual call.
 *
 * A node cuts leases from the shared counters and spends them by itself. A call that no lease covers asks once, for all of its
 * holds together, and brings home a little more than it needs: about 5 s of this node's own traffic, at most a fiftieth of
 * what remains, nothing in the last tenth. What is leased counts as used, so the sum of all grants never passes a hard limit,
 * except by what running calls use beyond their estimates; that is told as debt within 250 ms. Unspent leases go back within
 * 10 s, in the last tenth within 250 ms. Soft and shadow quotas never ask: they count.
 * Because running over is settled and not refused, and a killed node's lease stays counted until its window turns, hard means:
 * over by no more than running calls were estimated short, under by no more than what killed nodes had leased.
 *
 * How it fails: Redis refused or hung costs a call at most its clock of 50 ms, and nothing once the breaker is open. Soft and
 * shadow quotas pass. Hard ones spend the lease; then rate limits (second, minute, hour) fall to this node's share, limit /
 * nodes, where a number of nodes that is not known counts as 1; budgets (day, month) refuse with "unavailable". What was
 * granted meanwhile is told when Redis is back, if the window is still the same.
 */
import type { Logger } from "pino";
import type { QuotaDecision, QuotaDenial, QuotaGrant, QuotaHold, QuotaLedger } from "../pipeline/quota-ledger.ts";
import type { RedisConnections } from "./connect.ts";
import {
  type Counter,
  countGranted,
  credit,
  learn,
  leased,
  levelOf,
  loadOf,
  newCounter,
  turnWindow,
  withinLocalShare,
} from "./quota-counter.ts";
import { type AdjustOrder, quotaScript, type TakeOrder } from "./quota-script.ts";

export interface RedisQuotaLedgerOptions {
  readonly redis: Pick<RedisConnections, "breaker">;
  readonly logger: Logger;
  /** Live nodes, for the local share while Redis is away. Default: 1. */
  readonly nodes?: () => number;
}

/** How often debts are told, leases given back and lost answers asked for again, in milliseconds. */
const tellMs = 250;
/** A refusal is believed for this long, so that a caller over its limit does not become Redis's load, in milliseconds. */
const denialMs = 50;
/** When a budget may be tried again while Redis is away: one probe of the breaker, in milliseconds. */
const unavailableRetryMs = 1000;
const closeMsMax = 500;
/** Counters known at once, and calls remembered after they were settled. */
const countersMax = 100_000;
const finishedMax = 10_000;
/** Counters told in one order: a script of some 0.2 ms, so that it holds up nobody. */
const adjustedMax = 100;

interface Held {
  readonly hold: QuotaHold;
  readonly counter: Counter;
}

export function redisQuotaLedger({ redis, logger, nodes = () => 1 }: RedisQuotaLedgerOptions): QuotaLedger {
  const script = quotaScript(redis, logger);
  const counters = new Map<string, Counter>();
  const unsettled = new Set<Counter>();
  const decisions = new Map<string, QuotaDecision | Promise<QuotaDecision>>();
  const finished: string[] = [];
  const asking = new Set<Promise<unknown>>();

  const counterOf = (hold: QuotaHold, nowMs: number): Counter => {
    const key = `${hold.quotaId}:${hold.window}:${hold.subject}`;
    let counter = counters.get(key);
    if (counter === undefined) {
      counter = newCounter(hold, nowMs);
      counters.set(key, counter);
      if (counters.size > countersMax) forgetOldest();
    }
    counter.limit = hold.limit;
    turnWindow(counter, nowMs);
    return counter;
  };
  const forgetOldest = () => {
    for (const [key, counter] of counters) {
      counters.delete(key);
      // Still in `unsettled` where it owes or holds something: told at the next round.
      if (counter.balance !== 0) unsettled.add(counter);
      return;
    }
  };
  const isShort = ({ hold, counter }: Held, nowMs: number) =>
    hold.enforcement === "hard" && hold.amount > 0 && leased(counter, nowMs) < hold.amount;

  const grant = (callId: string, held: readonly Held[], nowMs: number): QuotaGrant => {
    const indexes = held.map(({ counter }) => counter.index);
    let settled = false;
    const decision: QuotaGrant = {
      granted: true,
      levels: held.map(({ counter }) => levelOf(counter, nowMs)),
      settle: (actual) => {
        if (settled) return;
        settled = true;
        finish(callId);
        if (actual === "unknown") return;
        const settledAtMs = performance.now();
        for (const [position, { hold, counter }] of held.entries()) {
          turnWindow(counter, settledAtMs);
          const over = actual[hold.resource] - hold.amount;
          // A window that is over needs no correction: nobody asks it any more.
          if (over === 0 || counter.index !== indexes[position]) continue;
          counter.grantedHere += over;
          if (over < 0) counter.deniedUntilMs = 0;
          credit(counter, -over, settledAtMs);
          unsettled.add(counter);
        }
      },
    };
    decisions.set(callId, decision);
    return decision;
  };
  const finish = (callId: string) => {
    // What a settled call held is let go at once: ten thousand of them would be copied and marked by each collection.
    decisions.set(callId, alreadySettled);
    finished.push(callId);
    if (finished.length > finishedMax) for (const old of finished.splice(0, finishedMax / 2)) decisions.delete(old);
  };
  /** Spends what is here, into debt where it is not. */
  const spend = (held: readonly Held[], nowMs: number) => {
    for (const { hold, counter } of held) {
      counter.balance -= hold.amount;
      countGranted(counter, hold.amount, nowMs);
      if (counter.balance !== 0) unsettled.add(counter);
    }
  };
  const deny = (
    held: readonly Held[],
    position: number,
    reason: QuotaDenial["reason"],
    nowMs: number,
    soonerMs = Number.POSITIVE_INFINITY,
  ): QuotaDenial => {
    const levels = held.map(({ counter }) => levelOf(counter, nowMs));
    return { granted: false, hold: position, reason, levels, retryAfterMs: Math.min(soonerMs, levels[position]?.resetMs ?? 0) };
  };

  const withoutRedis = (callId: string, held: readonly Held[], nowMs: number): QuotaDecision => {
    const share = nodes();
    const binding = held.findIndex((one) => isShort(one, nowMs) && !withinLocalShare(one.counter, one.hold.amount, share));
    const short = held[binding];
    if (short !== undefined) {
      const isBudget = short.counter.window === "day" || short.counter.window === "month";
      return deny(held, binding, "unavailable", nowMs, isBudget ? unavailableRetryMs : undefined);
    }
    spend(held, nowMs);
    return grant(callId, held, nowMs);
  };

  const askRedis = async (callId: string, held: readonly Held[], nowMs: number): Promise<QuotaDecision> => {
    // What is leased is set aside before asking: other calls go on meanwhile and must not spend it too.
    const asides = held.map(({ hold, counter }) => {
      const fromLease = hold.enforcement === "hard" ? Math.min(leased(counter, nowMs), hold.amount) : 0;
      const debt = Math.max(0, -counter.balance);
      counter.balance += debt - fromLease;
      return { fromLease, debt, index: counter.index };
    });
    const orders: TakeOrder[] = held.map(({ hold, counter }, position) => ({
      ...named(counter),
      limit: hold.limit,
      hard: hold.enforcement === "hard",
      need: hold.amount - (asides[position]?.fromLease ?? 0),
      more: loadOf(counter, nowMs),
      debt: asides[position]?.debt ?? 0,
      index: counter.index,
      seen: counter.sharedUsed,
    }));
    const takeBack = (what: "lease" | "lease and debt") => {
      for (const [position, { counter }] of held.entries()) {
        const aside = asides[position];
        if (aside === undefined || aside.index !== counter.index) continue;
        credit(counter, aside.fromLease - (what === "lease" ? 0 : aside.debt), performance.now());
        if (counter.balance !== 0) unsettled.add(counter);
      }
    };
    let answer: Awaited<ReturnType<typeof script.take>>;
    try {
      answer = await script.take(orders);
    } catch {
      // Which way it failed is the breaker's and the log's business. What the script may have done is cancelled.
      takeBack("lease and debt");
      return withoutRedis(callId, held, performance.now());
    }
    const answeredAtMs = performance.now();
    for (const [position, { counter }] of held.entries()) {
      const counterAnswer = answer.counters[position];
      if (counterAnswer !== undefined) learn(counter, counterAnswer, nowMs);
    }
    if (!answer.granted) {
      takeBack("lease");
      const binding = held[answer.binding];
      if (binding !== undefined) {
        binding.counter.deniedAmount = binding.hold.amount;
        binding.counter.deniedUntilMs = answeredAtMs + denialMs;
      }
      return deny(held, Math.max(0, answer.binding), "exhausted", answeredAtMs);
    }
    for (const [position, { hold, counter }] of held.entries()) {
      const lease = (answer.counters[position]?.taken ?? 0) - (orders[position]?.need ?? 0);
      counter.leaseSize = lease;
      if (lease > 0) credit(counter, lease, nowMs);
      countGranted(counter, hold.amount, answeredAtMs);
      if (counter.balance !== 0) unsettled.add(counter);
    }
    return grant(callId, held, answeredAtMs);
  };

  /** Half of the lease is gone: the next one is fetched while calls go on. */
  const refill = (counter: Counter, nowMs: number) => {
    if (counter.refilling || counter.leaseSize <= 0 || counter.balance * 2 > counter.leaseSize || !redis.breaker.closed) return;
    counter.refilling = true;
    const { index, limit, sharedUsed } = counter;
    const order = { ...named(counter), limit, hard: true, need: 0, more: loadOf(counter, nowMs), debt: 0, index, seen: sharedUsed };
    const refilled = script
      .take([order])
      .then(({ counters: [answer] }) => {
        if (answer === undefined) return;
        learn(counter, answer, nowMs);
        counter.leaseSize = answer.taken;
        if (answer.taken > 0) credit(counter, answer.taken, nowMs);
        unsettled.add(counter);
      })
      // The call that finds the lease spent asks by itself.
      .catch(() => undefined)
      .finally(() => {
        counter.refilling = false;
        asking.delete(refilled);
      });
    asking.add(refilled);
  };

  const tell = async (everything: boolean): Promise<void> => {
    if (!redis.breaker.closed) return;
    await script.repeatLost();
    const nowMs = performance.now();
    let orders: AdjustOrder[] = [];
    const told: Promise<void>[] = [];
    for (const counter of unsettled) {
      turnWindow(counter, nowMs);
      const isDue = everything || counter.balance < 0 || nowMs >= counter.leaseEndsAtMs || counter.sharedUsed * 10 >= counter.limit * 9;
      if (counter.balance !== 0 && !isDue) continue;
      unsettled.delete(counter);
      if (counter.balance === 0) continue;
      orders.push({ ...named(counter), index: counter.index, amount: -counter.balance, seen: counter.sharedUsed });
      counter.sharedUsed -= counter.balance;
      counter.balance = 0;
      if (orders.length < adjustedMax) continue;
      told.push(script.adjust(orders));
      orders = [];
    }
    told.push(script.adjust(orders));
    await Promise.all(told);
  };
  let telling: Promise<void> | undefined;
  const timer = setInterval(() => {
    telling ??= tell(false).finally(() => {
      telling = undefined;
    });
  }, tellMs);
  timer.unref();

  return {
    reserve: (callId, holds, signal) => {
      const known = decisions.get(callId);
      if (known !== undefined) return known;
      signal.throwIfAborted();
      const nowMs = performance.now();
      const held = holds.map((hold) => ({ hold, counter: counterOf(hold, nowMs) }));
      if (!held.some((one) => isShort(one, nowMs))) {
        spend(held, nowMs);
        for (const { hold, counter } of held) if (hold.enforcement === "hard") refill(counter, nowMs);
        return grant(callId, held, nowMs);
      }
      const binding = held.findIndex(
        (one) => isShort(one, nowMs) && nowMs < one.counter.deniedUntilMs && one.hold.amount >= one.counter.deniedAmount,
      );
      if (binding >= 0) return deny(held, binding, "exhausted", nowMs);
      if (!redis.breaker.closed) return withoutRedis(callId, held, nowMs);
      const asked = askRedis(callId, held, nowMs);
      decisions.set(callId, asked);
      asking.add(asked);
      asked
        .then(
          (decision) => {
            if (!decision.granted) decisions.delete(callId);
          },
          () => decisions.delete(callId),
        )
        .finally(() => asking.delete(asked));
      return asked;
    },
    close: async () => {
      clearInterval(timer);
      const limit = new Promise<void>((resolve) => setTimeout(resolve, closeMsMax).unref());
      // What is still being leased must come before it is given back.
      const asked = Promise.allSettled([telling, ...asking]);
      await Promise.race([asked.then(() => tell(true)), limit]);
    },
  };
}

/** For a call id that comes again after it was settled: granted once, counted once. */
const alreadySettled: QuotaGrant = { granted: true, levels: [], settle: () => {} };

const named = ({ quotaId, subject, window }: Counter) => ({ quotaId, subject, window });
