/** Webhooks and what was delivered to them. Imported for its side effects by schema.ts. */
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { mayAs } from "../../database/entities/admin-role.ts";
import { type AlertType, chosenAlertTypes } from "../../database/entities/alert.ts";
import {
  type DeliveryAttempt,
  type WebhookDelivery as DeliveryRow,
  WebhookDelivery as DeliveryTable,
  deliveryStates,
  type Webhook as WebhookRow,
  Webhook as WebhookTable,
} from "../../database/entities/webhook.ts";
import {
  archiveWebhook,
  changeWebhook,
  makeWebhook,
  redeliverWebhook,
  rotateWebhookSecret,
  testWebhook,
  type WebhookWithSecret,
} from "../../operations/webhooks.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { connectionOf, pageById, pageInOrder } from "../keyset-page.ts";
import { byText, byTime, orderOf } from "../list-order.ts";
import { AlertTypeEnum } from "./alert.ts";

const DeliveryState = enumOf("WebhookDeliveryState", deliveryStates);

const Attempt = builder.objectRef<DeliveryAttempt>("WebhookDeliveryAttempt").implement({
  fields: (t) => ({
    at: t.field({ type: "DateTime", resolve: ({ at }) => new Date(at) }),
    durationMs: t.exposeInt("durationMs"),
    httpStatus: t.exposeInt("httpStatus", { nullable: true, description: "Null: no answer came." }),
    error: t.exposeString("error", { nullable: true, description: "Null: it was taken." }),
  }),
});

const Delivery = builder.objectRef<DeliveryRow>("WebhookDelivery").implement({
  description: "One message on its way to a webhook, with all its attempts.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "What the receiver sees as webhook-id." }),
    webhookId: t.exposeID("webhookId"),
    alertId: t.id({ nullable: true, description: "Null: a test.", resolve: (row) => row.alertId ?? null }),
    type: t.field({ type: AlertTypeEnum, resolve: ({ type }) => type }),
    body: t.exposeString("body", { description: "As it is signed and sent." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    state: t.field({ type: DeliveryState, resolve: ({ state }) => state }),
    attempts: t.field({ type: [Attempt], resolve: ({ attempts }) => [...attempts] }),
    nextAttemptAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null: there is none.",
      resolve: ({ state, nextAttemptAt }) => (state === "waiting" ? nextAttemptAt : null),
    }),
    finishedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.finishedAt ?? null }),
  }),
});

export const Webhook = builder.objectRef<WebhookRow>("Webhook").implement({
  description: "Where alerts are posted to, signed as the Standard Webhooks specification says.",
  fields: (t) => ({
    id: t.exposeID("id"),
    revision: t.exposeInt("revision", { description: "Grows with each change; give it as `expectedRevision`." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    archivedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.archivedAt ?? null }),
    name: t.exposeString("name"),
    host: t.string({ resolve: ({ url }) => new URL(url).host }),
    url: t.string({
      nullable: true,
      description: "It may hold what opens it, so only operators and administrators see it; null for others.",
      resolve: ({ url }, _args, context) => (mayAs(principalOf(context).role, "operator") ? url : null),
    }),
    alertTypes: t.field({ type: [AlertTypeEnum], resolve: (row) => [...row.alertTypes] }),
    enabled: t.exposeBoolean("enabled"),
    previousSecretUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until then messages are signed with the secret before as well.",
      resolve: ({ previousSecretUntil }) => (previousSecretUntil != null && previousSecretUntil > new Date() ? previousSecretUntil : null),
    }),
  }),
});

builder.queryField("webhook", (t) =>
  t.field({
    type: Webhook,
    nullable: true,
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => (isUuid(id) ? inOrganisation(context, (em) => em.findOne(WebhookTable, { id })) : null),
  }),
);

const orders = { name: byText("name"), ...byTime };
const WebhookOrder = orderOf("Webhook", orders);
builder.queryField("webhooks", (t) =>
  t.connection(
    {
      type: Webhook,
      authScopes: { viewer: true },
      args: { includeArchived: t.arg.boolean(), orderBy: t.arg({ type: WebhookOrder, description: "Left out: as they were made." }) },
      resolve: (_root, args, context) =>
        pageInOrder<WebhookRow, keyof typeof orders>(args, {
          table: "webhook",
          orders,
          otherwise: "asc",
          within: (work) => inOrganisation(context, work),
          find: (em, where, options) => em.find(WebhookTable, { ...where, ...(args.includeArchived ? {} : { archivedAt: null }) }, options),
        }),
    },
    connectionOf(Webhook),
  ),
);

builder.queryField("webhookDeliveries", (t) =>
  t.connection(
    {
      type: Delivery,
      description: "The delivery log, newest first.",
      authScopes: { viewer: true },
      args: { webhookId: t.arg.id(), state: t.arg({ type: DeliveryState }) },
      resolve: (_root, args, context) => {
        const { webhookId, state } = args;
        if (webhookId != null && !isUuid(webhookId)) throw new ValidationError([{ path: "webhookId", message: "is not an id" }]);
        return pageById<DeliveryRow>(args, "desc", (where, options) =>
          inOrganisation(context, (em) =>
            em.find(DeliveryTable, { ...where, ...(webhookId == null ? {} : { webhookId }), ...(state == null ? {} : { state }) }, options),
          ),
        );
      },
    },
    connectionOf(Delivery),
  ),
);

