/**
 * What needs somebody now: nodes that are gone, lag or refuse, backends that are passed over, budgets near their end, experiments that
 * harm, alert rules that fire. Each is read where it is known; nothing is remembered, so what is mended is gone from the list.
 */

import type { Comparison } from "../alert-rules/decide.ts";
import { type AlertMetricName, metricOf, valueInWords, windowInWords } from "../alert-rules/metric.ts";
import type { EntityManager } from "../database/orm.ts";
import type { KnownNode, Services } from "../services.ts";

export const incidentKinds = [
  "no-node",
  "node-gone",
  "node-behind",
  "node-refuses",
  "backend-failing",
  "budget-near-end",
  "guardrail-harmed",
  "rollout-paused",
  "rolled-back",
  "alert-rule-firing",
] as const;
export type IncidentKind = (typeof incidentKinds)[number];

export interface Incident {
  readonly kind: IncidentKind;
  /** Of the node, backend, budget, experiment or alert rule. Null: it is about none in particular. */
  readonly subjectId: string | null;
  /** What people call it. */
  readonly name: string;
  /** The rest of a sentence that begins with the name. */
  readonly says: string;
  readonly since: Date | null;
  /** Callers feel it, or will soon. */
  readonly severe: boolean;
}

const dayMs = 86_400_000;
/** What every hint is lost of is there by then. */
const propagationMs = 6_000;
const nearEndPercent = 80;
const listedMax = 100;

export async function openIncidents(
  { database, propagation }: Pick<Services, "database" | "propagation">,
  organisationId: string,
  now: Date,
): Promise<readonly Incident[]> {
  const nodes = await propagation.nodes();
  const current = propagation.current();
  const changedAt = current === undefined ? undefined : await database.system((em) => publishedAt(em, current.number));
  const settled = changedAt !== undefined && now.getTime() - changedAt.getTime() > propagationMs;
  const own = await database.tenant(organisationId, async (em) => [
    ...(await failingBackends(em, nodes)),
    ...(await budgetsNearEnd(em, now)),
    ...(await harmfulExperiments(em, now)),
    ...(await firingRules(em, now)),
  ]);
  const all = [...nodeIncidents(nodes, propagation.nameOf, settled ? current : undefined, now), ...own];
  return [...all.filter(({ severe }) => severe), ...all.filter(({ severe }) => !severe)].slice(0, listedMax);
}

async function publishedAt(em: EntityManager, number: bigint): Promise<Date | undefined> {
  const [row] = await em.execute<{ at: string | null }[]>("select published_at as at from revision where number = ?", [number.toString()]);
  return row?.at == null ? undefined : new Date(row.at);
}

function nodeIncidents(
  nodes: readonly KnownNode[],
  nameOf: (nodeId: string) => string,
  current: { readonly epoch: string; readonly number: bigint } | undefined,
  now: Date,
): readonly Incident[] {
  const live = nodes.filter((node) => node.live);
  const of = ({ status }: KnownNode) => ({ subjectId: status.nodeId, name: nameOf(status.nodeId) });
  const gone = nodes.filter(({ live, heardAtMs, status }) => !live && status.state !== "draining" && now.getTime() - heardAtMs < dayMs);
  const refusing = live.filter(({ status }) => status.refused !== undefined);
  const behind = live.filter(
    ({ status }) =>
      current !== undefined &&
      status.refused === undefined &&
      (status.applied?.epoch !== current.epoch || status.applied.number < current.number),
  );
  return [
    ...(live.some(({ status }) => status.state === "ready")
      ? []
      : [{ kind: "no-node", subjectId: null, name: "No node", says: "is ready, so nobody is served", since: null, severe: true } as const]),
    ...refusing.map(
      (node): Incident => ({
        kind: "node-refuses",
        ...of(node),
        says: `refused revision ${node.status.refused?.number}: ${node.status.refused?.reason}`,
        since: null,
        severe: true,
      }),
    ),
    ...behind.map(
      (node): Incident => ({
        kind: "node-behind",
        ...of(node),
        says: `serves revision ${node.status.applied?.number ?? "none"}, the newest is ${current?.number}`,
        since: null,
        severe: true,
      }),
    ),
    ...gone.map(
      (node): Incident => ({
        kind: "node-gone",
        ...of(node),
        says: "is not heard any more, and was not ended on purpose",
        since: new Date(node.heardAtMs),
        severe: false,
      }),
    ),
  ];
}

/** A backend is somebody's: nodes tell of all, and the wall lets through the caller's own. */
async function failingBackends(em: EntityManager, nodes: readonly KnownNode[]): Promise<readonly Incident[]> {
  const live = nodes.filter((node) => node.live);
  const seen = live.flatMap(({ status }) => status.backends.filter(({ circuit }) => circuit !== "closed"));
  const ids = [...new Set(seen.map(({ backendId }) => backendId))];
  if (ids.length === 0) return [];
  const rows = await em.execute<{ id: string; key: string }[]>(
    "select id::text, key from backend where archived_at is null and id::text in (select jsonb_array_elements_text(?::jsonb)) order by key",
    [JSON.stringify(ids)],
  );
  return rows.map(({ id, key }) => {
    const circuits = seen.filter(({ backendId }) => backendId === id);
    const [worst] = circuits.toSorted((one, other) => Number(other.lastErrorAtMs - one.lastErrorAtMs));
    const where = circuits.length === live.length ? "every node" : `${circuits.length} of ${live.length} nodes`;
    return {
      kind: "backend-failing",
      subjectId: id,
      name: key,
      says: `is passed over by ${where}${worst === undefined ? "" : `: ${worst.lastError}${worst.lastHttpStatus === 0 ? "" : `, HTTP ${worst.lastHttpStatus}`}`}`,
      since: worst === undefined ? null : new Date(Number(worst.sinceMs)),
      severe: circuits.length === live.length,
    };
  });
}

