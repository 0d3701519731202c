/**
 * The demo's alert rules, and what they would have told in its week: found minute by minute by the same decision over the same sums
 * as any rule, and written as it would have been then.
 */
import { decide, type RuleState } from "../alert-rules/decide.ts";
import { conditionOf, filterOf } from "../alert-rules/evaluate-rules.ts";
import { readMinutes, slide } from "../alert-rules/read-values.ts";
import { tellNews } from "../alert-rules/tell.ts";
import type { AlertRule } from "../database/entities/alert-rule.ts";
import type { EntityManager } from "../database/orm.ts";
import { type AlertRuleColumns, makeAlertRule } from "../operations/alert-rules.ts";
import type { Services } from "../services.ts";
import { keptSince } from "../usage/plan-usage.ts";
import { type DemoWeek, weekMs } from "./demo-configuration.ts";
import { demoActor } from "./find-demo.ts";

const minuteMs = 60_000;
const nobody = { apiKeyId: null, routeId: null, backendId: null, webhookIds: [], emails: [] };
const rules: readonly Omit<AlertRuleColumns, "projectId">[] = [
  {
    ...nobody,
    name: "Storefront: backends fail, others answer",
    metric: "retry_rate",
    comparison: "above",
    threshold: 0.1,
    windowMinutes: 60,
    // The nights are quiet, and one failure of a few calls is nothing to be told of.
    callsMin: 60,
    holdMinutes: 0,
  },
  {
    ...nobody,
    name: "Storefront: first tokens are late",
    metric: "time_to_first_token_p95",
    comparison: "above",
    threshold: 10_000,
    windowMinutes: 60,
    callsMin: 60,
    holdMinutes: 5,
  },
];

/** Of an organisation, those that the demo has made: so its history says. */
export const demoRules = "select target_id from audit_entry where organisation_id = ? and actor = ? and action = 'alert_rule.create'";

export async function layAlertRules(services: Services, week: DemoWeek): Promise<void> {
  const { organisationId, projectId } = week;
  const made = await services.database.tenant(organisationId, (em) => em.execute<unknown[]>(demoRules, [organisationId, demoActor]));
  if (made.length > 0) return;
  for (const columns of rules) {
    const rule = await makeAlertRule(services, { actor: demoActor, organisationId }, { ...columns, projectId });
    await tellWeek(services, week, rule);
  }
}

async function tellWeek({ database, settings }: Services, { organisationId, madeAt }: DemoWeek, rule: AlertRule): Promise<void> {
  const untilMs = Math.floor(madeAt.getTime() / minuteMs) * minuteMs;
  const range = { since: new Date(untilMs - weekMs), until: new Date(untilMs) };
  const kept = keptSince(Date.now(), settings.ledgerDays);
  const minutes = await readMinutes(database, { organisationId, metric: rule.metric, filter: filterOf(rule) }, range, kept);
  let state: RuleState | undefined;
  for (const [index, measured] of slide(rule.metric, minutes, rule.windowMinutes).entries()) {
    const at = new Date(range.since.getTime() + (index + rule.windowMinutes) * minuteMs);
    const { after, tell } = decide(conditionOf(rule), state, { ...measured, atMs: at.getTime(), muted: false });
    state = after;
    if (tell === undefined) continue;
    const news = { tell, at, since: at, measured, scope: "project Storefront (demo)" };
    await database.system((em) => tellNews(em, rule, news));
  }
}

/** With the rest of the demo; what they told stays told. */
export const archiveDemoRules = (em: EntityManager, organisationId: string, at: Date): Promise<unknown> =>
  em.execute(`update alert_rule set archived_at = ? where archived_at is null and id in (${demoRules})`, [
    at.toISOString(),
    organisationId,
    demoActor,
  ]);
