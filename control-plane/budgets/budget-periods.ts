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
const rolledUp = (table: string, range: string): string => `
    select c.project_id, c.api_key_id, u.cost_nanodollars as cost, u.calls, u.unpriced_calls as unpriced
    from ${table} as u join usage_combination as c on c.organisation_id = u.organisation_id and c.id = u.combination_id
    where u.organisation_id = span.organisation_id and u.cube = ${totalsCube.number} and ${range}`;

const callByCall = (from: string, until: string): string => `
    select e.project_id, e.api_key_id, coalesce(e.cost_nanodollars, 0), 1,
      (e.input_tokens is not null and e.cost_nanodollars is null)::int
    from usage_event as e
    where e.organisation_id = span.organisation_id and e.started_at >= ${from} and e.started_at < ${until}`;

/** Usage is summed up once for each organisation and stretch of time, however many budgets there are on it. */
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
  ), span as materialized (
    select organisation_id, period_start, period_end, ${ceiling("hour", "period_start")} as hour_from, ${whole("hour", "period_end")} as hour_until,
      ${ceiling("day", "period_start")} as day_from, ${whole("day", "period_end")} as day_until
    from (select distinct organisation_id, period_start, period_end from due) as spans
  ), spent as materialized (
    select span.organisation_id, span.period_start, span.period_end, project_id, api_key_id,
      sum(cost) as cost, sum(calls) as calls, sum(unpriced) as unpriced
    from span cross join lateral (
      ${rolledUp("usage_day", "u.bucket >= span.day_from and u.bucket < span.day_until")}
      union all
      ${rolledUp(
        "usage_hour",
        "u.bucket >= span.hour_from and u.bucket < span.hour_until and not (u.bucket >= span.day_from and u.bucket < span.day_until)",
      )}
      union all
      ${callByCall("span.period_start", "span.hour_from")}
      union all
      ${callByCall("span.hour_until", "span.period_end")}
    ) as parts
    group by 1, 2, 3, 4, 5
  )
  select b.id::text as id, b.organisation_id::text as organisation_id, b.key, b.scope_kind, b.scope_id::text as scope_id, b.period, b.time_zone,
    b.limit_nanodollars::text as limit_nanodollars, b.threshold_percents, b.reached_percent,
    ${milliseconds("b.reached_until")} as reached_until_ms, ${milliseconds("b.period_start")} as period_start_ms,
    ${milliseconds("b.period_end")} as period_end_ms,
    sums.cost::text as cost, sums.calls::text as calls, greatest(sums.unpriced, 0)::text as unpriced
  from due as b cross join lateral (
    select coalesce(sum(cost), 0) as cost, coalesce(sum(calls), 0) as calls, coalesce(sum(unpriced), 0) as unpriced
    from spent
    where spent.organisation_id = b.organisation_id and spent.period_start = b.period_start and spent.period_end = b.period_end
      and case b.scope_kind when 'project' then spent.project_id = b.scope_id::text
        when 'api_key' then spent.api_key_id = b.scope_id::text else true end
  ) as sums
  order by b.organisation_id, b.id, b.period_start`;
