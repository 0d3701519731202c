/**
 * Tells that a rule fires or no longer does, in the transaction that writes so: the alert, a delivery for each webhook that the rule
 * names, a mail for each address. Told again for the same change of state it is nothing new.
 */
import { raiseAlert } from "../alerts/raise-alert.ts";
import type { AlertRule } from "../database/entities/alert-rule.ts";
import type { EntityManager } from "../database/orm.ts";
import { addMail } from "../mail/add-mail.ts";
import type { Telling } from "./decide.ts";
import { metricOf, valueInWords, windowInWords } from "./metric.ts";
import type { Measured } from "./read-values.ts";

export interface News {
  readonly tell: Telling;
  readonly at: Date;
  /** Of the state that is told. */
  readonly since: Date;
  readonly measured: Measured;
  /** What the calls are of, in words: "route chat". */
  readonly scope: string;
}

/** @returns the alert's id; undefined: it was told before. */
export async function tellNews(em: EntityManager, rule: AlertRule, news: News): Promise<string | undefined> {
  const { tell, at, since, measured, scope } = news;
  const { unit } = metricOf(rule.metric);
  const says = newsInWords(rule, news);
  const id = await raiseAlert(em, {
    organisationId: rule.organisationId,
    at,
    type: `alert_rule.${tell}`,
    occasion: `alert rule ${rule.id} ${tell} ${since.toISOString()}`,
    webhookIds: rule.webhookIds,
    data: {
      organisationId: rule.organisationId,
      alertRuleId: rule.id,
      alertRuleName: rule.name,
      says,
      metric: rule.metric,
      unit,
      scope,
      projectId: rule.projectId ?? null,
      apiKeyId: rule.apiKeyId ?? null,
      routeId: rule.routeId ?? null,
      backendId: rule.backendId ?? null,
      comparison: rule.comparison,
      threshold: rule.threshold,
      value: measured.value,
      calls: String(measured.calls),
      windowMinutes: rule.windowMinutes,
      since: since.toISOString(),
    },
  });
  if (id === undefined) return undefined;
  const subject = `${tell === "fired" ? "Alert" : "Over"}: ${rule.name}`;
  const body = `${says}\n\nSince ${since.toISOString().slice(0, 16).replace("T", " ")} UTC. The rule and its chart stand in the console under Alerts, Rules.\n`;
  for (const recipient of rule.emails)
    await addMail(em, { organisationId: rule.organisationId, ruleId: rule.id, alertId: id, recipient, subject, body, at });
  return id;
}

/** "Error rate of route chat: 12% over the last 10 minutes, above 5%." */
export function newsInWords(rule: AlertRule, { tell, measured, scope }: Pick<News, "tell" | "measured" | "scope">): string {
  const { name, unit } = metricOf(rule.metric);
  const what = `${name.charAt(0).toUpperCase()}${name.slice(1)} of ${scope}`;
  const window = `over the last ${windowInWords(rule.windowMinutes)}`;
  if (measured.value === null) return `${what}: too few calls ${window} to say, so it no longer fires.`;
  const than = `${rule.comparison} ${valueInWords(rule.threshold, unit)}`;
  return `${what}: ${valueInWords(measured.value, unit)} ${window}, ${tell === "fired" ? than : `no longer ${than}`}.`;
}
