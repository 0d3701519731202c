/**
 * All of one organisation's counters on this node, which are told together; and what a call holds of one of them. Nothing here
 * asks the store. Times are the node's own (`nowMs`) and the store's (`storeMs`).
 */
import type { MeteredQuota, QuotaHold, QuotaLevel, QuotaUse } from "../../pipeline/quota-ledger.ts";
import { usedOf } from "../../pipeline/quota-ledger.ts";
import {
  correct,
  countLoad,
  credit,
  dropLease,
  isExceeded,
  isIdle,
  isNearLimit,
  leased,
  type NodeCounter,
  newCounter,
  remainingOf,
  resetMsOf,
  spend,
  turn,
} from "../node-counter.ts";

/** What a call holds of one counter and, for the port, how that stood when it was last looked at. */
export class Held implements QuotaLevel {
  readonly hold: QuotaHold;
  readonly counter: NodeCounter;
  amount: number;
  /** Where it was spent; see node-counter.ts. */
  mark = 0;
  remaining = 0;
  resetMs = 0;
  exceeded = false;

  constructor(hold: QuotaHold, counter: NodeCounter, amount: number) {
    this.hold = hold;
    this.counter = counter;
    this.amount = amount;
  }

  look(storeMs: number): void {
    const { counter } = this;
    this.resetMs = resetMsOf(counter, storeMs);
    this.remaining = remainingOf(counter);
    this.exceeded = isExceeded(counter);
  }
}

/** Waits for the store's word. */
export interface Waiting {
  readonly held: readonly Held[];
  readonly sinceMs: number;
  readonly repeated: boolean;
  readonly decide: (answer: StoreWord) => void;
}

export type StoreWord =
  | { readonly kind: "granted" }
  | { readonly kind: "denied"; readonly binding: number; readonly retryMs: number }
  | { readonly kind: "unreachable" };

/** How many counters a node knows, of all its accounts. */
export interface CounterTally {
  known: number;
}

const countersMax = 100_000;

export class Account {
  readonly organisationId: string;
  readonly counters = new Map<string, NodeCounter>();
  /** Those that hold something or have something to tell. */
  readonly active = new Set<NodeCounter>();
  readonly leaving: NodeCounter[] = [];
  waiting: Waiting[] = [];
  /** An order is on its way, or must not be sent yet. */
  asking = false;
  restoring = false;
  flushing = false;

  readonly #tally: CounterTally;

  constructor(organisationId: string, tally: CounterTally) {
    this.organisationId = organisationId;
    this.#tally = tally;
  }

  /** A call's holds with their counters. Nothing is spent by it. */
  heldOf(holds: readonly QuotaHold[], nowMs: number, storeMs: number): Held[] {
    const held: Held[] = [];
    for (const hold of holds) held.push(new Held(hold, this.#counterOf(hold.quota, hold.subject, nowMs, storeMs), hold.amount));
    return held;
  }

  /** Spends what is held, beyond the lease where there is none. */
  spend(held: readonly Held[], nowMs: number, storeMs: number): void {
    for (const one of held) {
      const { counter, amount } = one;
      const fromLease = counter.quota.enforcement === "hard" ? Math.min(leased(counter, nowMs), amount) : 0;
      counter.lease -= fromLease;
      counter.spendable -= fromLease;
      counter.leaseUsedAtMs = nowMs;
      countLoad(counter, amount, nowMs);
      if (fromLease !== amount) this.tell(counter);
      one.mark = spend(counter, amount, storeMs);
    }
  }

  /**
   * What was held turned out to be what was used; "unknown" leaves it.
   * @returns whether the others are waiting for it: a place that is free is of use only now.
   */
  settle({ counter, hold, amount, mark }: Held, actual: QuotaUse | "unknown", nowMs: number, storeMs: number): boolean {
    const { resource, enforcement } = hold.quota;
    const used = resource === "concurrent_calls" ? 0 : actual === "unknown" ? undefined : usedOf(resource, actual);
    if (used === undefined || used === amount) return false;
    if (storeMs >= counter.endMs) turn(counter, storeMs);
    const changed = correct(counter, Math.round(used) - amount, mark, storeMs);
    if (changed === 0) return false;
    if (changed < 0) counter.deniedUntilMs = 0;
    // What a call leaves over is this node's to spend on, up to what it was leased; beyond, and near the limit, it is everybody's.
    if (changed < 0 && enforcement === "hard" && counter.lease - changed <= counter.leaseSize && !isNearLimit(counter)) {
      credit(counter, -changed, nowMs);
      this.active.add(counter);
      return false;
    }
    this.tell(counter);
    return resource === "concurrent_calls" && enforcement === "hard";
  }

  /** The store should hear of it with the next order. */
  tell(counter: NodeCounter): void {
    // Whoever has something to tell is active.
    if (counter.dirty) return;
    counter.dirty = true;
    this.active.add(counter);
  }

  /** All that the store may have lost. */
  retell(): void {
    for (const counter of this.counters.values()) if (counter.told !== 0 || counter.spent !== 0 || counter.lease !== 0) this.tell(counter);
  }

  /** For a node that shuts down: what it has not spent goes back. Calls that still run would be settled too late; what they hold stays. */
  leave(): void {
    for (const counter of this.counters.values()) {
      dropLease(counter);
      if (counter.told > 0 || counter.dirty) this.leaving.push(counter);
    }
    this.counters.clear();
    this.active.clear();
  }

  /** The process before held this, and had drawn so much of it: told with the next order, so that the rest goes back. */
  inherit(quota: MeteredQuota, subject: string, drawn: number, nowMs: number, storeMs: number): void {
    const counter = this.#counterOf(quota, subject, nowMs, storeMs);
    counter.diedDrawn = drawn;
    this.tell(counter);
  }

  #counterOf(quota: MeteredQuota, subject: string, nowMs: number, storeMs: number): NodeCounter {
    const key = subject === "" ? quota.id : `${quota.id}:${subject}`;
    let counter = this.counters.get(key);
    if (counter === undefined) {
      counter = newCounter(quota, subject, nowMs, storeMs);
      this.counters.set(key, counter);
      if (++this.#tally.known > countersMax) this.#forgetOldest();
    } else {
      counter.quota = quota;
      if (storeMs >= counter.endMs) turn(counter, storeMs);
    }
    return counter;
  }

  #forgetOldest(): void {
    for (const [key, counter] of this.counters) {
      if (!isIdle(counter)) continue;
      this.counters.delete(key);
      this.#tally.known--;
      if (counter.told > 0) this.leaving.push(counter);
      return;
    }
  }
}

/** Whether leases cover all of it. */
export function isCovered(held: readonly Held[], nowMs: number): boolean {
  for (const { counter, amount } of held)
    if (counter.quota.enforcement === "hard" && amount > 0 && leased(counter, nowMs) < amount) return false;
  return true;
}

/** Whether leases cover all of it, once what is lent has been drawn. */
export function isLent(held: readonly Held[], nowMs: number): boolean {
  for (const { counter, amount } of held)
    if (counter.quota.enforcement === "hard" && amount > 0 && (nowMs >= counter.leaseEndsAtMs || counter.lease < amount)) return false;
  return true;
}
