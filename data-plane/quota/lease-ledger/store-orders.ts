/**
 * How accounts speak with the store: one order at a time for each, with what its calls wait for and what its counters have to
 * tell; and what becomes of the answer, or of none.
 */
import { begin, countLoad, isCalendar, isDue, isIdle, lend, type NodeCounter, orderOf, spend, turn, wantsRefill } from "../node-counter.ts";
import type { Baseline, CounterOrder, QuotaStore, SyncAnswer, SyncOrder } from "../quota-store.ts";
import type { Account, Held, StoreWord, Waiting } from "./account.ts";
import type { LeaseDraws } from "./lease-draws.ts";
import type { LedgerClock } from "./ledger-clock.ts";

export interface StoreOrdersOptions {
  readonly store: QuotaStore;
  /** This node, the same after a restart. */
  readonly owner: string;
  /** What the ledger of usage knows of an organisation's counters, asked for where the store has lost them. */
  readonly baselines: ((organisationId: string) => Promise<readonly Baseline[]>) | undefined;
  readonly draws: LeaseDraws;
  readonly clock: LedgerClock;
}

export interface StoreOrders {
  /** The store's clock at a moment of the node's own, as far as its answers have said. */
  storeMs(nowMs: number): number;
  /** Asks for what leases do not cover. */
  ask(account: Account, held: readonly Held[], nowMs: number): StoreWord | Promise<StoreWord>;
  /** With whatever else is asked for in this turn of the loop. */
  flushSoon(account: Account): void;
  flush(account: Account): void;
  /** Resolves when no answer is outstanding. */
  idle(): Promise<void>;
}

/** A refusal is believed for this long, so that a caller over its limit does not become the store's load, in milliseconds. */
const denialMs = 20;
/** What a refused call is told where the store does not say it, in milliseconds. */
const retryMsDefault = 1000;
/** What a call waits for counters to be restored from the ledger, in milliseconds. */
const restoreMsMax = 2000;
/** In one order: a script of some 0.5 ms, so that it holds up nobody. */
const countersPerOrder = 100;
const callsPerOrder = 100;

interface Sent {
  readonly counters: readonly NodeCounter[];
  readonly leaving: readonly NodeCounter[];
  /** Of the counters, then of those that leave. */
  readonly orders: readonly CounterOrder[];
  readonly calls: readonly Waiting[];
  readonly atMs: number;
}

const unreachable: StoreWord = { kind: "unreachable" };

