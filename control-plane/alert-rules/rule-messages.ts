/** What rules have told last, and what became of it: to each whom they tell the newest message. */
import type { DeliveryState } from "../database/entities/webhook.ts";
import type { EntityManager } from "../database/orm.ts";

export interface RuleMessage {
  readonly ruleId: string;
  /** A webhook's name, or an address. */
  readonly to: string;
  /** Null: e-mail. */
  readonly webhookId: string | null;
  readonly at: Date;
  readonly isTest: boolean;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error: string | null;
}

interface Row extends Omit<RuleMessage, "at"> {
  readonly at: string;
}

const listedMax = 20;

/** Of one organisation, behind its wall. Newest first. */
export async function ruleMessages(em: EntityManager, ruleIds: readonly string[]): Promise<readonly RuleMessage[]> {
  if (ruleIds.length === 0) return [];
  const rows = await em.execute<Row[]>(
    `with rule as (select id from alert_rule where id::text in (select jsonb_array_elements_text(?::jsonb)))
     select told.* from rule cross join lateral (
       select * from (
         select distinct on (mail.recipient) rule.id::text as "ruleId", mail.recipient as "to", null as "webhookId", mail.created_at as at,
           mail.alert_id is null as "isTest", mail.state, jsonb_array_length(mail.attempts) as attempts, mail.attempts->-1->>'error' as error
         from alert_mail as mail where mail.rule_id = rule.id order by mail.recipient, mail.id desc
       ) as mails
       union all
       select rule.id::text, webhook.name, webhook.id::text, delivery.created_at, false, delivery.state,
         jsonb_array_length(delivery.attempts), delivery.attempts->-1->>'error'
       from alert_rule_state as state join webhook_delivery as delivery on delivery.alert_id = state.last_alert_id
         join webhook on webhook.id = delivery.webhook_id
       where state.rule_id = rule.id
       order by at desc limit ${listedMax}
     ) as told`,
    [JSON.stringify(ruleIds)],
  );
  return rows.map((row) => ({ ...row, at: new Date(row.at) }));
}
