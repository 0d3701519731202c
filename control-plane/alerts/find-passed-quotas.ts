/**
 * Finds soft quotas that calls have passed, and tells of each once in its window: once an hour where the window slides. Shadow
 * quotas only count, so nobody is told.
 */
import { calendarWindowAt, slidingMs } from "#agreements/quota-window.ts";
import { isUuid } from "../database/config-kinds.ts";
import { Quota } from "../database/entities/quota.ts";
import type { EntityManager } from "../database/orm.ts";
import { raiseAlert } from "./raise-alert.ts";

/** Looked back on: more than a node that could not send for a while is late. */
const lookBackMs = 15 * 60_000;
const hourMs = 3_600_000;

interface Passed {
  readonly organisation_id: string;
  readonly quota_id: string;
  readonly calls: string;
  readonly last_at_ms: string;
}

/** @returns how many alerts were raised. */
export async function findPassedQuotas(em: EntityManager, now: Date): Promise<number> {
  const rows = await em.execute<Passed[]>(
    `select organisation_id::text as organisation_id, quota_id, sum(calls)::text as calls,
       floor(extract(epoch from max(last_at)) * 1000)::bigint::text as last_at_ms
     from quota_mark_hour where effect = 'passed' and enforcement = 'soft' and bucket >= date_trunc('hour', ?::timestamptz, 'UTC') and last_at >= ?
     group by 1, 2 order by 1, 2 limit 1000`,
    [new Date(now.getTime() - lookBackMs).toISOString(), new Date(now.getTime() - lookBackMs).toISOString()],
  );
  const ids = rows.map((row) => row.quota_id).filter(isUuid);
  if (ids.length === 0) return 0;
  const quotas = new Map((await em.find(Quota, { id: { $in: ids } })).map((quota) => [quota.id, quota]));
  let raised = 0;
  for (const { organisation_id: organisationId, quota_id: quotaId, calls, last_at_ms: lastAtMs } of rows) {
    const quota = quotas.get(quotaId);
    if (quota === undefined) continue;
    const { startMs, endMs } = windowOf(quota, Number(lastAtMs));
    const id = await raiseAlert(em, {
      organisationId,
      at: now,
      type: "quota.passed",
      occasion: `quota ${quotaId} ${startMs}`,
      data: {
        organisationId,
        quotaId,
        quotaKey: quota.key,
        scopeKind: quota.scopeKind,
        scopeId: quota.scopeId ?? null,
        resource: quota.resource,
        window: quota.window,
        limit: String(quota.limit),
        calls,
        windowStart: new Date(startMs).toISOString(),
        windowEnd: quota.window === "lifetime" ? null : new Date(endMs).toISOString(),
      },
    });
    if (id !== undefined) raised++;
  }
  return raised;
}

function windowOf({ window, timeZone }: Quota, atMs: number) {
  if (window !== "none" && slidingMs[window] === undefined) return calendarWindowAt(window, timeZone, atMs);
  const startMs = Math.floor(atMs / hourMs) * hourMs;
  return { startMs, endMs: startMs + hourMs };
}
