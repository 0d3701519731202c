/** Webhooks: made, changed, given a new secret, tried out, archived; each with its entry in the audit log. */
import { v7 } from "uuid";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { addDelivery, payloadOf } from "../alerts/raise-alert.ts";
import { ConflictError, NotFoundError, ValidationError, type ValidationIssue } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { type AlertType, chosenAlertTypes } from "../database/entities/alert.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import { Webhook, WebhookDelivery } from "../database/entities/webhook.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import { requireStorable } from "../storable-text.ts";
import { webhookSecretPlace } from "../webhooks/deliver-webhooks.ts";
import { newSecret } from "../webhooks/webhook-signature.ts";
import type { ChangeAuthor } from "./change-configuration.ts";
import { placeOf } from "./provider-place.ts";

const webhooksMax = 50;
/** A secret that was replaced signs along for this long. */
const overlapMs = 24 * 3_600_000;
const urlLengthMax = 2048;

export interface WebhookColumns {
  readonly name: string;
  readonly url: string;
  readonly alertTypes: readonly AlertType[];
  readonly enabled: boolean;
}

type WebhookServices = Pick<Services, "settings" | "database">;

export interface WebhookWithSecret {
  readonly webhook: Webhook;
  /** Shown once. */
  readonly secret: string;
}

/** @throws ValidationError. */
export async function makeWebhook(services: WebhookServices, author: ChangeAuthor, columns: WebhookColumns): Promise<WebhookWithSecret> {
  const checked = await checkedColumns(services, columns);
  return services.database.tenant(author.organisationId, async (em) => {
    if ((await em.count(Webhook, { archivedAt: null })) >= webhooksMax)
      throw new ValidationError([{ path: "", message: `an organisation may have ${webhooksMax} webhooks` }]);
    const now = new Date();
    const id = v7();
    const secret = newSecret();
    const webhook = em.create(Webhook, {
      id,
      organisationId: author.organisationId,
      revision: 1,
      createdAt: now,
      updatedAt: now,
      archivedAt: null,
      ...checked,
      sealedSecret: sealSecret(services.settings.sealingKey, webhookSecretPlace(author.organisationId, id), secret),
      previousSealedSecret: null,
      previousSecretUntil: null,
    });
    em.persist([webhook, audit(em, author, now, "webhook.create", webhook)]);
    return { webhook, secret };
  });
}

/** @throws ValidationError, NotFoundError, ConflictError. */
export async function changeWebhook(
  services: WebhookServices,
  author: ChangeAuthor,
  id: string,
  expectedRevision: number,
  columns: { readonly [Name in keyof WebhookColumns]?: WebhookColumns[Name] | null | undefined },
): Promise<Webhook> {
  const before = await services.database.tenant(author.organisationId, (em) => load(em, id));
  const checked = await checkedColumns(services, {
    name: columns.name ?? before.name,
    url: columns.url ?? before.url,
    alertTypes: columns.alertTypes ?? before.alertTypes,
    enabled: columns.enabled ?? before.enabled,
  });
  return edit(services, author, id, expectedRevision, "webhook.update", (webhook) => {
    Object.assign(webhook, checked);
  });
}

/** The one before it signs along for a day. @throws NotFoundError, ConflictError. */
export async function rotateWebhookSecret(
  services: WebhookServices,
  author: ChangeAuthor,
  id: string,
  expectedRevision: number,
): Promise<WebhookWithSecret> {
  const secret = newSecret();
  const webhook = await edit(services, author, id, expectedRevision, "webhook.rotate_secret", (row, now) => {
    row.previousSealedSecret = row.sealedSecret;
    row.previousSecretUntil = new Date(now.getTime() + overlapMs);
    row.sealedSecret = sealSecret(services.settings.sealingKey, webhookSecretPlace(author.organisationId, id), secret);
  });
  return { webhook, secret };
}

/** What waits for it is not sent any more. @throws NotFoundError, ConflictError. */
export const archiveWebhook = (services: WebhookServices, author: ChangeAuthor, id: string, expectedRevision: number): Promise<Webhook> =>
  edit(services, author, id, expectedRevision, "webhook.archive", (webhook, now) => {
    webhook.archivedAt = now;
  });

