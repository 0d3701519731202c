/**
 * One shared counter as this node knows it: what of it the node holds and has not spent (a lease), or has spent and not yet
 * told (a debt), in the current window. Pure state over a monotonic clock; the time of windows is Redis's, learnt from each
 * answer, and carried on by this node's clock while there is none.
 */
import type { QuotaHold, QuotaLevel, QuotaWindow } from "../pipeline/quota-ledger.ts";
import { windowAt } from "../pipeline/quota-window.ts";
import type { CounterAnswer } from "./quota-script.ts";

export interface Counter {
  readonly quotaId: string;
  readonly subject: string;
  readonly window: QuotaWindow;
  limit: number;
  /** Which window, and when it ends on the monotonic clock. */
  index: number;
  endsAtMs: number;
  /** Above 0: leased and not spent. Below 0: spent and not yet told to Redis. */
  balance: number;
  leaseEndsAtMs: number;
  /** What the last lease brought on top; half of it gone is time for the next. */
  leaseSize: number;
  refilling: boolean;
  /** Granted by this node in this window, corrected by what calls settled. */
  grantedHere: number;
  /** Where the shared counter stood when last seen in this window, corrected by what this node has told it. */
  sharedUsed: number;
  /** Granted by this node over about the last 5 s. */
  load: number;
  loadAtMs: number;
  /** Redis refused this much just now; it is not asked again before then. */
  deniedAmount: number;
  deniedUntilMs: number;
}

/** Lease length, and the time over which the load is taken: a lease is sized for about this much traffic. */
export const leaseMs = 10_000;
const loadMs = 5000;

export function newCounter(hold: QuotaHold, nowMs: number): Counter {
  const { index, leftMs } = windowAt(hold.window, Date.now());
  return {
    quotaId: hold.quotaId,
    subject: hold.subject,
    window: hold.window,
    limit: hold.limit,
    index,
    endsAtMs: nowMs + leftMs,
    balance: 0,
    leaseEndsAtMs: 0,
    leaseSize: 0,
    refilling: false,
    grantedHere: 0,
    sharedUsed: 0,
    load: 0,
    loadAtMs: nowMs,
    deniedAmount: Number.POSITIVE_INFINITY,
    deniedUntilMs: 0,
  };
}

/** Turns the window where its end has passed. */
export function turnWindow(counter: Counter, nowMs: number): void {
  if (nowMs < counter.endsAtMs) return;
  const local = windowAt(counter.window, Date.now());
  // Never the same window again because this node's clock is behind Redis's.
  beginWindow(counter, Math.max(counter.index + 1, local.index), nowMs + local.leftMs);
}

function beginWindow(counter: Counter, index: number, endsAtMs: number): void {
  counter.index = index;
  counter.endsAtMs = endsAtMs;
  counter.balance = 0;
  counter.leaseEndsAtMs = 0;
  counter.grantedHere = 0;
  counter.sharedUsed = 0;
  counter.deniedUntilMs = 0;
}

/** @param askedAtMs when the question went out: the answer's time is counted from there, so a lease never outlives its window. */
export function learn(counter: Counter, answer: CounterAnswer, askedAtMs: number): void {
  if (answer.index !== counter.index) beginWindow(counter, answer.index, askedAtMs + answer.leftMs);
  counter.endsAtMs = askedAtMs + answer.leftMs;
  counter.sharedUsed = answer.used;
}

/** What can be spent without asking. */
export const leased = (counter: Counter, nowMs: number): number =>
  counter.balance > 0 && nowMs < counter.leaseEndsAtMs ? counter.balance : 0;

export function credit(counter: Counter, amount: number, nowMs: number): void {
  counter.balance += amount;
  if (counter.balance > 0) counter.leaseEndsAtMs = Math.max(counter.leaseEndsAtMs, Math.min(counter.endsAtMs, nowMs + leaseMs));
}

export function countGranted(counter: Counter, amount: number, nowMs: number): void {
  counter.grantedHere += amount;
  counter.load = loadOf(counter, nowMs) + amount;
  counter.loadAtMs = nowMs;
}

export const loadOf = (counter: Counter, nowMs: number): number => counter.load * Math.exp((counter.loadAtMs - nowMs) / loadMs);

export const levelOf = (counter: Counter, nowMs: number): QuotaLevel => ({
  remaining: Math.max(0, Math.floor(counter.limit - counter.sharedUsed + counter.balance)),
  resetMs: Math.max(0, Math.round(counter.endsAtMs - nowMs)),
});

/**
 * Whether the node may grant this by itself while Redis is away: rate limits (second, minute, hour) fall to the node's share of
 * the limit; budgets (day, month) do not.
 */
export function withinLocalShare(counter: Counter, amount: number, nodes: number): boolean {
  if (counter.window === "day" || counter.window === "month") return false;
  const share = Math.floor(counter.limit / Math.max(1, nodes));
  return counter.grantedHere + amount <= share && counter.sharedUsed - counter.balance + amount <= counter.limit;
}
