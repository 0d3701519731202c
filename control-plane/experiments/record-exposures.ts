/**
 * Adds calls to what is known of their experiments' units, in the transaction that writes the ledger: each call once, however
 * often its record comes, and results never read the log.
 *
 * A call counts from where its variant could matter: not where the caller chose the variant, made a mistake of its own, or was
 * refused by a quota. Analysis is by intention to treat: whatever served in the end, the unit stays in its variant.
 */
import { Outcome, type UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type ArrayElement, arrayParameter, executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { EntityManager } from "../database/orm.ts";

type Exposed = UsageEvent & { readonly exposure: NonNullable<UsageEvent["exposure"]> };

const failures: ReadonlySet<number> = new Set([Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT, Outcome.INTERNAL_ERROR]);

/** @param events that are new to the ledger. */
export async function recordExposures(em: EntityManager, events: readonly UsageEvent[]): Promise<void> {
  const counted = events.filter(counts);
  if (counted.length === 0) return;
  const parameters = columns.map(({ of }) => arrayParameter(counted.map(of)));
  await executeBound(em, statement, parameters);
  const inSessions = counted.filter(({ exposure, sessionHash }) => sessionHash !== "" && exposure.unitType !== "session");
  if (inSessions.length > 0)
    await executeBound(
      em,
      ofSessions,
      sessionColumns.map(({ of }) => arrayParameter(inSessions.map(of))),
    );
}

function counts(event: UsageEvent): event is Exposed {
  const { exposure, outcome, errorReason } = event;
  if (exposure === undefined || exposure.forced || !isUuid(exposure.experimentId) || !isUuid(event.organisationId)) return false;
  return outcome !== Outcome.CLIENT_ERROR && (outcome !== Outcome.DENIED || errorReason === guarded);
}

const guarded = "GUARD_BLOCKED";
const one = (holds: boolean): number => (holds ? 1 : 0);
const textOf = (text: string): string => text.replaceAll("\0", "\uFFFD").toWellFormed();

const columns: readonly { readonly name: string; readonly type: string; readonly of: (event: Exposed) => ArrayElement }[] = [
  { name: "organisation_id", type: "uuid", of: ({ organisationId }) => organisationId },
  { name: "experiment_id", type: "uuid", of: ({ exposure }) => exposure.experimentId },
  { name: "phase", type: "integer", of: ({ exposure }) => exposure.phase },
  { name: "unit_hash", type: "text", of: ({ exposure }) => textOf(exposure.unitHash) },
  { name: "variant_key", type: "text", of: ({ exposure }) => textOf(exposure.variantKey) },
  { name: "unit_type", type: "text", of: ({ exposure }) => textOf(exposure.unitType) },
  { name: "holdout", type: "text", of: ({ exposure }) => textOf(exposure.holdout) },
  {
    name: "at_ms",
    type: "bigint",
    of: ({ startedAt }) => Number(startedAt?.seconds ?? 0n) * 1000 + Math.floor((startedAt?.nanos ?? 0) / 1e6),
  },
  { name: "failed", type: "integer", of: ({ outcome }) => one(failures.has(outcome)) },
  { name: "aborted", type: "integer", of: ({ outcome }) => one(outcome === Outcome.CANCELLED) },
  { name: "guarded", type: "integer", of: ({ errorReason }) => one(errorReason === guarded) },
  { name: "cached", type: "integer", of: ({ cache }) => one(cache === "hit") },
  { name: "first_token_ms", type: "bigint", of: ({ timeToFirstTokenMs }) => timeToFirstTokenMs ?? null },
  { name: "duration_ms", type: "bigint", of: ({ outcome, durationMs }) => (outcome === Outcome.OK ? durationMs : null) },
  { name: "cost_nanodollars", type: "bigint", of: ({ costNanodollars }) => costNanodollars?.toString() ?? null },
  { name: "input_tokens", type: "bigint", of: ({ usage }) => usage?.inputTokens.toString() ?? null },
  { name: "output_tokens", type: "bigint", of: ({ usage }) => usage?.outputTokens.toString() ?? null },
  { name: "node_id", type: "text", of: ({ nodeId }) => textOf(nodeId) },
  { name: "ingress", type: "text", of: ({ ingress }) => textOf(ingress) },
  {
    name: "tags",
    type: "text",
    of: ({ tags }) => JSON.stringify(Object.fromEntries(Object.entries(tags).map((pair) => pair.map(textOf)))),
  },
];
const sessionColumns = [
  ...columns.filter(({ name }) => ["organisation_id", "experiment_id", "phase", "unit_hash"].includes(name)),
  { name: "session_hash", type: "text", of: ({ sessionHash }: Exposed) => textOf(sessionHash) },
];

const added = [
  ...["calls", "errors", "aborts", "guard_hits", "cache_hits", "first_token_calls", "first_token_ms", "first_token_slow"],
  ...["duration_calls", "duration_ms", "duration_slow", "cost_calls", "cost_nanodollars", "token_calls", "input_tokens", "output_tokens"],
];

const given = (of: readonly { readonly name: string; readonly type: string }[]): string =>
  `unnest(${of.map(({ type }, i) => `$${i + 1}::${type}[]`).join(", ")}) as c (${of.map(({ name }) => name).join(", ")})`;

/** A session that was two units' is the first one's. */
const ofSessions = `insert into experiment_session (organisation_id, experiment_id, phase, session_hash, unit_hash)
  select distinct on (1, 2, 3, 4) c.organisation_id, c.experiment_id, c.phase, c.session_hash, c.unit_hash from ${given(sessionColumns)}
  join experiment e on e.id = c.experiment_id and e.organisation_id = c.organisation_id
  order by 1, 2, 3, 4 on conflict do nothing`;

/** The objective and the tag are the experiment's own; an experiment that is gone takes no more units. In one order, so that writers never wait in a ring. */
const statement = `insert into experiment_unit (organisation_id, experiment_id, phase, unit_hash, variant_key, unit_type, holdout,
    first_exposure_at, last_exposure_at, ${added.join(", ")}, node_id, ingress, tag)
  select c.organisation_id, c.experiment_id, c.phase, c.unit_hash, c.variant_key, min(c.unit_type), max(c.holdout),
    to_timestamp(min(c.at_ms) / 1000.0), to_timestamp(max(c.at_ms) / 1000.0),
    count(*), sum(failed), sum(aborted), sum(guarded), sum(cached),
    count(c.first_token_ms), coalesce(sum(c.first_token_ms), 0), count(*) filter (where c.first_token_ms > o.ms),
    count(c.duration_ms), coalesce(sum(c.duration_ms), 0), count(*) filter (where c.duration_ms > o.ms),
    count(c.cost_nanodollars), coalesce(sum(c.cost_nanodollars), 0),
    count(c.input_tokens), coalesce(sum(c.input_tokens), 0), coalesce(sum(c.output_tokens), 0),
    ${["c.node_id", "c.ingress", "coalesce(left(c.tags::jsonb->>o.tag, 200), '')"].map((first) => `(array_agg(${first} order by c.at_ms))[1]`).join(", ")}
  from ${given(columns)}
  join experiment e on e.id = c.experiment_id and e.organisation_id = c.organisation_id
  cross join lateral (select coalesce((e.analysis->>'latencyObjectiveMs')::bigint, 2000) as ms, coalesce(e.analysis->>'healthTag', 'country') as tag) o
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (organisation_id, experiment_id, phase, unit_hash, variant_key) do update set
    first_exposure_at = least(experiment_unit.first_exposure_at, excluded.first_exposure_at),
    last_exposure_at = greatest(experiment_unit.last_exposure_at, excluded.last_exposure_at),
    ${added.map((name) => `${name} = experiment_unit.${name} + excluded.${name}`).join(", ")}`;
