/** How much of a quota is used now: from the counters that nodes share, else from the ledger; and where it leads. */
import { bucketMsOf, calendarWindowAt, foreverMs, slidingMs } from "#agreements/quota-window.ts";
import type { Quota } from "../database/entities/quota.ts";
import type { Database } from "../database/orm.ts";
import { usesOf } from "./quota-use.ts";

export interface QuotaCounters {
  /** undefined: Redis cannot be asked. */
  read(organisationId: string, quotaId: string, subject: string): Promise<QuotaCounter | undefined>;
}

export interface QuotaCounter {
  readonly startMs: number;
  readonly base: bigint;
  readonly holders: readonly QuotaHolder[];
}

export interface QuotaHolder {
  readonly nodeId: string;
  /** A process of this node ended without giving back what it held. */
  readonly died: boolean;
  readonly lease: bigint;
  readonly leaseEndsMs: number;
  readonly spent: bigint;
  /** Of sliding windows. */
  readonly buckets: readonly { readonly bucket: number; readonly amount: bigint }[];
}

export interface QuotaLevel {
  readonly source: "counters" | "ledger";
  /** Without what nodes hold and have not spent. */
  readonly used: bigint;
  readonly leased: bigint;
  readonly remaining: bigint;
  readonly windowStart: Date | null;
  readonly windowEnd: Date | null;
  /** Used by the end of the window, if it goes on as since its beginning; null: the window does not end. */
  readonly forecast: bigint | null;
  /** When the limit is reached, if it goes on so; null: not in this window. */
  readonly exhaustedAt: Date | null;
  readonly holders: readonly { readonly nodeId: string; readonly died: boolean; readonly spent: bigint; readonly leased: bigint }[];
}

export async function quotaLevel(
  database: Database,
  counters: QuotaCounters | undefined,
  quota: Quota,
  subject: string,
  at: Date,
): Promise<QuotaLevel> {
  const nowMs = at.getTime();
  const lengthMs = slidingMs[quota.window];
  const isCalendar = lengthMs === undefined && quota.window !== "none";
  const window = isCalendar ? calendarWindowAt(quota.window, quota.timeZone, nowMs) : { startMs: 0, endMs: foreverMs };
  const counter = await counters?.read(quota.organisationId, quota.id, subject);
  const ofNow = counter !== undefined && (!isCalendar || counter.startMs === window.startMs || counter.holders.length === 0);
  const holders = (ofNow ? counter.holders : []).map((holder) => ({
    nodeId: holder.nodeId,
    died: holder.died,
    spent: spentOf(holder, lengthMs, nowMs, isCalendar),
    leased: isCalendar || holder.leaseEndsMs > nowMs ? holder.lease : 0n,
  }));
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  const fromLedger =
    counter === undefined
      ? await database.tenant(quota.organisationId, async (em) =>
          sum((await usesOf(em, quota, at)).filter((use) => use.subject === subject).map((use) => use.used)),
        )
      : 0n;
  const used = counter === undefined ? fromLedger : sum(holders.map(({ spent }) => spent)) + (ofNow && isCalendar ? counter.base : 0n);
  const leased = sum(holders.map((holder) => holder.leased));
  const left = quota.limit - used - leased;
  return {
    source: counter === undefined ? "ledger" : "counters",
    used,
    leased,
    remaining: left > 0n ? left : 0n,
    windowStart: isCalendar && window.endMs < foreverMs ? new Date(window.startMs) : null,
    windowEnd: isCalendar && window.endMs < foreverMs ? new Date(window.endMs) : null,
    ...forecastOf(used, quota.limit, window, nowMs),
    holders,
  };
}

function spentOf({ spent, buckets, leaseEndsMs }: QuotaHolder, lengthMs: number | undefined, nowMs: number, isCalendar: boolean): bigint {
  if (lengthMs === undefined) return isCalendar || leaseEndsMs > nowMs ? spent : 0n;
  const bucketMs = bucketMsOf(lengthMs);
  return buckets.reduce((total, { bucket, amount }) => ((bucket + 2) * bucketMs + lengthMs > nowMs ? total + amount : total), 0n);
}

/** A straight line through the window's beginning; not drawn in its first hundredth, where it would say anything. */
function forecastOf(used: bigint, limit: bigint, { startMs, endMs }: { startMs: number; endMs: number }, nowMs: number) {
  const elapsed = (nowMs - startMs) / (endMs - startMs);
  if (endMs >= foreverMs || elapsed < 0.01) return { forecast: null, exhaustedAt: null };
  const forecast = BigInt(Math.round(Number(used) / elapsed));
  const inMs = used > 0n ? (Number(limit - used) * (nowMs - startMs)) / Number(used) : Number.POSITIVE_INFINITY;
  const exhaustedAt = forecast >= limit && used < limit && nowMs + inMs < endMs ? new Date(nowMs + inMs) : null;
  return { forecast, exhaustedAt };
}
