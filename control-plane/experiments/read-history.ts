/**
 * What units did in the two weeks before their first exposure, by the same metrics and on the same route: the covariate of CUPED,
 * and what the arms are compared by before anything was tried on them. Frozen when it is first looked at. It is read from the
 * ledger, which knows of each call its end user, its session and its API key.
 */
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { ExperimentUnit } from "../database/entities/experiment.ts";
import type { EntityManager } from "../database/orm.ts";
import type { ExperimentPhase } from "./read-sums.ts";

const ofPhase = "organisation_id = $1 and experiment_id = $2 and phase = $3";
/** At one look; the rest waits for the next. */
const unitsAtOnce = 2000;
/** As many say whether the arms were alike; more are read for CUPED alone. */
const unitsForCheck = 10_000;

export interface UnitHistory {
  readonly routeId: string;
  readonly units: readonly (ExperimentUnit | "")[];
  /** Of every unit, and not of as many as the check needs. */
  readonly whole: boolean;
  readonly pepper: string;
}

/** Of end users, sessions and API keys; a request has no past. In a transaction of its own: it sets how PostgreSQL plans until its end. */
export async function fillBefore(em: EntityManager, phase: ExperimentPhase, { routeId, units, whole, pepper }: UnitHistory): Promise<void> {
  const { organisationId, experimentId } = phase;
  const of = [organisationId, experimentId, phase.phase];
  const [known] = await executeBound<{ filled: number; fresh: string[] | null }>(
    em,
    `select (count(*) filter (where before is not null))::int as filled, array_agg(distinct unit_type) filter (where before is null) as fresh
     from experiment_unit where ${ofPhase}`,
    of,
  );
  if (known === undefined || (!whole && known.filled >= unitsForCheck)) return;
  // Units that have just come are in nobody's statistics; a nested loop would read the log once for each. What PostgreSQL thinks
  // of the cost then would have it compile the statement, for a second of its own.
  await em.execute("set local enable_nestloop = off");
  await em.execute("set local jit = off");
  for (const unit of units) {
    if (unit === "" || unit === "request" || known.fresh?.includes(unit) !== true) continue;
    const keys = unit === "api_key" ? await keysWithHashes(em, organisationId, pepper) : { ids: [], hashes: [] };
    await executeBound(em, statement(unit), [...of, routeId, unit, arrayParameter(keys.ids), arrayParameter(keys.hashes)]);
  }
}

/** The ledger has keys by their own ids, an exposure by their pseudonyms. */
async function keysWithHashes(em: EntityManager, organisationId: string, pepper: string) {
  const rows = await executeBound<{ id: string }>(em, "select id::text from api_key where organisation_id = $1", [organisationId]);
  return { ids: rows.map(({ id }) => id), hashes: rows.map(({ id }) => pseudonymOf(pepper, id)) };
}

const hashOf = { end_user: "e.end_user_hash", session: "e.session_hash", api_key: "k.hash" } as const;

const statement = (unit: keyof typeof hashOf): string => `with fresh as (
     select unit_hash, variant_key, first_exposure_at from experiment_unit
     where ${ofPhase} and before is null and unit_type = $5::text limit ${unitsAtOnce}),
   bounds as (select min(first_exposure_at) - interval '14 days' as since, max(first_exposure_at) as until,
     coalesce((select (analysis->>'latencyObjectiveMs')::bigint from experiment where id = $2), 2000) as objective_ms from fresh),
   calls as (select e.*, ${hashOf[unit]} as unit_hash, b.objective_ms from bounds b
     join usage_event e on e.started_at >= b.since and e.started_at < b.until
     left join unnest($6::text[], $7::text[]) as k (id, hash) on k.id = e.api_key_id
     where e.organisation_id = $1 and e.route_id = $4 and ${hashOf[unit]} <> ''),
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
     from fresh f join calls e
       on e.unit_hash = f.unit_hash and e.started_at >= f.first_exposure_at - interval '14 days' and e.started_at < f.first_exposure_at
     group by 1, 2)
   update experiment_unit u set before = coalesce(p.before, '{}'::jsonb)
   from fresh f left join past p using (unit_hash, variant_key)
   where u.organisation_id = $1 and u.experiment_id = $2 and u.phase = $3 and u.unit_hash = f.unit_hash and u.variant_key = f.variant_key`;
