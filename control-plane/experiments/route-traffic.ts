/**
 * What a route's units did lately, by the same metrics as an experiment's: how much they differ says how many a comparison needs,
 * how many come says how soon it has them. Read from the ledger; at most so many calls, so that a busy route is known from its
 * last hours and not at the price of a week.
 */
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { ExperimentTargeting, ExperimentUnit } from "../database/entities/experiment.ts";
import type { EntityManager } from "../database/orm.ts";
import { type MetricName, metricDefinitions } from "./metrics.ts";
import { estimateOf } from "./statistics/estimate.ts";
import { noUnits } from "./statistics/unit-sums.ts";

export interface TrafficAsked {
  readonly organisationId: string;
  readonly routeId: string;
  readonly unit: ExperimentUnit;
  /** Of calls without the unit; empty: they are left out. */
  readonly fallbackUnit: ExperimentUnit | "";
  readonly since: Date;
  readonly until: Date;
  /** What the metrics of slow calls count as slow. */
  readonly latencyObjectiveMs: number;
  /** Units above this quantile count as if they were at it; 1: as they are. */
  readonly winsoriseAt: number;
  /** Only of calls with these; headers and the share are not in the ledger. */
  readonly targeting: Pick<ExperimentTargeting, "apiKeyIds" | "projectIds" | "tags">;
}

export interface RouteTraffic {
  /** From the first call that was read until now. */
  readonly days: number;
  readonly calls: number;
  /** Of the route, but not of the keys, projects and tags that were asked for. */
  readonly callsNotTargeted: number;
  /** They would be in no experiment by this unit. */
  readonly callsWithoutUnit: number;
  readonly units: number;
  /** Of these, those that came in the last day and not before. */
  readonly unitsLastDay: number;
  readonly metrics: readonly TrafficMetric[];
}

export interface TrafficMetric {
  readonly metric: MetricName;
  readonly units: number;
  readonly value: number;
  /** Of one unit. */
  readonly variance: number;
}

const callsMax = 200_000;
const hashOf: Readonly<Record<ExperimentUnit, string>> = {
  end_user: "end_user_hash",
  session: "session_hash",
  api_key: "api_key_id",
  request: "call_id::text",
};
/** Feedback is not in the ledger. */
const metricsOfCalls = (Object.keys(metricDefinitions) as MetricName[]).filter((metric) => metric !== "feedback");

export async function routeTraffic(em: EntityManager, asked: TrafficAsked): Promise<RouteTraffic> {
  const { organisationId, routeId, since, until, latencyObjectiveMs, winsoriseAt, targeting } = asked;
  const rows = await executeBound<Readonly<Record<string, unknown>>>(em, statement(asked), [
    ...[organisationId, routeId, since.toISOString(), until.toISOString(), latencyObjectiveMs, winsoriseAt],
    ...[arrayParameter(targeting.apiKeyIds), arrayParameter(targeting.projectIds), JSON.stringify(targeting.tags)],
  ]);
  const number = (value: unknown) => Number(value ?? 0);
  const [whole] = rows;
  const firstAt = whole?.["first_at"] == null ? undefined : new Date(whole["first_at"] as string);
  return {
    days: firstAt === undefined ? 0 : (until.getTime() - firstAt.getTime()) / 86_400_000,
    calls: number(whole?.["calls"]),
    callsNotTargeted: number(whole?.["not_targeted"]),
    callsWithoutUnit: number(whole?.["without"]),
    units: number(whole?.["all_units"]),
    unitsLastDay: number(whole?.["fresh"]),
    metrics: rows.flatMap((row): TrafficMetric[] => {
      const metric = metricsOfCalls.find((name) => name === row["metric"]);
      if (metric === undefined) return [];
      const sums = { ...noUnits };
      for (const name of ["units", "m", "mm", "d", "dd", "md"] as const) sums[name] = number(row[name]);
      const { value, variance, units } = estimateOf(metricDefinitions[metric].kind, sums);
      return Number.isFinite(value) && Number.isFinite(variance) ? [{ metric, units, value, variance }] : [];
    }),
  };
}

