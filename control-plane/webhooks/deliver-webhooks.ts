/**
 * Delivers what waits: takes a few that are due for itself (so that any number of control planes may do this at once), posts
 * them, and writes what came of it. A process that dies with one in hand leaves it to be taken again when its time is over, so a
 * receiver may get a message twice, by the same webhook-id, and never not at all.
 *
 * Tried again after 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h and 14 h, more or less, about the times that the Standard Webhooks
 * specification gives; then it has failed. 410 ends it at once.
 */
import { openSecret } from "#agreements/sealed-secret.ts";
import type { DeliveryAttempt, Webhook } from "../database/entities/webhook.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import type { WebhookPoster } from "./post-webhook.ts";
import { signatureHeaders } from "./webhook-signature.ts";

const atOnce = 20;
/** Longer than an attempt can take. */
const holdMs = 60_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const pausesMs = [5_000, minuteMs, 5 * minuteMs, 30 * minuteMs, 2 * hourMs, 5 * hourMs, 10 * hourMs, 14 * hourMs];
/** Attempts come together where a receiver was away for all: they are spread by up to a fifth. */
const jitter = 0.2;

export type DeliveryServices = Pick<Services, "settings" | "database" | "logger">;

/** @returns how many were posted; as many as are taken at once: there may be more. */
export async function deliverWebhooks(services: DeliveryServices, poster: WebhookPoster, now: Date): Promise<number> {
  const due = await services.database.system((em) => takeDue(em, now));
  await Promise.all(
    due.map(async (delivery) => {
      try {
        await deliver(services, poster, delivery);
      } catch (error) {
        services.logger.warn({ err: error, deliveryId: delivery.id }, "a webhook's delivery could not be seen through; it is taken again");
      }
    }),
  );
  return due.length;
}

interface DueDelivery {
  readonly id: string;
  readonly organisationId: string;
  readonly webhookId: string;
  readonly body: string;
  readonly attempts: readonly DeliveryAttempt[];
  readonly webhook: Pick<
    Webhook,
    "url" | "privateAddressAllowed" | "enabled" | "archivedAt" | "sealedSecret" | "previousSealedSecret" | "previousSecretUntil"
  >;
}

async function takeDue(em: EntityManager, now: Date): Promise<readonly DueDelivery[]> {
  const rows = await em.execute<Readonly<Record<string, unknown>>[]>(
    `with due as (
       select id from webhook_delivery where state = 'waiting' and next_attempt_at <= ?
       order by next_attempt_at limit ${atOnce} for update skip locked
     ), taken as (
       update webhook_delivery set next_attempt_at = ? from due where webhook_delivery.id = due.id returning webhook_delivery.*
     )
     select taken.id::text as id, taken.organisation_id::text as organisation_id, taken.webhook_id::text as webhook_id, taken.body, taken.attempts,
       webhook.url, webhook.private_address_allowed, webhook.enabled, webhook.archived_at, webhook.sealed_secret,
       webhook.previous_sealed_secret, floor(extract(epoch from webhook.previous_secret_until) * 1000)::bigint::text as previous_secret_until_ms
     from taken join webhook on webhook.id = taken.webhook_id`,
    [now.toISOString(), new Date(now.getTime() + holdMs).toISOString()],
  );
  return rows.map((row) => ({
    id: String(row["id"]),
    organisationId: String(row["organisation_id"]),
    webhookId: String(row["webhook_id"]),
    body: String(row["body"]),
    attempts: row["attempts"] as readonly DeliveryAttempt[],
    webhook: {
      url: String(row["url"]),
      privateAddressAllowed: row["private_address_allowed"] === true,
      enabled: row["enabled"] === true,
      archivedAt: row["archived_at"] === null ? null : new Date(String(row["archived_at"])),
      sealedSecret: String(row["sealed_secret"]),
      previousSealedSecret: row["previous_sealed_secret"] === null ? null : String(row["previous_sealed_secret"]),
      previousSecretUntil: row["previous_secret_until_ms"] === null ? null : new Date(Number(row["previous_secret_until_ms"])),
    },
  }));
}

async function deliver({ settings, database }: DeliveryServices, poster: WebhookPoster, delivery: DueDelivery): Promise<void> {
  const { webhook, organisationId } = delivery;
  const at = new Date();
  if (!webhook.enabled || webhook.archivedAt != null) {
    const attempt = { at: at.toISOString(), durationMs: 0, httpStatus: null, error: "the webhook was switched off or archived meanwhile" };
    await database.system((em) => write(em, delivery, attempt, undefined, at));
    return;
  }
  const place = webhookSecretPlace(organisationId, delivery.webhookId);
  const overlaps = webhook.previousSealedSecret != null && webhook.previousSecretUntil != null && webhook.previousSecretUntil > at;
  const secrets = [webhook.sealedSecret, ...(overlaps ? [webhook.previousSealedSecret ?? ""] : [])].map((sealed) =>
    openSecret(settings.sealingKey, place, sealed),
  );
  const headers = signatureHeaders({ id: delivery.id, at, body: delivery.body }, secrets);
  const { gone, ...attempt } = await poster.post(webhook, delivery.body, headers);
  const pauseMs = attempt.error === null || gone ? undefined : pausesMs[delivery.attempts.length];
  await database.system((em) => write(em, delivery, attempt, pauseMs, new Date()));
}

/** Where a webhook's secret belongs: see agreements/sealed-secret.ts. It is ours, and goes with the webhook wherever that points. */
export const webhookSecretPlace = (organisationId: string, webhookId: string) => ({ organisationId, rowId: webhookId, baseUrl: "webhook" });

/** @param pauseMs until the next attempt; undefined: there is none. */
async function write(
  em: EntityManager,
  { id, attempts }: DueDelivery,
  attempt: DeliveryAttempt,
  pauseMs: number | undefined,
  now: Date,
): Promise<void> {
  const state = attempt.error === null ? "delivered" : pauseMs === undefined ? "failed" : "waiting";
  const next = new Date(now.getTime() + (pauseMs ?? 0) * (1 + jitter * (Math.random() - 0.5)));
  await em.execute(
    "update webhook_delivery set state = ?, attempts = ?::jsonb, next_attempt_at = ?, finished_at = ? where id = ? and state = 'waiting'",
    [state, JSON.stringify([...attempts, attempt]), next.toISOString(), state === "waiting" ? null : now.toISOString(), id],
  );
}
