/** Puts an e-mail on its way, in the transaction of whoever has something to tell. */
import { v7 } from "uuid";
import type { EntityManager } from "../database/orm.ts";

export interface NewMail {
  readonly organisationId: string;
  readonly ruleId: string;
  /** Null: a test. */
  readonly alertId: string | null;
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
  readonly at: Date;
}

export async function addMail(em: EntityManager, mail: NewMail): Promise<void> {
  const at = mail.at.toISOString();
  await em.execute(
    `insert into alert_mail (id, organisation_id, rule_id, alert_id, recipient, subject, body, created_at, state, attempts, next_attempt_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', '[]', ?)`,
    [v7(), mail.organisationId, mail.ruleId, mail.alertId, mail.recipient, mail.subject, mail.body, at, at],
  );
}
