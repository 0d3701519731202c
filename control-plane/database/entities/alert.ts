/** Something that people should hear of, written once: no role may change or delete it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { JsonObject } from "./route.ts";

export const alertTypes = [
  "budget.threshold_reached",
  "price.missing",
  "quota.passed",
  "alert_rule.fired",
  "alert_rule.resolved",
  "webhook.test",
] as const;
export type AlertType = (typeof alertTypes)[number];

/** What webhooks may ask for. A rule names those whom it tells. */
export const chosenAlertTypes: readonly AlertType[] = alertTypes.filter((type) => !type.startsWith("alert_rule."));

export const Alert = defineEntity({
  name: "Alert",
  tableName: "alert",
  properties: {
    /** UUID v7. */
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    at: p.datetime(),
    type: p.text().$type<AlertType>(),
    /** What it is told once for, whoever finds it and however often. */
    occasion: p.text(),
    data: p.json<JsonObject>(),
  },
});
export type Alert = InferEntity<typeof Alert>;