/** A message of the type webhook.test, on its way like any other. @throws NotFoundError. */
export const testWebhook = (services: WebhookServices, author: ChangeAuthor, id: string): Promise<WebhookDelivery> =>
  services.database.tenant(author.organisationId, async (em) => {
    const webhook = await load(em, id);
    if (!webhook.enabled) throw new ValidationError([{ path: "id", message: "the webhook is switched off" }]);
    const at = new Date();
    const body = payloadOf("webhook.test", at, { organisationId: author.organisationId, webhookId: id, actor: author.actor });
    const { organisationId } = author;
    const deliveryId = await addDelivery(em, { organisationId, webhookId: id, alertId: null, type: "webhook.test", body, at });
    em.persist(audit(em, author, at, "webhook.test", webhook));
    return em.findOneOrFail(WebhookDelivery, { id: deliveryId });
  });

/** Once more, with all its attempts before it. @throws NotFoundError, ValidationError where it still waits. */
export const redeliverWebhook = (services: WebhookServices, author: ChangeAuthor, deliveryId: string): Promise<WebhookDelivery> =>
  services.database.tenant(author.organisationId, async (em) => {
    const old = isUuid(deliveryId) ? await em.findOne(WebhookDelivery, { id: deliveryId }) : null;
    if (old === null) throw new NotFoundError("delivery", deliveryId);
    if (old.state === "waiting") throw new ValidationError([{ path: "deliveryId", message: "it still waits to be delivered" }]);
    const webhook = await load(em, old.webhookId);
    // By the same id: a receiver that had it knows it again.
    old.state = "waiting";
    old.nextAttemptAt = new Date();
    old.finishedAt = null;
    em.persist(audit(em, author, old.nextAttemptAt, "webhook.redeliver", webhook));
    return old;
  });

const edit = (
  services: WebhookServices,
  author: ChangeAuthor,
  id: string,
  expectedRevision: number,
  action: string,
  change: (webhook: Webhook, now: Date) => void,
): Promise<Webhook> =>
  services.database.tenant(author.organisationId, async (em) => {
    const webhook = await load(em, id, true);
    if (webhook.revision !== expectedRevision) throw new ConflictError("webhook", webhook.revision);
    const now = new Date();
    change(webhook, now);
    webhook.revision += 1;
    webhook.updatedAt = now;
    em.persist(audit(em, author, now, action, webhook));
    return webhook;
  });

async function load(em: EntityManager, id: string, locked = false): Promise<Webhook> {
  if (isUuid(id) && locked) await em.execute("select 1 from webhook where id = ? for update", [id]);
  const webhook = isUuid(id) ? await em.findOne(Webhook, { id, archivedAt: null }) : null;
  if (webhook === null) throw new NotFoundError("webhook", id);
  return webhook;
}

async function checkedColumns(services: WebhookServices, { name, url, alertTypes: types, enabled }: WebhookColumns) {
  requireStorable({ name, url });
  const issues: ValidationIssue[] = [];
  if (name.trim() === "" || name.length > 200) issues.push({ path: "name", message: "must have 1 to 200 characters" });
  if (types.length === 0) issues.push({ path: "alertTypes", message: `must be one or more of ${chosenAlertTypes.join(", ")}` });
  if (!types.every((type) => chosenAlertTypes.includes(type)))
    issues.push({ path: "alertTypes", message: "holds a rule's: name the webhook in the alert rule instead" });
  if (url.length > urlLengthMax) issues.push({ path: "url", message: `may have ${urlLengthMax} characters` });
  if (issues.length > 0) throw new ValidationError(issues);
  // Receivers such as chat systems have their key in the query, which a provider's base URL may not have.
  const [address = ""] = url.split("?", 1);
  const { privateAddressAllowed } = await placeOf(services.settings, address, "url");
  const { href, hash } = new URL(url);
  if (hash !== "") throw new ValidationError([{ path: "url", message: "must not have a fragment" }]);
  return { name, url: href, privateAddressAllowed, alertTypes: [...new Set(types)].sort(), enabled };
}

/** The host alone: a URL may hold what opens it. */
const audit = (em: EntityManager, author: ChangeAuthor, at: Date, action: string, webhook: Webhook): AuditEntry =>
  em.create(AuditEntry, {
    id: v7(),
    organisationId: author.organisationId,
    at,
    actor: author.actor,
    action,
    targetKind: "webhook",
    targetId: webhook.id,
    revisionNumber: null,
    details: { name: webhook.name, host: new URL(webhook.url).host, enabled: webhook.enabled, alertTypes: [...webhook.alertTypes] },
  });
