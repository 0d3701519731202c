/** What budgets have come to in their periods, from the roll-ups; what a period does not share with whole hours, from the ledger. */
import type { EntityManager } from "../database/orm.ts";
import { ceiling, whole } from "../usage/bucket-sql.ts";
import { totalsCube } from "../usage/cubes.ts";

/** A budget in one of its periods. */
export interface SpentBudget {
  readonly id: string;
  readonly organisationId: string;
  readonly key: string;
  readonly scopeKind: string;
  readonly scopeId: string | null;
  readonly limitNanodollars: bigint;
  readonly thresholdPercents: readonly number[];
  readonly period: string;
  readonly timeZone: string;
  readonly reachedPercent: number;
  readonly reachedUntil: Date | null;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly spentNanodollars: bigint;
  readonly calls: bigint;
  readonly unpricedCalls: bigint;
}

/**
 * All live budgets, each in the periods that the instants fall in. Days and hours are whole ones of UTC, as the roll-ups have
 * them; a zone that is half an hour off has up to an hour at either end that is read call by call.
 */
export async function spentBudgets(em: EntityManager, instants: readonly Date[]): Promise<readonly SpentBudget[]> {
  const rows = await em.execute<Row[]>(statement, [JSON.stringify(instants.map((at) => at.toISOString()))]);
  return rows.map((row) => ({
    id: String(row["id"]),
    organisationId: String(row["organisation_id"]),
    key: String(row["key"]),
    scopeKind: String(row["scope_kind"]),
    scopeId: row["scope_id"] === null ? null : String(row["scope_id"]),
    limitNanodollars: BigInt(String(row["limit_nanodollars"])),
    thresholdPercents: row["threshold_percents"] as readonly number[],
    period: String(row["period"]),
    timeZone: String(row["time_zone"]),
    reachedPercent: Number(row["reached_percent"]),
    reachedUntil: row["reached_until_ms"] === null ? null : new Date(Number(row["reached_until_ms"])),
    periodStart: new Date(Number(row["period_start_ms"])),
    periodEnd: new Date(Number(row["period_end_ms"])),
    spentNanodollars: BigInt(String(row["cost"])),
    calls: BigInt(String(row["calls"])),
    unpricedCalls: BigInt(String(row["unpriced"])),
  }));
}

type Row = Readonly<Record<string, unknown>>;

const milliseconds = (expression: string): string => `floor(extract(epoch from ${expression}) * 1000)::bigint::text`;
const inScope = (row: string): string =>
  `case b.scope_kind when 'project' then ${row}.project_id = b.scope_id::text when 'api_key' then ${row}.api_key_id = b.scope_id::text else true end`;

const rolledUp = (table: string, range: string): string => `
  left join lateral (
    select sum(u.cost_nanodollars) as cost, sum(u.calls) as calls, sum(u.calls_without_cost - u.calls_without_usage) as unpriced
    from ${table} as u join usage_combination as c on c.organisation_id = u.organisation_id and c.id = u.combination_id
    where u.organisation_id = b.organisation_id and u.cube = ${totalsCube.number} and ${range} and ${inScope("c")}
  ) as ${table} on true`;

const statement = `
  with due as (
    select distinct on (budget.id, period_start) budget.*, period_start, period_end
    from budget,
      lateral (select value::timestamptz as at from jsonb_array_elements_text(?::jsonb)) as instants,
      lateral (select date_trunc(period, at at time zone time_zone) as local_start) as local,
      lateral (select local_start at time zone time_zone as period_start,
        (local_start + case period when 'quarter' then interval '3 months' else ('1 ' || period)::interval end) at time zone time_zone as period_end) as bounds
    where archived_at is null
    order by budget.id, period_start
  ), b as (
    select *, ${ceiling("hour", "period_start")} as hour_from, ${whole("hour", "period_end")} as hour_until,
      ${ceiling("day", "period_start")} as day_from, ${whole("day", "period_end")} as day_until
    from due
  )
  select b.id::text as id, b.organisation_id::text as organisation_id, b.key, b.scope_kind, b.scope_id::text as scope_id, b.period, b.time_zone,
    b.limit_nanodollars::text as limit_nanodollars, b.threshold_percents, b.reached_percent,
    ${milliseconds("b.reached_until")} as reached_until_ms, ${milliseconds("b.period_start")} as period_start_ms,
    ${milliseconds("b.period_end")} as period_end_ms,
    (coalesce(usage_day.cost, 0) + coalesce(usage_hour.cost, 0) + coalesce(edges.cost, 0))::text as cost,
    (coalesce(usage_day.calls, 0) + coalesce(usage_hour.calls, 0) + coalesce(edges.calls, 0))::text as calls,
    greatest(coalesce(usage_day.unpriced, 0) + coalesce(usage_hour.unpriced, 0) + coalesce(edges.unpriced, 0), 0)::text as unpriced
  from b
  ${rolledUp("usage_day", "u.bucket >= b.day_from and u.bucket < b.day_until")}
  ${rolledUp(
    "usage_hour",
    "u.bucket >= b.hour_from and u.bucket < b.hour_until and not (u.bucket >= b.day_from and u.bucket < b.day_until)",
  )}
  left join lateral (
    select sum(e.cost_nanodollars) as cost, count(*) as calls,
      count(*) filter (where e.input_tokens is not null and e.cost_nanodollars is null) as unpriced
    from usage_event as e
    where (b.period_start < b.hour_from or b.hour_until < b.period_end) and e.organisation_id = b.organisation_id
      and ((e.started_at >= b.period_start and e.started_at < b.hour_from) or (e.started_at >= b.hour_until and e.started_at < b.period_end))
      and ${inScope("e")}
  ) as edges on true
  order by b.organisation_id, b.id, b.period_start`;