/** And no others: up to 200,000 calls are written aside to be looked at three times. */
const columnsOfCall =
  "started_at, outcome, error_reason, cache, time_to_first_token_ms, duration_ms, cost_nanodollars, input_tokens, output_tokens";

/** As a node decides it, but for headers: all that is given must hold, and of a tag's values one. */
const targeted = `
  ((cardinality($7::text[]) = 0 or api_key_id = any ($7::text[])) and (cardinality($8::text[]) = 0 or project_id = any ($8::text[]))
   and not exists (select from jsonb_array_elements($9::jsonb) as wanted
     where not coalesce(jsonb_exists(wanted->'values', tags->>(wanted->>'name')), false)))`;

/** A row for each metric, each with what is known of all; without a call one row that says so. The columns of a unit are those of experiment_unit. */
const statement = ({ unit, fallbackUnit }: TrafficAsked): string => `
  with called as (select ${columnsOfCall}, coalesce(nullif(${hashOf[unit]}, '')${fallbackUnit === "" ? "" : `, nullif(${hashOf[fallbackUnit]}, '')`}) as unit, ${targeted} as targeted
     from usage_event where organisation_id = $1 and route_id = $2 and started_at >= $3::timestamptz and started_at < $4::timestamptz
       and outcome <> 'client_error' and (outcome <> 'denied' or error_reason = 'GUARD_BLOCKED')
     order by started_at desc limit ${callsMax}),
   unit as (select unit, min(started_at) as first_at, count(*)::float8 as calls,
       (count(*) filter (where outcome in ('upstream_error', 'timeout', 'internal_error')))::float8 as errors,
       (count(*) filter (where outcome = 'cancelled'))::float8 as aborts,
       (count(*) filter (where error_reason = 'GUARD_BLOCKED'))::float8 as guard_hits,
       (count(*) filter (where cache = 'hit'))::float8 as cache_hits,
       count(time_to_first_token_ms)::float8 as first_token_calls, coalesce(sum(time_to_first_token_ms), 0)::float8 as first_token_ms,
       (count(*) filter (where time_to_first_token_ms > $5))::float8 as first_token_slow,
       (count(*) filter (where outcome = 'ok'))::float8 as duration_calls,
       coalesce(sum(duration_ms) filter (where outcome = 'ok'), 0)::float8 as duration_ms,
       (count(*) filter (where outcome = 'ok' and duration_ms > $5))::float8 as duration_slow,
       count(cost_nanodollars)::float8 as cost_calls, coalesce(sum(cost_nanodollars), 0)::float8 as cost_nanodollars,
       count(input_tokens)::float8 as token_calls, coalesce(sum(input_tokens), 0)::float8 as input_tokens,
       coalesce(sum(output_tokens), 0)::float8 as output_tokens
     from called where targeted and unit is not null group by unit),
   valued as (select metric, m, d, heavy from unit cross join lateral (values ${metricsOfCalls
     .map((name) => {
       const { numerator, denominator, heavyTailed } = metricDefinitions[name];
       return `('${name}', (${numerator})::float8, (${denominator})::float8, ${heavyTailed})`;
     })
     .join(", ")}) as of (metric, m, d, heavy) where d > 0),
   cap as (select metric, percentile_disc($6::float8) within group (order by m / d) as at from valued where heavy group by metric),
   capped as (select metric, d, coalesce(least(m, at * d), m) as m from valued left join cap using (metric)),
   summed as (select metric, count(*)::float8 as units, sum(m) as m, sum(m * m) as mm, sum(d) as d, sum(d * d) as dd, sum(m * d) as md
     from capped group by metric)
  select summed.*, whole.* from
    (select (count(*) filter (where targeted))::int as calls, (count(*) filter (where not targeted))::int as not_targeted,
      (count(*) filter (where targeted and unit is null))::int as without, min(started_at) as first_at,
      (select count(*)::int from unit) as all_units,
      (select count(*)::int from unit where first_at >= $4::timestamptz - interval '1 day') as fresh from called) whole
    left join summed on true`;
