/**
 * One shared counter as this node knows it: what it has spent of the window, what it holds and has not spent (a lease), and what
 * all others had when they were last seen. Pure state over two clocks: the node's monotonic one, and the store's, by which
 * windows turn; how far they are apart is learnt from each answer.
 */
import { bucketMsOf, calendarWindowAt, foreverMs, slidingMs } from "#agreements/quota-window.ts";
import type { MeteredQuota } from "../pipeline/quota-ledger.ts";
import { type CounterOrder, type CounterShape, type Entry, leaseMs, strictFraction } from "./quota-store.ts";

export interface NodeCounter {
  readonly subject: string;
  quota: MeteredQuota;
  /** 0: the calendar's or none. */
  readonly lengthMs: number;
  readonly bucketMs: number;
  /** On the store's clock; of sliding windows and levels from 0 on for ever. */
  startMs: number;
  endMs: number;
  /** Of concurrent calls: how many run. Of sliding windows: the sum of `entries`, brought up to date by `age`. */
  spent: number;
  entries: { bucket: number; amount: number }[];
  lease: number;
  /** The part of the lease that may be spent: all of it, but where the disk must know first (see lease-ledger/lease-draws.ts). */
  spendable: number;
  /** At or below this much the next part is drawn; -1: there is none. */
  drawAt: number;
  /** All that was ever drawn, as far as the disk is known to know it. */
  drawn: number;
  drawing: boolean;
  /** The most that a call wanted beyond what was spendable: parts are no smaller than a few of these. */
  need: number;
  /** What the process before had drawn; -1: not known, or told. */
  diedDrawn: number;
  /** On the monotonic clock. */
  leaseEndsAtMs: number;
  leaseUsedAtMs: number;
  /** What the last lease brought; half of it gone is time for the next. */
  leaseSize: number;
  others: number;
  /** What the store has of this node, and when that was told, on the monotonic clock. */
  told: number;
  toldAtMs: number;
  /** Spent over about the last two seconds. */
  load: number;
  loadAtMs: number;
  /** Has something to tell. */
  dirty: boolean;
  /** Is in the order that is under way. */
  asked: boolean;
  /** The store refused this much just now; it is not asked again before then. */
  deniedAmount: number;
  deniedUntilMs: number;
}

/** A lease is sized for about this much traffic, and given back where it was not touched for so long, in milliseconds. */
const trafficMs = 2000;
/** Concurrent calls are told again this often, so that they are not taken for a dead node's, in milliseconds. */
const renewMs = leaseMs / 4;

export function newCounter(quota: MeteredQuota, subject: string, nowMs: number, storeMs: number): NodeCounter {
  const lengthMs = slidingMs[quota.window] ?? 0;
  const counter: NodeCounter = {
    subject,
    quota,
    lengthMs,
    bucketMs: lengthMs === 0 ? 0 : bucketMsOf(lengthMs),
    startMs: 0,
    endMs: foreverMs,
    spent: 0,
    entries: [],
    lease: 0,
    spendable: 0,
    drawAt: -1,
    drawn: 0,
    drawing: false,
    need: 0,
    diedDrawn: -1,
    leaseEndsAtMs: 0,
    leaseUsedAtMs: nowMs,
    leaseSize: 0,
    others: 0,
    told: 0,
    toldAtMs: nowMs,
    load: 0,
    loadAtMs: nowMs,
    dirty: false,
    asked: false,
    deniedAmount: Number.POSITIVE_INFINITY,
    deniedUntilMs: 0,
  };
  if (isCalendar(counter)) turn(counter, storeMs);
  return counter;
}

const isLevel = ({ quota }: NodeCounter): boolean => quota.resource === "concurrent_calls";
export const isCalendar = (counter: NodeCounter): boolean => counter.lengthMs === 0 && !isLevel(counter);

/** Begins the window of this moment where another one has begun. */
export function turn(counter: NodeCounter, storeMs: number): void {
  if (storeMs >= counter.startMs && storeMs < counter.endMs && counter.startMs > 0) return;
  if (!isCalendar(counter)) return;
  const { startMs, endMs } = calendarWindowAt(counter.quota.window, counter.quota.timeZone, storeMs);
  if (startMs !== counter.startMs || counter.endMs !== endMs) begin(counter, startMs, endMs);
}

