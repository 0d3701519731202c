/** Alert rules: made, changed, muted, tried out, archived; each with its entry in the audit log. Nodes are not told: they need nothing of it. */
import { v7 } from "uuid";
import { type Comparison, comparisons } from "../alert-rules/decide.ts";
import { type AlertMetricName, metricOf, type RuleFilter } from "../alert-rules/metric.ts";
import { requireSums } from "../alert-rules/read-values.ts";
import { addDelivery, payloadOf } from "../alerts/raise-alert.ts";
import { ConflictError, NotFoundError, ValidationError, type ValidationIssue } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { AlertRule } from "../database/entities/alert-rule.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import { Webhook } from "../database/entities/webhook.ts";
import type { EntityManager } from "../database/orm.ts";
import { addMail } from "../mail/add-mail.ts";
import { mailNotSetUp } from "../mail/deliver-mails.ts";
import type { Services } from "../services.ts";
import { requireStorable } from "../storable-text.ts";
import type { ChangeAuthor } from "./change-configuration.ts";

const rulesMax = 100;
const toldMax = 20;
export const windowMinutesMin = 5;
export const windowMinutesMax = 1_440;
const holdMinutesMax = 1_440;
const callsMinMax = 1_000_000_000;
const muteMsMax = 366 * 86_400_000;

export interface AlertRuleColumns extends RuleFilter {
  readonly name: string;
  readonly metric: AlertMetricName;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly windowMinutes: number;
  readonly callsMin: number;
  readonly holdMinutes: number;
  readonly webhookIds: readonly string[];
  readonly emails: readonly string[];
}

type RuleServices = Pick<Services, "settings" | "database">;

/** @throws ValidationError. */
export const makeAlertRule = (services: RuleServices, author: ChangeAuthor, columns: AlertRuleColumns): Promise<AlertRule> =>
  services.database.tenant(author.organisationId, async (em) => {
    if ((await em.count(AlertRule, { archivedAt: null })) >= rulesMax)
      throw new ValidationError([{ path: "", message: `an organisation may have ${rulesMax} alert rules; archive some` }]);
    const checked = await checkedColumns(em, services, columns, undefined);
    const now = new Date();
    const rule = em.create(AlertRule, {
      id: v7(),
      organisationId: author.organisationId,
      revision: 1,
      createdAt: now,
      updatedAt: now,
      archivedAt: null,
      mutedUntil: null,
      ...checked,
    });
    em.persist([rule, audit(em, author, now, "alert_rule.create", rule)]);
    return rule;
  });

/** What it looks at and whom it tells; what was told stays told. @throws ValidationError, NotFoundError, ConflictError. */
export const changeAlertRule = (
  services: RuleServices,
  author: ChangeAuthor,
  id: string,
  expectedRevision: number,
  columns: Partial<AlertRuleColumns>,
): Promise<AlertRule> =>
  edit(services, author, id, expectedRevision, "alert_rule.update", async (rule, _now, em) => {
    Object.assign(rule, await checkedColumns(em, services, { ...columnsOf(rule), ...columns }, rule));
  });

/** @throws NotFoundError, ConflictError. */
export const archiveAlertRule = (services: RuleServices, author: ChangeAuthor, id: string, expectedRevision: number): Promise<AlertRule> =>
  edit(services, author, id, expectedRevision, "alert_rule.archive", async (rule, now) => {
    rule.archivedAt = now;
  });

/** @param until null: it speaks again. @throws ValidationError, NotFoundError. */
export function muteAlertRule(services: RuleServices, author: ChangeAuthor, id: string, until: Date | null): Promise<AlertRule> {
  const aheadMs = until === null ? 1 : until.getTime() - Date.now();
  if (aheadMs <= 0 || aheadMs > muteMsMax)
    throw new ValidationError([{ path: "until", message: "must be ahead, and within a year; what nobody needs is archived" }]);
  const action = until === null ? "alert_rule.unmute" : "alert_rule.mute";
  return edit(services, author, id, undefined, action, async (rule) => {
    rule.mutedUntil = until;
  });
}

