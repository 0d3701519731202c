/**
 * Raises an alert, once for each occasion: the row, and a delivery for each webhook that wants its type, in the transaction of
 * whoever found it. Told twice it is nothing new, so that finders need not remember what they have told.
 */
import { v7 } from "uuid";
import type { AlertType } from "../database/entities/alert.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";

export interface RaisedAlert {
  readonly organisationId: string;
  readonly at: Date;
  readonly type: AlertType;
  readonly occasion: string;
  /** What receivers get as `data`. */
  readonly data: JsonObject;
  /** Who is told; left out: those that want its type. */
  readonly webhookIds?: readonly string[];
}

/** @returns its id; undefined: it was told before. */
export async function raiseAlert(
  em: EntityManager,
  { organisationId, at, type, occasion, data, webhookIds }: RaisedAlert,
): Promise<string | undefined> {
  const id = v7();
  const raised = await em.execute<unknown[]>(
    `insert into alert (id, organisation_id, at, type, occasion, data) values (?, ?, ?, ?, ?, ?::jsonb)
     on conflict (organisation_id, occasion) do nothing returning 1 as one`,
    [id, organisationId, at.toISOString(), type, occasion, JSON.stringify(data)],
  );
  if (raised.length === 0) return undefined;
  const named = webhookIds === undefined ? null : JSON.stringify(webhookIds);
  const wanting = await em.execute<{ id: string }[]>(
    `select id::text as id from webhook where organisation_id = ? and enabled and archived_at is null
       and (case when ?::jsonb is null then ? = any (alert_types) else ?::jsonb @> to_jsonb(id::text) end)`,
    [organisationId, named, type, named],
  );
  for (const webhook of wanting)
    await addDelivery(em, { organisationId, webhookId: webhook.id, alertId: id, type, body: payloadOf(type, at, data), at });
  return id;
}

/** As the Standard Webhooks specification has it: type, timestamp, data. */
export const payloadOf = (type: AlertType, at: Date, data: JsonObject): string =>
  JSON.stringify({ type, timestamp: at.toISOString(), data });

export interface NewDelivery {
  readonly organisationId: string;
  readonly webhookId: string;
  readonly alertId: string | null;
  readonly type: AlertType;
  readonly body: string;
  readonly at: Date;
}

/** @returns the delivery's id. */
export async function addDelivery(em: EntityManager, delivery: NewDelivery): Promise<string> {
  const id = v7();
  const at = delivery.at.toISOString();
  await em.execute(
    `insert into webhook_delivery
       (id, organisation_id, webhook_id, alert_id, type, body, created_at, state, attempts, next_attempt_at)
     values (?, ?, ?, ?, ?, ?, ?, 'waiting', '[]', ?)`,
    [id, delivery.organisationId, delivery.webhookId, delivery.alertId, delivery.type, delivery.body, at, at],
  );
  return id;
}
