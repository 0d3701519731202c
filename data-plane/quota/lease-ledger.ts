/**
 * Quotas shared by all nodes, without a round trip for the usual call.
 *
 * A node cuts leases from the shared counters and spends them by itself. Calls that no lease covers are asked for together, one
 * order at a time for each organisation, and the answer brings a little more than they need: about two seconds of this node's own
 * traffic, at most a fiftieth of what remains, nothing in the last tenth. What is leased counts as used, so the sum of all grants
 * never passes a hard limit, except by what running calls use beyond their estimates. Leases that are not touched go back within
 * two seconds, in the last tenth within 250 ms. Soft and shadow quotas never ask: they count.
 *
 * The bound, which test/quota holds: over any number of nodes, interleavings, lost messages and kills, a hard limit is passed by
 * no more than running calls were estimated short. What a killed node had leased stays counted until its window turns or it is
 * back and has told, so nobody gets it twice; but for that and for what is leased, nobody is refused while there is room.
 *
 * How it fails: a store that is refused or hung costs a call at most its clock, and nothing once it is known. Soft and shadow
 * quotas pass. Hard ones spend the lease; then rates and concurrent calls fall to this node's share, limit / nodes; budgets
 * (day, week, month, lifetime) refuse with "unavailable". What was granted meanwhile is told when the store is back.
 */
import type { MeteredQuota, QuotaDecision, QuotaDenial, QuotaGrant, QuotaHold, QuotaLedger, QuotaUse } from "../pipeline/quota-ledger.ts";
import { usedOf } from "../pipeline/quota-ledger.ts";
import {
  age,
  begin,
  correct,
  countLoad,
  credit,
  isCalendar,
  isDue,
  isIdle,
  isNearLimit,
  leased,
  levelOf,
  type NodeCounter,
  newCounter,
  orderOf,
  spend,
  turn,
  wantsRefill,
  withinLocalShare,
} from "./node-counter.ts";
import type { Baseline, QuotaStore, SyncAnswer } from "./quota-store.ts";

export interface LeaseLedgerOptions {
  readonly store: QuotaStore;
  /** This node, the same after a restart. */
  readonly owner: string;
  /** Live nodes, for the local share while the store is away. */
  readonly nodes: () => number;
  /** What the ledger of usage knows of an organisation's counters, asked for where the store has lost them. */
  readonly baselines?: ((organisationId: string) => Promise<readonly Baseline[]>) | undefined;
  readonly clock?: LedgerClock;
}

export interface LedgerClock {
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly every: (ms: number, work: () => void) => () => void;
  readonly after: (ms: number, work: () => void) => void;
}

export interface LeaseLedger extends QuotaLedger {
  /** The connection is new: what the store has may be old, so everything is told once more. */
  retell(): void;
}

/** How often leases are given back and corrections told, in milliseconds. */
export const tellMs = 250;
/** A refusal is believed for this long, so that a caller over its limit does not become the store's load, in milliseconds. */
const denialMs = 20;
/** When a budget may be tried again while the store is away, in milliseconds. */
const unavailableRetryMs = 1000;
/** What a call waits for counters to be restored from the ledger, in milliseconds. */
const restoreMsMax = 2000;
const closeMsMax = 500;
const closeRoundsMax = 1000;
/** Counters known at once, and calls remembered by their id. */
const countersMax = 100_000;
const decisionsMax = 10_000;
/** In one order: a script of some 0.5 ms, so that it holds up nobody. */
const countersPerOrder = 100;
const callsPerOrder = 100;

interface Held {
  readonly hold: QuotaHold;
  readonly counter: NodeCounter;
}

interface Waiting {
  readonly held: readonly Held[];
  readonly amounts: readonly number[];
  readonly sinceMs: number;
  readonly repeated: boolean;
  readonly decide: (answer: Answered) => void;
}

type Answered =
  | { readonly kind: "granted"; readonly marks: readonly number[] }
  | { readonly kind: "denied"; readonly binding: number; readonly retryMs: number }
  | { readonly kind: "unreachable" };