export function begin(counter: NodeCounter, startMs: number, endMs: number): void {
  counter.startMs = startMs;
  counter.endMs = endMs;
  counter.spent = 0;
  dropLease(counter);
  counter.others = 0;
  counter.told = 0;
  counter.deniedUntilMs = 0;
  counter.dirty = false;
}

/** Drops what counts no longer. */
export function age(counter: NodeCounter, storeMs: number): void {
  const { entries, bucketMs, lengthMs } = counter;
  let gone = 0;
  for (const { bucket, amount } of entries) {
    if ((bucket + 2) * bucketMs + lengthMs > storeMs) break;
    gone++;
    counter.spent -= amount;
  }
  if (gone > 0) entries.splice(0, gone);
}

/** @returns where it was spent: the window or the bucket, for `correct`. */
export function spend(counter: NodeCounter, amount: number, storeMs: number): number {
  counter.spent += amount;
  if (counter.lengthMs === 0) return counter.startMs;
  const bucket = Math.floor(storeMs / counter.bucketMs);
  const last = counter.entries.at(-1);
  // A clock that was put right may lead back a little; entries stay in order.
  if (last !== undefined && last.bucket >= bucket) {
    last.amount += amount;
    return last.bucket;
  }
  counter.entries.push({ bucket, amount });
  return bucket;
}

/**
 * What was spent turned out to be more or less. @param mark what `spend` answered.
 * @returns by how much what is spent now has changed: nothing where its window is over.
 */
export function correct(counter: NodeCounter, by: number, mark: number, storeMs: number): number {
  if (counter.lengthMs === 0) {
    if (counter.startMs !== mark) return 0;
    const changed = Math.max(-counter.spent, by);
    counter.spent += changed;
    return changed;
  }
  if (by >= 0) {
    spend(counter, by, storeMs);
    return by;
  }
  const entry = counter.entries.findLast(({ bucket }) => bucket <= mark);
  const changed = entry === undefined ? 0 : Math.max(-entry.amount, by);
  if (entry !== undefined) entry.amount += changed;
  counter.spent += changed;
  return changed;
}

/** What may be spent of the lease. */
export const leased = (counter: NodeCounter, nowMs: number): number => (nowMs < counter.leaseEndsAtMs ? counter.spendable : 0);

export function dropLease(counter: NodeCounter): void {
  counter.lease = 0;
  counter.spendable = 0;
  counter.drawAt = -1;
}

/** What a call left over may be spent again: it was drawn once. */
export function credit(counter: NodeCounter, amount: number, nowMs: number): void {
  counter.spendable += amount;
  lend(counter, amount, nowMs);
}

/** The lease grows by what is not drawn yet. */
export function lend(counter: NodeCounter, amount: number, nowMs: number): void {
  counter.lease += amount;
  if (counter.lease > 0) counter.leaseEndsAtMs = Math.max(counter.leaseEndsAtMs, nowMs + leaseMs - leaseMarginMs);
}

/** A node stops spending a lease this long before the store stops believing in it, in milliseconds. */
const leaseMarginMs = 1000;

export function countLoad(counter: NodeCounter, amount: number, nowMs: number): void {
  const sinceMs = nowMs - counter.loadAtMs;
  // Decays in steps, because an exponential for each call would be most of what a decision costs.
  if (sinceMs > loadStepMs) {
    counter.load *= Math.exp(-sinceMs / trafficMs);
    counter.loadAtMs = nowMs;
  }
  counter.load += amount;
}

const loadStepMs = 50;

export const isNearLimit = ({ others, spent, lease, quota }: NodeCounter): boolean =>
  (others + spent + lease) * strictFraction >= quota.limit * (strictFraction - 1);

/** Whether the store should hear of it now. Gives back a lease that is idle, over, or wanted by others. */
export function isDue(counter: NodeCounter, nowMs: number): boolean {
  const { lease } = counter;
  if (lease > 0 && (isNearLimit(counter) || nowMs - counter.leaseUsedAtMs > trafficMs || nowMs >= counter.leaseEndsAtMs)) {
    dropLease(counter);
    counter.leaseSize = 0;
    return true;
  }
  if (isLevel(counter) && counter.spent > 0 && nowMs - counter.toldAtMs > renewMs) return true;
  return counter.dirty;
}

