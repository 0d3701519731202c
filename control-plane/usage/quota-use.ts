/**
 * What the ledger knows of quotas over calendar windows and lifetimes: the sums of the rows that each of them counts. It restores
 * counters that Redis has lost, and stands in for them where there is no Redis. Refused calls used nothing, but for those
 * whose answer was cut half-way; nor did those answered from a node's cache, which count as requests alone. A lifetime reaches as
 * far back as rows are kept.
 */
import { calendarWindowAt, slidingMs } from "#agreements/quota-window.ts";
import { Quota, type QuotaScopeKind } from "../database/entities/quota.ts";
import type { Database, EntityManager } from "../database/orm.ts";

export interface LedgerQuotaUse {
  readonly quotaId: string;
  readonly subject: string;
  readonly windowStartMs: bigint;
  readonly windowEndMs: bigint;
  readonly used: bigint;
}

const sums = {
  requests: "count(*)",
  tokens: "coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) filter (where cache <> 'hit'), 0)",
  input_tokens: "coalesce(sum(input_tokens) filter (where cache <> 'hit'), 0)",
  output_tokens: "coalesce(sum(output_tokens) filter (where cache <> 'hit'), 0)",
  cost: "coalesce(sum(cost_nanodollars), 0)",
} as const;

const columns: Readonly<Partial<Record<QuotaScopeKind, string>>> = {
  project: "project_id",
  api_key: "api_key_id",
  route: "route_id",
  backend: "backend_id",
};
/** Of end users, those that used most. */
const subjectsMax = 10_000;

export const readQuotaUse = (database: Database, organisationId: string, at: Date): Promise<readonly LedgerQuotaUse[]> =>
  database.tenant(organisationId, async (em) => {
    const uses: LedgerQuotaUse[] = [];
    for (const quota of await em.find(Quota, { archivedAt: null })) uses.push(...(await usesOf(em, quota, at)));
    return uses;
  });

/** One for the whole, or one for each end user. Empty for sliding windows and calls at once, which nothing needs to restore. */
export async function usesOf(em: EntityManager, quota: Quota, at: Date): Promise<readonly LedgerQuotaUse[]> {
  const { resource } = quota;
  if (resource === "concurrent_calls" || slidingMs[quota.window] !== undefined) return [];
  const { startMs, endMs } = calendarWindowAt(quota.window, quota.timeZone, at.getTime());
  const parts = [{ kind: quota.scopeKind, id: quota.scopeId ?? null }, ...quota.within];
  const conditions = ["started_at >= ?", "(outcome <> 'denied' or input_tokens is not null)"];
  const values: string[] = [new Date(startMs).toISOString()];
  for (const { kind, id } of parts) {
    const column = columns[kind];
    if (column === undefined || id === null) continue;
    conditions.push(`${column} = ?`);
    values.push(id);
  }
  const eachUser = parts.some(({ kind }) => kind === "end_user");
  if (eachUser) conditions.push("end_user_hash <> ''");
  const rows = await em.execute<{ readonly subject: string; readonly used: string }[]>(
    `select ${eachUser ? "end_user_hash" : "''"} as subject, (${sums[resource]})::text as used from usage_event
     where ${conditions.join(" and ")} group by 1 order by ${sums[resource]} desc limit ${subjectsMax}`,
    values,
  );
  return rows.map(({ subject, used }) => ({
    quotaId: quota.id,
    subject,
    windowStartMs: BigInt(startMs),
    windowEndMs: BigInt(endMs),
    used: BigInt(used),
  }));
}