/** All of one organisation's counters, which are told together. */
interface Account {
  readonly organisationId: string;
  readonly counters: Map<string, NodeCounter>;
  /** Those that hold something or have something to tell. */
  readonly active: Set<NodeCounter>;
  readonly leaving: NodeCounter[];
  waiting: Waiting[];
  asking: boolean;
  restoring: boolean;
  flushing: boolean;
}

interface Decided {
  readonly callId: string;
  readonly held: readonly Held[];
  readonly sinceMs: number;
  readonly decision: QuotaDecision | Promise<QuotaDecision>;
  /** undefined: not decided yet. */
  readonly grant: { readonly settled: boolean } | undefined;
}

export function leaseLedger({ store, owner, nodes, baselines, clock = systemClock }: LeaseLedgerOptions): LeaseLedger {
  let birth = Math.floor(clock.wall() * 1000);
  let sequence = birth;
  let storeAheadMs = clock.wall() - clock.now();
  let countersKnown = 0;
  const accounts = new Map<string, Account>();
  // Two generations: what is old is dropped all at once, but for what still runs.
  let decisions = new Map<string, Decided>();
  let olderDecisions = new Map<string, Decided>();
  const underway = new Set<Promise<unknown>>();

  const accountOf = (organisationId: string): Account => {
    let account = accounts.get(organisationId);
    if (account === undefined) {
      account = {
        organisationId,
        counters: new Map(),
        active: new Set(),
        leaving: [],
        waiting: [],
        asking: false,
        restoring: false,
        flushing: false,
      };
      accounts.set(organisationId, account);
    }
    return account;
  };
  const counterOf = (account: Account, quota: MeteredQuota, subject: string, nowMs: number): NodeCounter => {
    const key = subject === "" ? quota.id : `${quota.id}:${subject}`;
    let counter = account.counters.get(key);
    const storeMs = nowMs + storeAheadMs;
    if (counter === undefined) {
      counter = newCounter(quota, subject, nowMs, storeMs);
      account.counters.set(key, counter);
      if (++countersKnown > countersMax) forgetOldest(account);
    } else {
      counter.quota = quota;
      if (storeMs >= counter.endMs) turn(counter, storeMs);
    }
    return counter;
  };
  const forgetOldest = (account: Account) => {
    for (const [key, counter] of account.counters) {
      if (!isIdle(counter) || counter.asked) continue;
      account.counters.delete(key);
      countersKnown--;
      if (counter.told > 0) account.leaving.push(counter);
      return;
    }
  };

  const remember = (decided: Decided) => {
    decisions.set(decided.callId, decided);
    if (decisions.size < decisionsMax) return;
    for (const old of olderDecisions.values()) if (old.grant?.settled !== true) decisions.set(old.callId, old);
    olderDecisions = decisions;
    decisions = new Map();
  };

  /** Spends what is here, beyond the lease where there is none. */
  const spendAll = (account: Account, held: readonly Held[], amounts: readonly number[], nowMs: number): number[] =>
    held.map(({ hold, counter }, position) => {
      const amount = amounts[position] ?? 0;
      const fromLease = hold.quota.enforcement === "hard" ? Math.min(leased(counter, nowMs), amount) : 0;
      counter.lease -= fromLease;
      counter.leaseUsedAtMs = nowMs;
      countLoad(counter, amount, nowMs);
      if (fromLease !== amount) {
        counter.dirty = true;
        account.active.add(counter);
      }
      return spend(counter, amount, nowMs + storeAheadMs);
    });

  const shortOf = (held: readonly Held[], amounts: readonly number[], nowMs: number): number => {
    for (let position = 0; position < held.length; position++) {
      const one = held[position];
      const amount = amounts[position] ?? 0;
      if (one !== undefined && one.hold.quota.enforcement === "hard" && amount > 0 && leased(one.counter, nowMs) < amount) return position;
    }
    return -1;
  };

  const levelsOf = (held: readonly Held[], nowMs: number) => {
    const storeMs = nowMs + storeAheadMs;
    return held.map(({ counter }) => {
      if (counter.lengthMs > 0) age(counter, storeMs);
      return levelOf(counter, storeMs);
    });
  };

  /** Takes amounts of counters, at once where leases cover them. */
  const takeAll = (account: Account, held: readonly Held[], amounts: readonly number[], nowMs: number): Answered | Promise<Answered> => {
    if (shortOf(held, amounts, nowMs) < 0) {
      const marks = spendAll(account, held, amounts, nowMs);
      for (const { hold, counter } of held)
        if (hold.quota.enforcement === "hard" && wantsRefill(counter)) {
          account.active.add(counter);
          flushSoon(account);
        }
      return { kind: "granted", marks };
    }
    const believed = held.findIndex(
      ({ counter }, position) => nowMs < counter.deniedUntilMs && (amounts[position] ?? 0) >= counter.deniedAmount,
    );
    if (believed >= 0) return { kind: "denied", binding: believed, retryMs: (held[believed]?.counter.deniedUntilMs ?? 0) - nowMs };
    if (!store.reachable) return { kind: "unreachable" };
    const asked = new Promise<Answered>((decide) => account.waiting.push({ held, amounts, sinceMs: nowMs, repeated: false, decide }));
    flushSoon(account);
    return asked;
  };

  const withoutStore = (account: Account, held: readonly Held[], amounts: readonly number[], nowMs: number) => {
    const share = nodes();
    const storeMs = nowMs + storeAheadMs;
    const binding = held.findIndex(({ hold, counter }, position) => {
      const amount = amounts[position] ?? 0;
      if (hold.quota.enforcement !== "hard" || amount <= 0 || leased(counter, nowMs) >= amount) return false;
      return !withinLocalShare(counter, amount, share, storeMs);
    });
    return binding >= 0 ? binding : spendAll(account, held, amounts, nowMs);
  };

  const denial = (held: readonly Held[], hold: number, reason: QuotaDenial["reason"], retryAfterMs: number): QuotaDenial => ({
    granted: false,
    hold,
    reason,
    levels: levelsOf(held, clock.now()),
    retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)),
  });
  const unavailable = (held: readonly Held[], binding: number, nowMs: number): QuotaDenial => {
    const counter = held[binding]?.counter;
    const resetMs = counter === undefined ? unavailableRetryMs : levelOf(counter, nowMs + storeAheadMs).resetMs;
    return denial(held, binding, "unavailable", Math.min(unavailableRetryMs, resetMs || unavailableRetryMs));
  };

  /** What came of a question, as the marks of what was spent or a denial. */
  const conclude = (account: Account, held: readonly Held[], amounts: readonly number[], answered: Answered): number[] | QuotaDenial => {
    const nowMs = clock.now();
    if (answered.kind === "granted") return [...answered.marks];
    if (answered.kind === "denied") return denial(held, answered.binding, "exhausted", answered.retryMs);
    const outcome = withoutStore(account, held, amounts, nowMs);
    return typeof outcome === "number" ? unavailable(held, outcome, nowMs) : outcome;
  };

  const grantOf = (account: Account, held: readonly Held[], amounts: number[], marks: number[]): QuotaGrant & { settled: boolean } => {
    const grant = {
      granted: true as const,
      settled: false,
      levels: levelsOf(held, clock.now()),
      settle: (actual: QuotaUse | "unknown") => {
        if (grant.settled) return;
        grant.settled = true;
        const nowMs = clock.now();
        for (let position = 0; position < held.length; position++)
          settleOne(account, held[position], amounts[position], marks[position], actual, nowMs);
      },
      extend: (used: QuotaUse): QuotaDenial | undefined | Promise<QuotaDenial | undefined> => {
        const more = held.map(({ hold }, position) =>
          hold.quota.resource === "concurrent_calls"
            ? 0
            : Math.max(0, Math.ceil((usedOf(hold.quota.resource, used) ?? 0) - (amounts[position] ?? 0))),
        );
        if (grant.settled || more.every((amount) => amount === 0)) return undefined;
        const finish = (answered: Answered): QuotaDenial | undefined => {
          const outcome = conclude(account, held, more, answered);
          if (!Array.isArray(outcome)) return outcome;
          for (const [position, amount] of more.entries()) amounts[position] = (amounts[position] ?? 0) + amount;
          return undefined;
        };
        const answered = takeAll(account, held, more, clock.now());
        return answered instanceof Promise ? answered.then(finish) : finish(answered);
      },
    };
    return grant;
  };

  const settleOne = (
    account: Account,
    one: Held | undefined,
    reserved: number | undefined,
    mark: number | undefined,
    actual: QuotaUse | "unknown",
    nowMs: number,
  ) => {
    if (one === undefined || reserved === undefined || mark === undefined) return;
    const { counter, hold } = one;
    const { resource, enforcement } = hold.quota;
    const used = resource === "concurrent_calls" ? 0 : actual === "unknown" ? undefined : usedOf(resource, actual);
    if (used === undefined || used === reserved) return;
    const storeMs = nowMs + storeAheadMs;
    if (storeMs >= counter.endMs) turn(counter, storeMs);
    const changed = correct(counter, Math.round(used) - reserved, mark, storeMs);
    if (changed === 0) return;
    if (changed < 0) counter.deniedUntilMs = 0;
    account.active.add(counter);
    // What a call leaves over is this node's to spend on; near the limit it is everybody's at once.
    if (changed < 0 && enforcement === "hard" && !isNearLimit(counter)) credit(counter, -changed, nowMs);
    else {
      counter.dirty = true;
      // A place that is free is of use only now.
      if (resource === "concurrent_calls" && enforcement === "hard") flushSoon(account);
    }
  };

  const reserve: QuotaLedger["reserve"] = (callId, holds, signal) => {
    const known = decisions.get(callId) ?? olderDecisions.get(callId);
    if (known !== undefined) return known.decision;
    signal.throwIfAborted();
    const first = holds[0];
    if (first === undefined) return nothingHeld;
    const nowMs = clock.now();
    const account = accountOf(first.quota.organisationId);
    const held: Held[] = [];
    const amounts: number[] = [];
    for (const hold of holds) {
      held.push({ hold, counter: counterOf(account, hold.quota, hold.subject, nowMs) });
      amounts.push(hold.amount);
    }
    const finish = (answered: Answered): QuotaDecision => {
      const outcome = conclude(account, held, amounts, answered);
      if (!Array.isArray(outcome)) return outcome;
      const grant = grantOf(account, held, amounts, outcome);
      remember({ callId, held, sinceMs: nowMs, decision: grant, grant });
      return grant;
    };
    const answered = takeAll(account, held, amounts, nowMs);
    if (!(answered instanceof Promise)) return finish(answered);
    const asked = answered.then((late) => {
      decisions.delete(callId);
      olderDecisions.delete(callId);
      const decision = finish(late);
      // The caller left meanwhile, and nobody will settle.
      if (decision.granted && signal.aborted) decision.settle({ requests: 0, inputTokens: 0, outputTokens: 0, costNanodollars: 0 });
      return decision;
    });
    remember({ callId, held, sinceMs: nowMs, decision: asked, grant: undefined });
    return asked;
  };

  const flushSoon = (account: Account) => {
    if (account.asking || account.flushing) return;
    account.flushing = true;
    // What else is asked for in this turn of the loop goes along.
    queueMicrotask(() => {
      account.flushing = false;
      flush(account);
    });
  };

  const flush = (account: Account) => {
    if (account.asking || account.restoring) return;
    const nowMs = clock.now();
    const storeMs = nowMs + storeAheadMs;
    const calls = account.waiting.splice(0, callsPerOrder);
    const listed = new Map<NodeCounter, number>();
    for (const { held } of calls) for (const { counter } of held) if (!listed.has(counter)) listed.set(counter, listed.size);
    const needed = listed.size;
    for (const counter of account.active) {
      if (listed.size >= Math.max(countersPerOrder, needed)) break;
      if (storeMs >= counter.endMs) turn(counter, storeMs);
      if (!listed.has(counter) && (isDue(counter, nowMs) || wantsRefill(counter))) listed.set(counter, listed.size);
      else if (isIdle(counter)) account.active.delete(counter);
    }
    const leaving = account.leaving.splice(0, countersPerOrder);
    if (listed.size + leaving.length === 0) return;
    if (!store.reachable) {
      account.leaving.push(...leaving);
      for (const { decide } of calls) decide({ kind: "unreachable" });
      return;
    }
    const counters = [...listed.keys()];
    const orders = [
      ...counters.map((counter, position) =>
        orderOf(counter, position < needed ? "call" : wantsRefill(counter) ? "refill" : "tell", nowMs, storeMs),
      ),
      ...leaving.map((counter) => orderOf(counter, "leave", nowMs, storeMs)),
    ];
    for (const counter of counters) {
      counter.asked = true;
      counter.dirty = false;
      account.active.add(counter);
    }
    const order = {
      organisationId: account.organisationId,
      owner,
      birth,
      sequence: ++sequence,
      counters: orders,
      calls: calls.map(({ held, amounts }) => ({
        needs: held.map(({ counter }, position) => ({ counter: listed.get(counter) ?? 0, amount: amounts[position] ?? 0 })),
      })),
    };
    account.asking = true;
    const settle = (answer: SyncAnswer | undefined) => {
      account.asking = false;
      for (const counter of counters) counter.asked = false;
      if (answer?.outcome === "done") learn(account, counters, orders, calls, answer, nowMs);
      else refused(account, counters, leaving, calls, answer, nowMs);
      if (account.waiting.length > 0) flushSoon(account);
    };
    let answer: SyncAnswer | Promise<SyncAnswer>;
    try {
      answer = store.sync(order);
    } catch {
      settle(undefined);
      return;
    }
    if (!(answer instanceof Promise)) {
      settle(answer);
      return;
    }
    const asked: Promise<void> = answer.then(settle, () => settle(undefined)).finally(() => underway.delete(asked));
    underway.add(asked);
  };

  const learn = (
    account: Account,
    counters: readonly NodeCounter[],
    orders: readonly { readonly spent: number; readonly lease: number; readonly more: number }[],
    calls: readonly Waiting[],
    answer: SyncAnswer,
    askedAtMs: number,
  ) => {
    const nowMs = clock.now();
    // From the moment of asking on: a window or a lease never lasts longer here than it does there.
    storeAheadMs = answer.nowMs - askedAtMs;
    for (const [position, counter] of counters.entries()) {
      const said = answer.counters[position];
      const order = orders[position];
      if (said === undefined || order === undefined) continue;
      if (isCalendar(counter) && said.startMs !== counter.startMs) begin(counter, said.startMs, said.endMs);
      counter.others = said.others;
      if (order.more > 0) counter.leaseSize = said.lease;
      counter.told = order.spent + order.lease + said.lease;
      counter.toldAtMs = nowMs;
      if (said.lease > 0) {
        credit(counter, said.lease, askedAtMs);
        account.active.add(counter);
      }
    }
    for (const [position, { held, amounts, decide }] of calls.entries()) {
      const call = answer.calls[position];
      if (call?.granted === true) {
        const marks = held.map(({ counter }, index) => {
          const amount = amounts[index] ?? 0;
          counter.told += amount;
          countLoad(counter, amount, nowMs);
          counter.leaseUsedAtMs = nowMs;
          return spend(counter, amount, answer.nowMs);
        });
        decide({ kind: "granted", marks });
        continue;
      }
      const binding = Math.max(
        0,
        held.findIndex(({ counter }) => counter === counters[call?.binding ?? -1]),
      );
      const one = held[binding];
      if (one !== undefined) {
        one.counter.deniedAmount = amounts[binding] ?? 0;
        one.counter.deniedUntilMs = nowMs + Math.min(denialMs, call?.retryMs ?? 0);
      }
      decide({ kind: "denied", binding, retryMs: call?.retryMs ?? unavailableRetryMs });
    }
    if (!answer.whole) restore(account);
  };

  const refused = (
    account: Account,
    counters: readonly NodeCounter[],
    leaving: readonly NodeCounter[],
    calls: readonly Waiting[],
    answer: SyncAnswer | undefined,
    askedAtMs: number,
  ) => {
    // Nothing was done, or it is not known: what is so is told once more.
    for (const counter of counters) {
      counter.dirty = true;
      account.active.add(counter);
    }
    account.leaving.push(...leaving);
    if (answer === undefined) {
      // What is said is absolute, so it may be said again: one lost answer is no reason to do without the others.
      for (const call of calls)
        if (store.reachable && !call.repeated) account.waiting.push({ ...call, repeated: true });
        else call.decide({ kind: "unreachable" });
      return;
    }
    storeAheadMs = answer.nowMs - askedAtMs;
    if (answer.outcome === "stale") {
      // Of this process no later order can have been done; it was one before it, by a clock that was ahead.
      birth = answer.waitMs + 1;
      sequence = birth;
    }
    const nowMs = clock.now();
    for (const counter of counters) if (answer.outcome === "late") turn(counter, nowMs + storeAheadMs);
    const patient: Waiting[] = [];
    for (const call of calls)
      if (nowMs - call.sinceMs < restoreMsMax) patient.push(call);
      else call.decide({ kind: "unreachable" });
    account.waiting.unshift(...patient);
    if (answer.outcome === "lost") restore(account);
    else if (answer.outcome === "early") {
      account.asking = true;
      clock.after(Math.max(1, answer.waitMs), () => {
        account.asking = false;
        flushSoon(account);
      });
    }
  };

  /** The store has lost counters: what the ledger knows of them is put there, and what this node knows is told once more. */
  const restore = (account: Account) => {
    if (account.restoring) return;
    account.restoring = true;
    const work = async () => {
      await store.restore(account.organisationId, (await baselines?.(account.organisationId)) ?? []);
      retellAll(account);
    };
    const done = (worked: boolean) => {
      account.restoring = false;
      if (worked) return flushSoon(account);
      const calls = account.waiting.splice(0);
      for (const { decide } of calls) decide({ kind: "unreachable" });
    };
    const restoring: Promise<void> = work()
      .then(
        () => done(true),
        () => done(false),
      )
      .finally(() => underway.delete(restoring));
    underway.add(restoring);
  };
  const retellAll = (account: Account) => {
    for (const counter of account.counters.values()) {
      if (counter.told === 0 && counter.spent === 0 && counter.lease === 0) continue;
      counter.dirty = true;
      account.active.add(counter);
    }
  };

  const stop = clock.every(tellMs, () => {
    for (const account of accounts.values()) if (account.active.size + account.waiting.length + account.leaving.length > 0) flush(account);
  });

  return {
    reserve,
    reservations: (max) => {
      const live: { callId: string; sinceMs: number; holds: readonly QuotaHold[] }[] = [];
      for (const generation of [olderDecisions, decisions])
        for (const { callId, held, sinceMs, grant } of generation.values()) {
          if (grant === undefined || grant.settled) continue;
          if (live.length >= max) return live;
          live.push({ callId, sinceMs: clock.wall() - (clock.now() - sinceMs), holds: held.map(({ hold }) => hold) });
        }
      return live;
    },
    retell: () => {
      for (const account of accounts.values()) retellAll(account);
    },
    close: async () => {
      stop();
      const giveBack = async () => {
        while (underway.size > 0) await Promise.allSettled(underway);
        for (const account of accounts.values()) {
          for (const { decide } of account.waiting.splice(0)) decide({ kind: "unreachable" });
          if (!store.reachable) continue;
          for (const counter of account.counters.values()) {
            // Calls that still run would be settled too late; what they hold stays.
            counter.lease = 0;
            if (counter.told > 0 || counter.dirty) account.leaving.push(counter);
          }
          account.counters.clear();
          account.active.clear();
          for (let round = 0; account.leaving.length > 0 && store.reachable && round < closeRoundsMax; round++) {
            flush(account);
            while (underway.size > 0) await Promise.allSettled(underway);
          }
        }
      };
      await Promise.race([giveBack(), new Promise<void>((resolve) => clock.after(closeMsMax, resolve))]);
    },
  };
}

const nothingHeld: QuotaGrant = { granted: true, levels: [], settle: () => {}, extend: () => undefined };

const systemClock: LedgerClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
  after: (ms, work) => {
    setTimeout(work, ms).unref();
  },
};
