/**
 * Calendar windows in UTC: which one a moment falls in, and when it ends. The numbering is also that of
 * redis/quota-ledger.lua; the two must give the same.
 */
import type { QuotaWindow } from "./quota-ledger.ts";

export interface WindowPosition {
  /** Counts windows of this kind since 1970. */
  readonly index: number;
  /** Milliseconds until it ends; more than 0. */
  readonly leftMs: number;
}

const lengthMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } satisfies Record<Exclude<QuotaWindow, "month">, number>;

/** @param nowMs since 1970, in UTC. */
export function windowAt(window: QuotaWindow, nowMs: number): WindowPosition {
  if (window === "month") {
    const now = new Date(nowMs);
    const index = (now.getUTCFullYear() - 1970) * 12 + now.getUTCMonth();
    return { index, leftMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - nowMs };
  }
  const length = lengthMs[window];
  const index = Math.floor(nowMs / length);
  return { index, leftMs: (index + 1) * length - nowMs };
}