export const isIdle = (counter: NodeCounter): boolean =>
  !counter.dirty && !counter.asked && counter.lease === 0 && (!isLevel(counter) || counter.spent === 0);

export const wantsRefill = (counter: NodeCounter): boolean =>
  counter.leaseSize > 0 && counter.lease * 2 <= counter.leaseSize && !counter.asked;

/**
 * call: calls need more than the lease, so it is given up, and what they need is asked for in full, with another lease.
 * refill: another lease on top. tell: nothing is asked for. leave: the node forgets the counter.
 */
export type OrderPurpose = "call" | "refill" | "tell" | "leave";

export function orderOf(counter: NodeCounter, purpose: OrderPurpose, nowMs: number, storeMs: number): CounterOrder {
  const { quota } = counter;
  if (counter.lengthMs > 0) age(counter, storeMs);
  if (purpose === "call" || purpose === "leave") dropLease(counter);
  const load = counter.load * Math.exp((counter.loadAtMs - nowMs) / trafficMs);
  return {
    quotaId: quota.id,
    subject: counter.subject,
    shape: shapeOf(counter),
    limit: quota.limit,
    burst: quota.burst,
    hard: quota.enforcement === "hard",
    spent: counter.spent,
    entries: counter.entries.filter(({ amount }) => amount > 0).map((entry): Entry => ({ ...entry })),
    lease: counter.lease,
    undrawn: isCalendar(counter) ? counter.lease - counter.spendable : 0,
    drawn: counter.drawn,
    diedDrawn: counter.diedDrawn,
    told: counter.told,
    seen: isCalendar(counter) ? counter.others : 0,
    more: purpose === "tell" || purpose === "leave" || isNearLimit(counter) ? 0 : Math.ceil(load),
    leave: purpose === "leave",
  };
}

function shapeOf(counter: NodeCounter): CounterShape {
  if (counter.lengthMs > 0) return { kind: "sliding", lengthMs: counter.lengthMs, bucketMs: counter.bucketMs };
  if (!isCalendar(counter)) return { kind: "level" };
  const { startMs, endMs, quota } = counter;
  if (startMs === 0 && endMs === foreverMs) return { kind: "calendar", boundaries: [0, 0, foreverMs, foreverMs] };
  const before = calendarWindowAt(quota.window, quota.timeZone, startMs - 1).startMs;
  const after = calendarWindowAt(quota.window, quota.timeZone, endMs).endMs;
  return { kind: "calendar", boundaries: [before, startMs, endMs, after] };
}

/** What is left as far as this node knows. Sliding windows: as of the last `age`. */
export const remainingOf = ({ others, spent, quota }: NodeCounter): number => Math.max(0, Math.floor(quota.limit - others - spent));

export const isExceeded = ({ others, spent, quota }: NodeCounter): boolean => others + spent > quota.limit;

/** Until nothing of what is used now counts any more, in milliseconds. Brings a sliding window up to date. */
export function resetMsOf(counter: NodeCounter, storeMs: number): number {
  if (counter.lengthMs === 0) return isCalendar(counter) ? Math.max(0, Math.round(counter.endMs - storeMs)) : 0;
  age(counter, storeMs);
  if (counter.others + counter.spent === 0) return 0;
  const last = counter.entries.at(-1);
  if (last === undefined) return counter.lengthMs;
  return Math.max(0, Math.round((last.bucket + 2) * counter.bucketMs + counter.lengthMs - storeMs));
}

/**
 * Whether the node may grant this by itself while the store is away: rates and concurrent calls fall to the node's share of the
 * limit, at least 1; budgets (day, week, month, lifetime) do not.
 */
export function withinLocalShare(counter: NodeCounter, amount: number, nodes: number, storeMs: number): boolean {
  if (isCalendar(counter)) return false;
  if (counter.lengthMs > 0) age(counter, storeMs);
  return counter.spent + amount <= Math.max(1, Math.floor(counter.quota.limit / Math.max(1, nodes)));
}