async function budgetsNearEnd(em: EntityManager, now: Date): Promise<readonly Incident[]> {
  const rows = await em.execute<{ id: string; key: string; percent: number; since: string }[]>(
    `select b.id::text, b.key, (s.spent_nanodollars * 100 / b.limit_nanodollars)::int as percent, s.period_start as since
     from budget b join budget_state s on s.budget_id = b.id
     where b.archived_at is null and s.period_end > ? and s.spent_nanodollars * 100 > b.limit_nanodollars * ${nearEndPercent}
     order by 3 desc limit ${listedMax}`,
    [now.toISOString()],
  );
  return rows.map(({ id, key, percent }) => ({
    kind: "budget-near-end",
    subjectId: id,
    name: key,
    says: `has ${percent}% of its limit spent`,
    since: null,
    severe: percent >= 100,
  }));
}

interface ExperimentRow {
  readonly id: string;
  readonly key: string;
  readonly alarms: readonly { readonly role: string; readonly text: string }[] | null;
  readonly paused: string | null;
  readonly rolled_back: string | null;
  readonly since: string | null;
}

/** Those that run, by their newest look, and those that ended themselves in the last day. */
async function harmfulExperiments(em: EntityManager, now: Date): Promise<readonly Incident[]> {
  const rows = await em.execute<ExperimentRow[]>(
    `select e.id::text, e.key, look.result->'alarms' as alarms,
       case when e.rollout_state->>'state' = 'paused' then e.rollout_state->>'reason' end as paused,
       case when e.status = 'stopped' then e.conclusion->>'reason' end as rolled_back,
       coalesce(e.conclusion->>'at', e.rollout_state->>'stepStartedAt') as since
     from experiment e left join lateral (
       select result from experiment_evaluation as look
       where look.organisation_id = e.organisation_id and look.experiment_id = e.id and look.phase = e.phase order by at desc limit 1
     ) as look on e.status = 'running'
     where e.archived_at is null and (
       (e.status = 'running' and (e.rollout_state->>'state' = 'paused' or jsonb_array_length(look.result->'alarms') > 0))
       or (e.status = 'stopped' and e.conclusion->>'outcome' = 'rolled-back' and e.conclusion->>'actor' like 'system%'
         and (e.conclusion->>'at')::timestamptz > ?))
     order by e.id desc limit ${listedMax}`,
    [new Date(now.getTime() - dayMs).toISOString()],
  );
  return rows.map(({ id, key, alarms, paused, rolled_back, since }): Incident => {
    const of = { subjectId: id, name: key, since: since === null ? null : new Date(since) };
    const harm = alarms?.find(({ role }) => role === "guardrail") ?? alarms?.[0];
    if (rolled_back !== null) return { kind: "rolled-back", ...of, says: `was rolled back by itself: ${rolled_back}`, severe: false };
    if (harm !== undefined) return { kind: "guardrail-harmed", ...of, says: `does harm: ${harm.text}`, severe: true };
    return { kind: "rollout-paused", ...of, says: `is paused: ${paused}`, severe: false };
  });
}

interface FiringRow {
  readonly id: string;
  readonly name: string;
  readonly metric: AlertMetricName;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly window_minutes: number;
  readonly value: number | null;
  readonly since: string;
  readonly muted: boolean;
}

/** Muted ones too: nobody is told, and whoever looks here sees them. */
async function firingRules(em: EntityManager, now: Date): Promise<readonly Incident[]> {
  const rows = await em.execute<FiringRow[]>(
    `select rule.id::text, rule.name, rule.metric, rule.comparison, rule.threshold, rule.window_minutes, state.value, state.since,
       coalesce(rule.muted_until > ?, false) as muted
     from alert_rule as rule join alert_rule_state as state on state.rule_id = rule.id
     where rule.archived_at is null and state.state = 'firing' order by muted, state.since desc limit ${listedMax}`,
    [now.toISOString()],
  );
  return rows.map(({ id, name, metric, comparison, threshold, window_minutes, value, since, muted }) => {
    const { name: what, unit } = metricOf(metric);
    const found = value === null ? "not known now" : valueInWords(value, unit);
    return {
      kind: "alert-rule-firing",
      subjectId: id,
      name,
      says: `fires${muted ? ", muted" : ""}: ${what} ${found} over the last ${windowInWords(window_minutes)}, told ${comparison} ${valueInWords(threshold, unit)}`,
      since: new Date(since),
      severe: !muted,
    };
  });
}