/** A message to each whom it tells, on its way like any other; muted or not. @returns to how many. @throws NotFoundError, ValidationError. */
export const testAlertRule = (services: RuleServices, author: ChangeAuthor, id: string): Promise<number> =>
  services.database.tenant(author.organisationId, async (em) => {
    const rule = await load(em, id);
    const at = new Date();
    const { organisationId } = author;
    const webhooks = await em.find(Webhook, { id: { $in: [...rule.webhookIds] }, enabled: true, archivedAt: null });
    if (webhooks.length + rule.emails.length === 0)
      throw new ValidationError([{ path: "id", message: "it tells nobody: give it a webhook that is switched on, or an address" }]);
    for (const { id: webhookId } of webhooks) {
      const data = { organisationId, webhookId, actor: author.actor, alertRuleId: rule.id, alertRuleName: rule.name };
      const body = payloadOf("webhook.test", at, data);
      await addDelivery(em, { organisationId, webhookId, alertId: null, type: "webhook.test", body, at });
    }
    const subject = `Test: ${rule.name}`;
    const body = `${author.actor} tries whether the alert rule “${rule.name}” reaches this address. It does.\n`;
    for (const recipient of rule.emails)
      await addMail(em, { organisationId, ruleId: rule.id, alertId: null, recipient, subject, body, at });
    em.persist(audit(em, author, at, "alert_rule.test", rule));
    return webhooks.length + rule.emails.length;
  });

const edit = (
  services: RuleServices,
  author: ChangeAuthor,
  id: string,
  expectedRevision: number | undefined,
  action: string,
  change: (rule: AlertRule, now: Date, em: EntityManager) => Promise<void>,
): Promise<AlertRule> =>
  services.database.tenant(author.organisationId, async (em) => {
    if (isUuid(id)) await em.execute("select 1 from alert_rule where id = ? for update", [id]);
    const rule = await load(em, id);
    if (expectedRevision !== undefined && rule.revision !== expectedRevision) throw new ConflictError("alert rule", rule.revision);
    const now = new Date();
    await change(rule, now, em);
    rule.revision += 1;
    rule.updatedAt = now;
    em.persist(audit(em, author, now, action, rule));
    return rule;
  });

async function load(em: EntityManager, id: string): Promise<AlertRule> {
  const rule = isUuid(id) ? await em.findOne(AlertRule, { id, archivedAt: null }) : null;
  if (rule === null) throw new NotFoundError("alert rule", id);
  return rule;
}

const columnsOf = (rule: AlertRule): AlertRuleColumns => ({
  name: rule.name,
  metric: rule.metric,
  projectId: rule.projectId ?? null,
  apiKeyId: rule.apiKeyId ?? null,
  routeId: rule.routeId ?? null,
  backendId: rule.backendId ?? null,
  comparison: rule.comparison,
  threshold: rule.threshold,
  windowMinutes: rule.windowMinutes,
  callsMin: rule.callsMin,
  holdMinutes: rule.holdMinutes,
  webhookIds: rule.webhookIds,
  emails: rule.emails,
});

/** What a rule asks, without who is told: of a preview too. @throws ValidationError. */
export async function checkCondition(
  em: EntityManager,
  rule: Omit<AlertRuleColumns, "name" | "webhookIds" | "emails" | "threshold"> & { readonly threshold: number | null },
): Promise<void> {
  const issues: ValidationIssue[] = [];
  const whole = (path: "windowMinutes" | "callsMin" | "holdMinutes", min: number, max: number) => {
    if (!Number.isInteger(rule[path]) || rule[path] < min || rule[path] > max)
      issues.push({ path, message: `must be from ${min} to ${max}` });
  };
  whole("windowMinutes", windowMinutesMin, windowMinutesMax);
  whole("callsMin", 0, callsMinMax);
  whole("holdMinutes", 0, holdMinutesMax);
  issues.push(...faultsOfThreshold(rule));
  if (issues.length > 0) throw new ValidationError(issues);
  requireSums(rule.metric, rule, "filter");
  for (const [path, kind] of filterKinds) await requireThing(em, `filter.${path}`, kind, rule[path]);
}

const filterKinds = [
  ["projectId", "project"],
  ["apiKeyId", "api_key"],
  ["routeId", "route"],
  ["backendId", "backend"],
] as const satisfies readonly (readonly [keyof RuleFilter, string])[];
type FilterKind = (typeof filterKinds)[number][1];