const WebhookPayload = builder.objectRef<WebhookRow>("WebhookPayload").implement({
  fields: (t) => ({ webhook: t.field({ type: Webhook, resolve: (row) => row }) }),
});
const WebhookSecretPayload = builder.objectRef<WebhookWithSecret>("WebhookSecretPayload").implement({
  fields: (t) => ({
    webhook: t.field({ type: Webhook, resolve: ({ webhook }) => webhook }),
    secret: t.exposeString("secret", { description: "whsec_…, for the receiver to check signatures with. Shown once." }),
  }),
});
const DeliveryPayload = builder.objectRef<DeliveryRow>("WebhookDeliveryPayload").implement({
  fields: (t) => ({ delivery: t.field({ type: Delivery, resolve: (row) => row }) }),
});

const newErrors = { types: [ValidationError, ForbiddenError] };
const oneErrors = { types: [ValidationError, NotFoundError, ForbiddenError] };
const changeErrors = { types: [ValidationError, NotFoundError, ConflictError, ForbiddenError] };

const CreateWebhookInput = builder.inputType("CreateWebhookInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    url: t.string({ required: true, description: "http or https, at a public address or at one that the operator has allowed." }),
    alertTypes: t.field({ type: [AlertTypeEnum], description: "Left out: all." }),
  }),
});
builder.mutationField("createWebhook", (t) =>
  t.field({
    type: WebhookSecretPayload,
    authScopes: { operator: true },
    errors: newErrors,
    args: { input: t.arg({ type: CreateWebhookInput, required: true }) },
    resolve: (_root, { input }, context) =>
      makeWebhook(context.services, principalOf(context), {
        name: input.name,
        url: input.url,
        alertTypes: (input.alertTypes as AlertType[] | null | undefined) ?? chosenAlertTypes,
        enabled: true,
      }),
  }),
);

const UpdateWebhookInput = builder.inputType("UpdateWebhookInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    url: t.string(),
    alertTypes: t.field({ type: [AlertTypeEnum] }),
    enabled: t.boolean({ description: "False: nothing is sent, and what waits has failed." }),
  }),
});
builder.mutationField("updateWebhook", (t) =>
  t.field({
    type: WebhookPayload,
    authScopes: { operator: true },
    errors: changeErrors,
    args: { input: t.arg({ type: UpdateWebhookInput, required: true }) },
    resolve: (_root, { input: { id, expectedRevision, ...columns } }, context) =>
      changeWebhook(context.services, principalOf(context), id, expectedRevision, columns),
  }),
);

const WebhookRevisionInput = builder.inputType("WebhookRevisionInput", {
  fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }) }),
});
builder.mutationField("rotateWebhookSecret", (t) =>
  t.field({
    type: WebhookSecretPayload,
    description: "A new secret. The one before signs along for a day.",
    authScopes: { operator: true },
    errors: changeErrors,
    args: { input: t.arg({ type: WebhookRevisionInput, required: true }) },
    resolve: (_root, { input }, context) => rotateWebhookSecret(context.services, principalOf(context), input.id, input.expectedRevision),
  }),
);
builder.mutationField("archiveWebhook", (t) =>
  t.field({
    type: WebhookPayload,
    authScopes: { operator: true },
    errors: changeErrors,
    args: { input: t.arg({ type: WebhookRevisionInput, required: true }) },
    resolve: (_root, { input }, context) => archiveWebhook(context.services, principalOf(context), input.id, input.expectedRevision),
  }),
);

const TestWebhookInput = builder.inputType("TestWebhookInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
builder.mutationField("testWebhook", (t) =>
  t.field({
    type: DeliveryPayload,
    description: "Sends a message of the type webhook.test; its delivery says what came of it.",
    authScopes: { operator: true },
    errors: oneErrors,
    args: { input: t.arg({ type: TestWebhookInput, required: true }) },
    resolve: (_root, { input }, context) => testWebhook(context.services, principalOf(context), input.id),
  }),
);

const RedeliverWebhookInput = builder.inputType("RedeliverWebhookInput", { fields: (t) => ({ deliveryId: t.id({ required: true }) }) });
builder.mutationField("redeliverWebhook", (t) =>
  t.field({
    type: DeliveryPayload,
    description: "Sends a message once more that has been delivered or has failed, by the same webhook-id.",
    authScopes: { operator: true },
    errors: oneErrors,
    args: { input: t.arg({ type: RedeliverWebhookInput, required: true }) },
    resolve: (_root, { input }, context) => redeliverWebhook(context.services, principalOf(context), input.deliveryId),
  }),
);
