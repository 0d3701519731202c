/** A rule about a figure of usage that people made: when it is to be told, and to whom. Nodes know nothing of it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Comparison, RuleStateName, Telling } from "../../alert-rules/decide.ts";
import type { AlertMetricName } from "../../alert-rules/metric.ts";

export const AlertRule = defineEntity({
  name: "AlertRule",
  tableName: "alert_rule",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    revision: p.integer(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
    name: p.text(),
    metric: p.text().$type<AlertMetricName>(),
    /** Which calls; null: any. */
    projectId: p.uuid().nullable(),
    apiKeyId: p.uuid().nullable(),
    routeId: p.uuid().nullable(),
    backendId: p.uuid().nullable(),
    comparison: p.text().$type<Comparison>(),
    /** In the metric's unit; a share from 0 to 1. */
    threshold: p.double().$type<number>(),
    windowMinutes: p.integer(),
    /** Fewer calls in the window: it says nothing. */
    callsMin: p.integer(),
    /** How long the breach must last. 0: it fires at once. */
    holdMinutes: p.integer(),
    /** Told besides those who read the list of alerts. */
    webhookIds: p.array(),
    emails: p.array(),
    /** Until then it is looked at and tells nobody. */
    mutedUntil: p.datetime().nullable(),
  },
});
export type AlertRule = InferEntity<typeof AlertRule>;

/** What the last look found. */
export const AlertRuleState = defineEntity({
  name: "AlertRuleState",
  tableName: "alert_rule_state",
  properties: {
    ruleId: p.uuid().primary(),
    organisationId: p.uuid(),
    state: p.text().$type<RuleStateName>(),
    since: p.datetime(),
    turningSince: p.datetime().nullable(),
    lookedAt: p.datetime(),
    told: p.text().$type<Telling>(),
    /** Null: too few calls to say. */
    value: p.double().$type<number>().nullable(),
    calls: p.bigint(),
    /** What was told last. */
    lastAlertId: p.uuid().nullable(),
  },
});
export type AlertRuleState = InferEntity<typeof AlertRuleState>;