export function storeOrders({ store, owner, baselines, draws, clock }: StoreOrdersOptions): StoreOrders {
  let birth = Math.floor(clock.wall() * 1000);
  let sequence = birth;
  let storeAheadMs = clock.wall() - clock.now();
  const underway = new Set<Promise<unknown>>();

  const storeMs = (nowMs: number): number => nowMs + storeAheadMs;

  const ask: StoreOrders["ask"] = (account, held, nowMs) => {
    const believed = held.findIndex(({ counter, amount }) => nowMs < counter.deniedUntilMs && amount >= counter.deniedAmount);
    if (believed >= 0) return { kind: "denied", binding: believed, retryMs: (held[believed]?.counter.deniedUntilMs ?? 0) - nowMs };
    if (!store.reachable) return unreachable;
    for (const { counter, amount } of held) if (amount > counter.need) counter.need = amount;
    const asked = new Promise<StoreWord>((decide) => account.waiting.push({ held, sinceMs: nowMs, repeated: false, decide }));
    flushSoon(account);
    return asked;
  };

  const flushSoon = (account: Account) => {
    if (account.asking || account.flushing) return;
    account.flushing = true;
    queueMicrotask(() => {
      account.flushing = false;
      flush(account);
    });
  };

  const flush = (account: Account) => {
    if (account.asking || account.restoring) return;
    const sent = gather(account);
    if (sent === undefined) return;
    if (!store.reachable) {
      account.leaving.push(...sent.leaving);
      for (const { decide } of sent.calls) decide(unreachable);
      return;
    }
    for (const counter of sent.counters) {
      counter.asked = true;
      counter.dirty = false;
      account.active.add(counter);
    }
    account.asking = true;
    const settle = (answer: SyncAnswer | undefined) => {
      account.asking = false;
      for (const counter of sent.counters) counter.asked = false;
      if (answer?.outcome === "done") learn(account, sent, answer);
      else refused(account, sent, answer);
      if (account.waiting.length > 0) flushSoon(account);
    };
    let answer: SyncAnswer | Promise<SyncAnswer>;
    try {
      answer = store.sync(orderFor(account, sent));
    } catch {
      settle(undefined);
      return;
    }
    if (!(answer instanceof Promise)) return settle(answer);
    track(answer.then(settle, () => settle(undefined)));
  };

  /** What an order would be about; undefined: nothing. */
  const gather = (account: Account): Sent | undefined => {
    const nowMs = clock.now();
    const atMs = storeMs(nowMs);
    const calls = account.waiting.splice(0, callsPerOrder);
    const listed = new Set<NodeCounter>();
    for (const { held } of calls) for (const { counter } of held) listed.add(counter);
    const needed = listed.size;
    for (const counter of account.active) {
      if (listed.size >= Math.max(countersPerOrder, needed)) break;
      if (atMs >= counter.endMs) turn(counter, atMs);
      if (!listed.has(counter) && (isDue(counter, nowMs) || wantsRefill(counter))) listed.add(counter);
      else if (isIdle(counter)) account.active.delete(counter);
    }
    const leaving = account.leaving.splice(0, countersPerOrder);
    if (listed.size + leaving.length === 0) return undefined;
    const counters = [...listed];
    const orders = [
      ...counters.map((counter, position) =>
        orderOf(counter, position < needed ? "call" : wantsRefill(counter) ? "refill" : "tell", nowMs, atMs),
      ),
      ...leaving.map((counter) => orderOf(counter, "leave", nowMs, atMs)),
    ];
    return { counters, leaving, orders, calls, atMs: nowMs };
  };

  const orderFor = ({ organisationId }: Account, { counters, orders, calls }: Sent): SyncOrder => {
    const places = new Map(counters.map((counter, place) => [counter, place]));
    return {
      organisationId,
      owner,
      birth,
      sequence: ++sequence,
      counters: orders,
      calls: calls.map(({ held }) => ({ needs: held.map(({ counter, amount }) => ({ counter: places.get(counter) ?? 0, amount })) })),
    };
  };

  const learn = (account: Account, { counters, orders, calls, atMs }: Sent, answer: SyncAnswer) => {
    const nowMs = clock.now();
    // From the moment of asking on: a window or a lease never lasts longer here than it does there.
    storeAheadMs = answer.nowMs - atMs;
    for (const [place, counter] of counters.entries()) {
      const said = answer.counters[place];
      const order = orders[place];
      if (said === undefined || order === undefined) continue;
      if (isCalendar(counter) && said.startMs !== counter.startMs) begin(counter, said.startMs, said.endMs);
      counter.others = said.others;
      if (order.more > 0) counter.leaseSize = said.lease;
      counter.told = order.spent + order.lease + said.lease;
      counter.toldAtMs = nowMs;
      counter.diedDrawn = -1;
      if (said.lease > 0) {
        lend(counter, said.lease, atMs);
        account.active.add(counter);
        draws.draw(counter);
      }
    }
    for (const [place, call] of calls.entries()) {
      const said = answer.calls[place];
      if (said?.granted === true) grant(call, nowMs, answer.nowMs);
      else deny(call, counters[said?.binding ?? -1], said?.retryMs, nowMs);
    }
    if (!answer.whole) restore(account);
  };

  const grant = ({ held, decide }: Waiting, nowMs: number, storeNowMs: number) => {
    for (const one of held) {
      const { counter, amount } = one;
      counter.told += amount;
      countLoad(counter, amount, nowMs);
      counter.leaseUsedAtMs = nowMs;
      one.mark = spend(counter, amount, storeNowMs);
    }
    decide({ kind: "granted" });
  };

  const deny = ({ held, decide }: Waiting, bindingCounter: NodeCounter | undefined, retryMs: number | undefined, nowMs: number) => {
    const binding = Math.max(
      0,
      held.findIndex(({ counter }) => counter === bindingCounter),
    );
    const one = held[binding];
    if (one !== undefined) {
      one.counter.deniedAmount = one.amount;
      one.counter.deniedUntilMs = nowMs + Math.min(denialMs, retryMs ?? 0);
    }
    decide({ kind: "denied", binding, retryMs: retryMs ?? retryMsDefault });
  };

  /** Nothing was done, or it is not known (undefined): what is so is told once more. */
  const refused = (account: Account, { counters, leaving, calls, atMs }: Sent, answer: SyncAnswer | undefined) => {
    for (const counter of counters) account.tell(counter);
    account.leaving.push(...leaving);
    if (answer === undefined) {
      // What is said is absolute, so it may be said again: one lost answer is no reason to do without the others.
      for (const call of calls)
        if (store.reachable && !call.repeated) account.waiting.push({ ...call, repeated: true });
        else call.decide(unreachable);
      return;
    }
    storeAheadMs = answer.nowMs - atMs;
    if (answer.outcome === "stale") {
      // Of this process no later order can have been done; it was one before it, by a clock that was ahead.
      birth = answer.waitMs + 1;
      sequence = birth;
    }
    const nowMs = clock.now();
    if (answer.outcome === "late") for (const counter of counters) turn(counter, storeMs(nowMs));
    const patient: Waiting[] = [];
    for (const call of calls)
      if (nowMs - call.sinceMs < restoreMsMax) patient.push(call);
      else call.decide(unreachable);
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
      account.retell();
    };
    const done = (worked: boolean) => {
      account.restoring = false;
      if (worked) return flushSoon(account);
      for (const { decide } of account.waiting.splice(0)) decide(unreachable);
    };
    track(
      work().then(
        () => done(true),
        () => done(false),
      ),
    );
  };

  const track = (work: Promise<void>) => {
    const tracked: Promise<void> = work.finally(() => underway.delete(tracked));
    underway.add(tracked);
  };

  return {
    storeMs,
    ask,
    flushSoon,
    flush,
    idle: async () => {
      while (underway.size > 0) await Promise.allSettled(underway);
    },
  };
}
