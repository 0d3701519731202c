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
  /** By where units were first seen: of each dimension the largest twenty. */
  readonly slices: readonly SliceCounts[];
}

export interface SliceCounts {
  readonly dimension: "node" | "edge" | "tag";
  readonly value: string;
  /** By variant. */
  readonly units: Readonly<Record<string, number>>;
}

const ofPhase = "organisation_id = $1 and experiment_id = $2 and phase = $3";
/** One row a unit. */
const cleanUnits = `select min(variant_key) as variant_key, min(holdout) as holdout, unit_hash, min(first_exposure_at) as first_exposure_at,
    max(last_exposure_at) as last_exposure_at, sum(calls)::bigint as calls, count(*) as variants
  from experiment_unit where ${ofPhase} group by unit_hash`;

export async function phaseCounts(em: EntityManager, of: ExperimentPhase, now: Date): Promise<PhaseCounts> {
  const { organisationId, experimentId, phase } = of;
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
    slices: await sliceCounts(em, of),
  };
}

/** One slice is the whole, and says nothing more. */
async function sliceCounts(em: EntityManager, { organisationId, experimentId, phase }: ExperimentPhase): Promise<SliceCounts[]> {
  const rows = await executeBound<{ dimension: SliceCounts["dimension"]; value: string; units: SliceCounts["units"] }>(
    em,
    `with units as (select unit_hash, min(variant_key) as variant_key, min(node_id) as node_id, min(ingress) as ingress, min(tag) as tag
       from experiment_unit where ${ofPhase} and holdout <> 'held-out' group by unit_hash having count(*) = 1),
     counted as (select dimension, value, variant_key, count(*)::int as units from units
       cross join lateral (values ('node', node_id), ('edge', ingress), ('tag', tag)) as of (dimension, value) where value <> '' group by 1, 2, 3),
     sliced as (select dimension, value, sum(units) as all_units, jsonb_object_agg(variant_key, units) as units from counted group by 1, 2),
     ranked as (select *, row_number() over (partition by dimension order by all_units desc, value) as place,
       count(*) over (partition by dimension) as slices from sliced)
     select dimension, value, units from ranked where place <= ${slicesMax} and slices > 1 order by dimension, place`,
    [organisationId, experimentId, phase],
  );
  return [...rows];
}
const slicesMax = 20;

/** Which units are meant: those that were first seen in a time, and at a place of health's. */
export interface SomeUnits {
  /** Undefined: since the start. */
  readonly since: Date | undefined;
  /** Undefined: until now. */
  readonly until: Date | undefined;
  readonly slice: Pick<SliceCounts, "dimension" | "value"> | undefined;
}

const sliceColumns: Readonly<Record<SliceCounts["dimension"], string>> = { node: "node_id", edge: "ingress", tag: "tag" };

/** Beside a unit's other conditions; its own parameters come after so many. */
function amongUnits({ since, until, slice }: SomeUnits, parametersBefore: number) {
  const parameters: unknown[] = [];
  const at = (value: unknown) => `$${parametersBefore + parameters.push(value)}`;
  const conditions = [
    since === undefined ? "" : ` and min(first_exposure_at) >= ${at(since.toISOString())}::timestamptz`,
    until === undefined ? "" : ` and min(first_exposure_at) < ${at(until.toISOString())}::timestamptz`,
    slice === undefined ? "" : ` and min(${sliceColumns[slice.dimension]}) = ${at(slice.value)}::text`,
  ];
  return { having: conditions.join(""), parameters };
}
const everyUnit: SomeUnits = { since: undefined, until: undefined, slice: undefined };

/** By variant; the holdout and what it is compared with under "holdout" and "compared". Absent: no unit. */
export type SumsByVariant = Readonly<Record<string, UnitSums>>;

export interface MeasuredSums {
  readonly measured: MeasuredMetric;
  readonly sums: SumsByVariant;
  /** In the metric's unit; null: nothing was capped. */
  readonly cappedAt: number | null;
  readonly cappedUnits: number;
  /** Of feedback: units by variant that are old enough to have said something. */
  readonly eligible: Readonly<Record<string, number>> | undefined;
}

/**
 * A few units hold much of a mean of time or money, and a confidence sequence takes long to get over one of them: whoever is above
 * the quantile of all units together counts as if it were there, by its own mean, so that many calls are not taken for dear ones.
 * @param winsoriseAt 1: as they are.
 * @param among default: every unit.
 */
