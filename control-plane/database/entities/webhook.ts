/** Where an organisation hears of its alerts: an HTTP endpoint, and what was sent to it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { AlertType } from "./alert.ts";

export const Webhook = defineEntity({
  name: "Webhook",
  tableName: "webhook",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    revision: p.integer(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
    name: p.text(),
    url: p.text(),
    /** The operator has said that it may stand at a private address. */
    privateAddressAllowed: p.boolean(),
    alertTypes: p.array<AlertType>((type) => type as AlertType),
    enabled: p.boolean(),
    /** See agreements/sealed-secret.ts. */
    sealedSecret: p.text(),
    /** Signed with as well until then, so that receivers can change over in peace. */
    previousSealedSecret: p.text().nullable(),
    previousSecretUntil: p.datetime().nullable(),
  },
});
export type Webhook = InferEntity<typeof Webhook>;

export const deliveryStates = ["waiting", "delivered", "failed"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  /** Null: no answer came. */
  readonly httpStatus: number | null;
  /** Null: it was taken. */
  readonly error: string | null;
}

export const WebhookDelivery = defineEntity({
  name: "WebhookDelivery",
  tableName: "webhook_delivery",
  properties: {
    /** UUID v7: what receivers see as webhook-id, the same in each attempt. */
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    webhookId: p.uuid(),
    /** Null: a test. */
    alertId: p.uuid().nullable(),
    type: p.text().$type<AlertType>(),
    /** As it is signed and sent. */
    body: p.text(),
    createdAt: p.datetime(),
    state: p.text().$type<DeliveryState>(),
    attempts: p.json<readonly DeliveryAttempt[]>(),
    /** Also until when somebody else is at it. */
    nextAttemptAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
});
export type WebhookDelivery = InferEntity<typeof WebhookDelivery>;
