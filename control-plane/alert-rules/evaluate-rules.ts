/**
 * Looks at every rule, every ten seconds, on one control plane, from sums alone. What a look found, that it is told, and to whom are
 * written in one transaction under the rule's lock, so that a leader that dies in between has either told or not looked, and two that
 * believe they lead tell once. With the database away nothing is found and nobody is told; the next turn looks again.
 */
import { AlertRule, AlertRuleState } from "../database/entities/alert-rule.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import { keptSince } from "../usage/plan-usage.ts";
import { decide, knownValue, type RuleCondition, type RuleState } from "./decide.ts";
import type { RuleFilter } from "./metric.ts";
import { type Measured, readValue, windowAt } from "./read-values.ts";
import { tellNews } from "./tell.ts";

/** Looked at in one turn, those that waited longest first; more wait for the next. */
const rulesAtOnce = 500;
/** No new look is begun after this long, so that a slow database does not cost the lease. */
const turnMsMax = 15_000;

export type RuleServices = Pick<Services, "database" | "settings" | "logger">;

export const conditionOf = (rule: AlertRule): RuleCondition => ({
  comparison: rule.comparison,
  threshold: rule.threshold,
  callsMin: rule.callsMin,
  holdMs: rule.holdMinutes * 60_000,
});

export const filterOf = ({ projectId, apiKeyId, routeId, backendId }: AlertRule): RuleFilter => ({
  projectId: projectId ?? null,
  apiKeyId: apiKeyId ?? null,
  routeId: routeId ?? null,
  backendId: backendId ?? null,
});

/** @returns how many were told. */
export async function evaluateRules(services: RuleServices, now: Date): Promise<number> {
  const giveUpAtMs = performance.now() + turnMsMax;
  let told = 0;
  for (const rule of await services.database.system((em) => longestUnseen(em))) {
    if (performance.now() > giveUpAtMs) break;
    try {
      if (await evaluateRule(services, rule, now)) told++;
    } catch (error) {
      services.logger.warn({ err: error, ruleId: rule.id }, "an alert rule could not be looked at; it is tried again");
    }
  }
  return told;
}

async function longestUnseen(em: EntityManager): Promise<AlertRule[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select rule.id::text as id from alert_rule as rule left join alert_rule_state as state on state.rule_id = rule.id
     where rule.archived_at is null order by state.looked_at nulls first, rule.id limit ${rulesAtOnce}`,
  );
  const ids = rows.map(({ id }) => id);
  const rules = await em.find(AlertRule, { id: { $in: ids } });
  return rules.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
}

/** @returns whether it was told. */
export async function evaluateRule({ database, settings }: RuleServices, rule: AlertRule, now: Date): Promise<boolean> {
  const { organisationId, metric } = rule;
  const range = windowAt(rule.comparison, rule.windowMinutes * 60_000, now.getTime());
  const kept = keptSince(now.getTime(), settings.ledgerDays);
  const measured = await readValue(database, { organisationId, metric, filter: filterOf(rule) }, range, kept);
  return database.system((em) => writeLook(em, rule, measured, now));
}

async function writeLook(em: EntityManager, read: AlertRule, measured: Measured, now: Date): Promise<boolean> {
  // Whoever mutes, changes or archives it, and another that believes it leads, waits here.
  await em.execute("select 1 from alert_rule where id = ? for update", [read.id]);
  const rule = await em.findOne(AlertRule, { id: read.id, archivedAt: null });
  if (rule === null || rule.revision !== read.revision) return false;
  const row = await em.findOne(AlertRuleState, { ruleId: rule.id });
  const before = row === null ? undefined : stateOf(row);
  if (before !== undefined && before.lookedAtMs >= now.getTime()) return false;
  const condition = conditionOf(rule);
  const muted = rule.mutedUntil != null && rule.mutedUntil > now;
  const { after, tell } = decide(condition, before, { atMs: now.getTime(), ...measured, muted });
  const since = new Date(after.sinceMs);
  const known = { ...measured, value: knownValue(condition, measured) };
  const alertId =
    tell === undefined ? undefined : await tellNews(em, rule, { tell, at: now, since, measured: known, scope: await scopeOf(em, rule) });
  await em.upsert(AlertRuleState, {
    ruleId: rule.id,
    organisationId: rule.organisationId,
    state: after.state,
    since,
    turningSince: after.turningSinceMs === null ? null : new Date(after.turningSinceMs),
    lookedAt: now,
    told: after.told,
    value: known.value,
    calls: BigInt(measured.calls),
    lastAlertId: alertId ?? row?.lastAlertId ?? null,
  });
  return alertId !== undefined;
}

const stateOf = ({ state, since, turningSince, lookedAt, told }: AlertRuleState): RuleState => ({
  state,
  sinceMs: since.getTime(),
  turningSinceMs: turningSince?.getTime() ?? null,
  lookedAtMs: lookedAt.getTime(),
  told,
});

/** In words, for those who are told outside the console. */
async function scopeOf(em: EntityManager, { projectId, apiKeyId, routeId, backendId }: AlertRule): Promise<string> {
  const [row] = await em.execute<{ scope: string }[]>(
    `select concat_ws(' on ', (select 'project ' || name from project where id = ?), (select 'key ' || name from api_key where id = ?),
       (select 'route ' || name from route where id = ?), (select 'backend ' || key from backend where id = ?)) as scope`,
    [projectId ?? null, apiKeyId ?? null, routeId ?? null, backendId ?? null],
  );
  return row === undefined || row.scope === "" ? "the whole organisation" : row.scope;
}
