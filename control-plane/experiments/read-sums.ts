/**
 * What an evaluation needs of the database: for each variant and metric the sums over its units, and what says whether they can
 * be believed. Its cost follows the number of units, not of calls. Units that were seen in two variants are left out.
 */
import { executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";
import type { MeasuredMetric } from "./definition.ts";
import { metricDefinitions } from "./metrics.ts";
import type { UnitSums } from "./statistics/unit-sums.ts";

export interface ExperimentPhase {
  readonly organisationId: string;
  readonly experimentId: string;
  readonly phase: number;
}

export interface PhaseCounts {
  /** By variant. */
  readonly units: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<string, number>>;
  /** Seen in more than one variant; they are in no count. */
  readonly mixedUnits: number;
  readonly heldOutUnits: number;
  readonly comparedUnits: number;
  /** Units that came in the last day. */
  readonly unitsLastDay: number;
  readonly firstExposureAt: Date | null;
  readonly lastExposureAt: Date | null;
}

const ofPhase = "organisation_id = $1 and experiment_id = $2 and phase = $3";
/** One row a unit. */
const cleanUnits = `select min(variant_key) as variant_key, min(holdout) as holdout, unit_hash, min(first_exposure_at) as first_exposure_at,
    max(last_exposure_at) as last_exposure_at, sum(calls)::bigint as calls, count(*) as variants
  from experiment_unit where ${ofPhase} group by unit_hash`;

export async function phaseCounts(
  em: EntityManager,
  { organisationId, experimentId, phase }: ExperimentPhase,
  now: Date,
): Promise<PhaseCounts> {
  const rows = await executeBound<Readonly<Record<string, unknown>>>(
    em,
    `with units as (${cleanUnits})
     select variant_key, variants > 1 as mixed, holdout, count(*)::int as units, sum(calls)::float8 as calls,
       count(*) filter (where first_exposure_at > $4::timestamptz - interval '1 day')::int as units_last_day,
       min(first_exposure_at) as first_at, max(last_exposure_at) as last_at
     from units group by 1, 2, 3`,
    [organisationId, experimentId, phase, now.toISOString()],
  );
  const units: Record<string, number> = {};
  const calls: Record<string, number> = {};
  let [mixedUnits, heldOutUnits, comparedUnits, unitsLastDay] = [0, 0, 0, 0];
  const times: Date[] = [];
  for (const row of rows) {
    const [key, count] = [String(row["variant_key"]), Number(row["units"])];
    for (const at of [row["first_at"], row["last_at"]]) if (at != null) times.push(new Date(at as string));
    if (row["mixed"] === true) {
      mixedUnits += count;
      continue;
    }
    if (row["holdout"] === "held-out") heldOutUnits += count;
    else {
      if (row["holdout"] === "compared") comparedUnits += count;
      units[key] = (units[key] ?? 0) + count;
      calls[key] = (calls[key] ?? 0) + Number(row["calls"]);
      unitsLastDay += Number(row["units_last_day"]);
    }
  }
  times.sort((a, b) => a.getTime() - b.getTime());
  return {
    units,
    calls,
    mixedUnits,
    heldOutUnits,
    comparedUnits,
    unitsLastDay,
    firstExposureAt: times[0] ?? null,
    lastExposureAt: times.at(-1) ?? null,
  };
}

/** By variant; the holdout and what it is compared with under "holdout" and "compared". Absent: no unit. */
export type SumsByVariant = Readonly<Record<string, UnitSums>>;

export async function metricSums(em: EntityManager, phase: ExperimentPhase, measured: MeasuredMetric, since: Date): Promise<SumsByVariant> {
  const values = measured.metric === "feedback" ? feedbackValues(measured) : unitValues(measured);
  const rows = await executeBound<Readonly<Record<string, unknown>>>(
    em,
    `with clean as (select unit_hash from experiment_unit where ${ofPhase} group by unit_hash having count(*) = 1),
     given as (${values.sql}),
     valued as (select g.* from given g join clean using (unit_hash) where g.d > 0 and g.first_exposure_at <= now() - $4::float8 * interval '1 hour')
     select arm, count(*)::float8 as units, sum(m) as m, sum(m * m) as mm, sum(d) as d, sum(d * d) as dd, sum(m * d) as md,
       sum(x) as x, sum(x * x) as xx, sum(m * x) as mx, sum(d * x) as dx
     from (select variant_key as arm, m, d, x from valued where holdout <> 'held-out'
       union all select case holdout when 'held-out' then 'holdout' else 'compared' end, m, d, x from valued where holdout <> '') arms
     group by arm`,
    [phase.organisationId, phase.experimentId, phase.phase, measured.windowHours, ...values.parameters(since)],
  );
  const number = (value: unknown) => Number(value ?? 0);
  return Object.fromEntries(
    rows.map((row) => [
      String(row["arm"]),
      {
        units: number(row["units"]),
        m: number(row["m"]),
        mm: number(row["mm"]),
        d: number(row["d"]),
        dd: number(row["dd"]),
        md: number(row["md"]),
        x: number(row["x"]),
        xx: number(row["xx"]),
        mx: number(row["mx"]),
        dx: number(row["dx"]),
      },
    ]),
  );
}

interface Values {
  readonly sql: string;
  readonly parameters: (since: Date) => readonly unknown[];
}

function unitValues({ metric }: MeasuredMetric): Values {
  const { numerator, denominator } = metricDefinitions[metric];
  return {
    sql: `select variant_key, holdout, unit_hash, first_exposure_at, (${numerator})::float8 as m, (${denominator})::float8 as d,
        coalesce((before->>'${metric}')::float8, 0) as x from experiment_unit where ${ofPhase}`,
    parameters: () => [],
  };
}

/**
 * A unit's score is its latest: a missing one is not zero but absent. What was said names a call, or a session of the unit's.
 * Booleans are 0 and 1; of categories the share of one is measured.
 */
function feedbackValues({ feedback, category }: MeasuredMetric): Values {
  return {
    sql: `select distinct on (u.unit_hash) u.variant_key, u.holdout, u.unit_hash, u.first_exposure_at,
        case when f.boolean_value is not null then f.boolean_value::int::float8 when f.number_value is not null then f.number_value
          else (f.category_value = $6)::int::float8 end as m, 1::float8 as d, 0::float8 as x
      from feedback f
      left join usage_event e on e.call_id = f.call_id
      join experiment_unit u on u.organisation_id = $1 and u.experiment_id = $2 and u.phase = $3
        and u.unit_hash in (e.exposure->>'unitHash', nullif(f.session_hash, ''), nullif(f.end_user_hash, ''))
      where f.organisation_id = $1 and f.metric = $5 and f.recorded_at >= $7 and f.recorded_at >= u.first_exposure_at
        and (f.boolean_value is not null or f.number_value is not null or (f.category_value is not null and $6 <> ''))
        and (e.call_id is null or e.exposure->>'experimentId' = $2::text)
      order by u.unit_hash, f.recorded_at desc`,
    parameters: (since) => [feedback, category, since.toISOString()],
  };
}

/**
 * What units did in the two weeks before their first exposure, by the same metrics and on the same route: the covariate of CUPED.
 * Frozen when it is first looked at. Of end users alone, whose calls can be told without an experiment.
 */
export async function fillBefore(
  em: EntityManager,
  { organisationId, experimentId, phase }: ExperimentPhase,
  routeId: string,
): Promise<void> {
  // Units that have just come are in nobody's statistics; a nested loop would read the log once for each.
  await em.execute("set local enable_nestloop = off");
  await executeBound(
    em,
    `with fresh as (
       select unit_hash, variant_key, first_exposure_at from experiment_unit
       where ${ofPhase} and before is null and unit_type = 'end_user' limit 2000),
     bounds as (select min(first_exposure_at) - interval '14 days' as since, max(first_exposure_at) as until,
       coalesce((select (analysis->>'latencyObjectiveMs')::bigint from experiment where id = $2), 2000) as objective_ms from fresh),
     past as (
       select f.unit_hash, f.variant_key, jsonb_build_object(
         'error_rate', avg((e.outcome in ('upstream_error', 'timeout', 'internal_error'))::int),
         'abort_rate', avg((e.outcome = 'cancelled')::int),
         'first_token', avg(e.time_to_first_token_ms), 'slow_first_token', avg((e.time_to_first_token_ms > e.objective_ms)::int),
         'latency', avg(e.duration_ms) filter (where e.outcome = 'ok'),
         'slow_latency', avg((e.duration_ms > e.objective_ms)::int) filter (where e.outcome = 'ok'),
         'cost_per_call', avg(e.cost_nanodollars), 'cost_per_unit', sum(e.cost_nanodollars),
         'input_tokens', avg(e.input_tokens), 'output_tokens', avg(e.output_tokens),
         'guard_hits', avg((e.error_reason = 'GUARD_BLOCKED')::int), 'cache_hits', avg((e.cache = 'hit')::int)) as before
       from fresh f
       join (select e.*, b.objective_ms from bounds b join usage_event e on e.started_at >= b.since and e.started_at < b.until
         where e.organisation_id = $1 and e.route_id = $4 and e.end_user_hash <> '') e
         on e.end_user_hash = f.unit_hash and e.started_at >= f.first_exposure_at - interval '14 days' and e.started_at < f.first_exposure_at
       group by 1, 2)
     update experiment_unit u set before = coalesce(p.before, '{}'::jsonb)
     from fresh f left join past p using (unit_hash, variant_key)
     where u.organisation_id = $1 and u.experiment_id = $2 and u.phase = $3 and u.unit_hash = f.unit_hash and u.variant_key = f.variant_key`,
    [organisationId, experimentId, phase, routeId],
  );
  await em.execute("set local enable_nestloop = on");
}
