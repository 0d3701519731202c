/** One e-mail by which a rule tells one address, with all its attempts. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { DeliveryState } from "./webhook.ts";

export interface MailAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  /** Null: the server took it. */
  readonly error: string | null;
}

export const AlertMail = defineEntity({
  name: "AlertMail",
  tableName: "alert_mail",
  properties: {
    /** UUID v7: what its Message-ID is made of, the same in each attempt. */
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    ruleId: p.uuid(),
    /** Null: a test. */
    alertId: p.uuid().nullable(),
    recipient: p.text(),
    subject: p.text(),
    body: p.text(),
    createdAt: p.datetime(),
    state: p.text().$type<DeliveryState>(),
    attempts: p.json<readonly MailAttempt[]>(),
    /** Also until when somebody else is at it. */
    nextAttemptAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
});
export type AlertMail = InferEntity<typeof AlertMail>;