export async function metricSums(
  em: EntityManager,
  phase: ExperimentPhase,
  measured: MeasuredMetric,
  {
    since,
    now,
    winsoriseAt,
    among = everyUnit,
  }: { readonly since: Date; readonly now: Date; readonly winsoriseAt: number; readonly among?: SomeUnits },
): Promise<MeasuredSums> {
  const isFeedback = measured.metric === "feedback";
  const units = amongUnits(among, isFeedback ? 8 : 5);
  const values = isFeedback ? feedbackValues(measured, units.having) : unitValues(measured, units.having);
  const quantile = metricDefinitions[measured.metric].heavyTailed ? winsoriseAt : 1;
  const rows = await executeBound<Readonly<Record<string, unknown>>>(
    em,
    `with old as (select * from (${values.sql}) given where d > 0 and first_exposure_at <= $5::timestamptz - $4::float8 * interval '1 hour'),
     cap as (select case when ${quantile} < 1 then percentile_disc(${quantile}) within group (order by m / d) end as at from old),
     valued as (select variant_key, holdout, d, x, coalesce(least(m, cap.at * d), m) as m, coalesce(m > cap.at * d, false) as capped from old, cap)
     select arm, count(*)::float8 as units, sum(m) as m, sum(m * m) as mm, sum(d) as d, sum(d * d) as dd, sum(m * d) as md,
       sum(x) as x, sum(x * x) as xx, sum(m * x) as mx, sum(d * x) as dx,
       (count(*) filter (where capped and arm not in ('holdout', 'compared')))::float8 as capped, (select at from cap) as cap
     from (select variant_key as arm, m, d, x, capped from valued where holdout <> 'held-out'
       union all select case holdout when 'held-out' then 'holdout' else 'compared' end, m, d, x, capped from valued where holdout <> '') arms
     group by arm`,
    [
      phase.organisationId,
      phase.experimentId,
      phase.phase,
      measured.windowHours,
      now.toISOString(),
      ...values.parameters(since),
      ...units.parameters,
    ],
  );
  const cappedUnits = rows.reduce((sum, row) => sum + number(row["capped"]), 0);
  return {
    measured,
    sums: Object.fromEntries(rows.map((row) => [String(row["arm"]), sumsIn(row)])),
    cappedAt: cappedUnits === 0 ? null : number(rows[0]?.["cap"]),
    cappedUnits,
    eligible: isFeedback ? await eligibleUnits(em, phase, measured.windowHours, now) : undefined,
  };
}

const number = (value: unknown) => Number(value ?? 0);
const sumNames = ["units", "m", "mm", "d", "dd", "md", "x", "xx", "mx", "dx"] as const satisfies readonly (keyof UnitSums)[];
const sumsIn = (row: Readonly<Record<string, unknown>>): UnitSums =>
  Object.fromEntries(sumNames.map((name) => [name, number(row[name])])) as Record<(typeof sumNames)[number], number>;

async function eligibleUnits(
  em: EntityManager,
  { organisationId, experimentId, phase }: ExperimentPhase,
  windowHours: number,
  now: Date,
): Promise<Readonly<Record<string, number>>> {
  const rows = await executeBound<{ variant_key: string; units: number }>(
    em,
    `select variant_key, count(*)::int as units from (select min(variant_key) as variant_key from experiment_unit
       where ${ofPhase} and holdout <> 'held-out' group by unit_hash
       having count(*) = 1 and min(first_exposure_at) <= $5::timestamptz - $4::float8 * interval '1 hour') clean group by 1`,
    [organisationId, experimentId, phase, windowHours, now.toISOString()],
  );
  return Object.fromEntries(rows.map(({ variant_key, units }) => [variant_key, units]));
}

interface Values {
  readonly sql: string;
  readonly parameters: (since: Date) => readonly unknown[];
}

/** Of units that were seen in one variant alone: one row each, in the order of the primary key, so that nothing is joined. */
const ofCleanUnits = (columns: string, having: string) =>
  `select unit_hash, min(variant_key) as variant_key, min(holdout) as holdout, min(first_exposure_at) as first_exposure_at, ${columns}
   from experiment_unit where ${ofPhase} group by unit_hash having count(*) = 1${having}`;

function unitValues({ metric }: MeasuredMetric, having: string): Values {
  const { numerator, denominator } = metricDefinitions[metric];
  return {
    sql: ofCleanUnits(
      `min((${numerator})::float8) as m, min((${denominator})::float8) as d, min(coalesce((before->>'${metric}')::float8, 0)) as x`,
      having,
    ),
    parameters: () => [],
  };
}

/**
 * A unit's score is its latest: a missing one is not zero but absent. What was said names a call, or a session, which is the unit
 * or was once the unit's. Booleans are 0 and 1; of categories the share of one is measured. Units and scores are laid on each
 * other by the unit, because a join over any of four names would compare all with all.
 */
function feedbackValues({ feedback, category }: MeasuredMetric, having: string): Values {
  return {
    sql: `select max(variant_key) as variant_key, max(holdout) as holdout, max(first_exposure_at) as first_exposure_at,
        (array_agg(score order by recorded_at desc) filter (where score is not null))[1] as m, 1::float8 as d, 0::float8 as x
      from (${ofCleanUnits("null::float8 as score, null::timestamptz as recorded_at", having)}
        union all select said.unit_hash, null, null, null, case when f.boolean_value is not null then f.boolean_value::int::float8
            when f.number_value is not null then f.number_value else (f.category_value = $7)::int::float8 end, f.recorded_at
          from feedback f
          left join usage_event e on e.call_id = f.call_id
          left join experiment_session s on s.organisation_id = $1 and s.experiment_id = $2 and s.phase = $3 and s.session_hash = f.session_hash
          cross join lateral (values (e.exposure->>'unitHash'), (s.unit_hash), (f.session_hash), (f.end_user_hash)) as said (unit_hash)
          where f.organisation_id = $1 and f.metric = $6 and f.recorded_at >= $8 and said.unit_hash <> ''
            and (f.boolean_value is not null or f.number_value is not null or (f.category_value is not null and $7 <> ''))
            and (e.call_id is null or e.exposure->>'experimentId' = $2::text)) laid
      group by unit_hash having max(variant_key) is not null and max(recorded_at) >= max(first_exposure_at)`,
    parameters: (since) => [feedback, category, since.toISOString()],
  };
}