function faultsOfThreshold({
  metric,
  comparison,
  threshold,
}: Pick<AlertRuleColumns, "metric" | "comparison"> & { readonly threshold: number | null }): readonly ValidationIssue[] {
  if (threshold === null) return [];
  const fault = (message: string) => [{ path: "threshold", message }];
  if (!Number.isFinite(threshold) || threshold < 0 || threshold > Number.MAX_SAFE_INTEGER) return fault("must be 0 or more");
  if (comparison === "below" && threshold === 0) return fault("nothing is below 0");
  if (metricOf(metric).unit === "share" && threshold > 1) return fault("is a share of the calls: from 0 to 1");
  return metricOf(metric).unit === "share" && comparison === "above" && threshold === 1 ? fault("no share is above 1") : [];
}

async function requireThing(em: EntityManager, path: string, kind: FilterKind, id: string | null): Promise<void> {
  if (id === null) return;
  // A kind of these is its table's name.
  const rows = isUuid(id) ? await em.execute<unknown[]>(`select 1 from ${kind} where id = ?`, [id]) : [];
  if (rows.length === 0) throw new ValidationError([{ path, message: `there is no ${kind.replace("_", " ")} with this id` }]);
}

async function checkedColumns(
  em: EntityManager,
  { settings }: Pick<Services, "settings">,
  columns: AlertRuleColumns,
  before: AlertRule | undefined,
): Promise<AlertRuleColumns & { webhookIds: string[]; emails: string[] }> {
  const { webhookIds, emails, comparison } = columns;
  const name = columns.name.trim();
  requireStorable({ name, ...Object.fromEntries(emails.map((email, index) => [`emails[${index}]`, email])) });
  const issues: ValidationIssue[] = [];
  if (name === "" || name.length > 200) issues.push({ path: "name", message: "must have 1 to 200 characters" });
  if (!comparisons.includes(comparison)) issues.push({ path: "comparison", message: `must be one of ${comparisons.join(", ")}` });
  if (webhookIds.length > toldMax) issues.push({ path: "webhookIds", message: `may list ${toldMax}` });
  if (emails.length > toldMax) issues.push({ path: "emails", message: `may list ${toldMax}` });
  emails.forEach((email, index) => {
    if (!isAddress(email)) issues.push({ path: `emails[${index}]`, message: "must be an address such as ops@example.com" });
  });
  const isNew = emails.some((email) => before?.emails.includes(email) !== true);
  if (settings.smtp === undefined && isNew) issues.push({ path: "emails", message: mailNotSetUp });
  if (issues.length > 0) throw new ValidationError(issues);
  await checkCondition(em, columns);
  const known = await em.find(Webhook, { id: { $in: webhookIds.filter(isUuid) }, archivedAt: null }, { fields: ["id"] });
  for (const id of webhookIds)
    if (!known.some((webhook) => webhook.id === id) && before?.webhookIds.includes(id) !== true)
      throw new ValidationError([{ path: "webhookIds", message: `there is no webhook with the id ${id}` }]);
  if ((await em.count(AlertRule, { name, archivedAt: null, ...(before === undefined ? {} : { id: { $ne: before.id } }) })) > 0)
    throw new ValidationError([{ path: "name", message: "is another rule's already" }]);
  return { ...columns, name, webhookIds: [...new Set(webhookIds)], emails: [...new Set(emails)] };
}

/** One address, without a name and without anything that a header could be made of. Whether it is somebody's, its server knows. */
const isAddress = (text: string): boolean => text.length <= 254 && /^[^\s@,;:<>"()[\]\\]+@[^\s@,;:<>"()[\]\\]+$/.test(text);

const audit = (em: EntityManager, author: ChangeAuthor, at: Date, action: string, rule: AlertRule): AuditEntry =>
  em.create(AuditEntry, {
    id: v7(),
    organisationId: author.organisationId,
    at,
    actor: author.actor,
    action,
    targetKind: "alert_rule",
    targetId: rule.id,
    revisionNumber: null,
    details: {
      name: rule.name,
      metric: rule.metric,
      comparison: rule.comparison,
      threshold: rule.threshold,
      windowMinutes: rule.windowMinutes,
      mutedUntil: rule.mutedUntil?.toISOString() ?? null,
      webhooks: rule.webhookIds.length,
      emails: rule.emails.length,
    },
  });
