/** Alert rules: what people want to hear of. Imported for its side effects by schema.ts. */
import { comparisons } from "../../alert-rules/decide.ts";
import { type AlertMetricName, alertMetricNames, alertMetrics, type MetricUnit, metricOf } from "../../alert-rules/metric.ts";
import { type RuleMessage, ruleMessages } from "../../alert-rules/rule-messages.ts";
import { isUuid } from "../../database/config-kinds.ts";
import {
  type AlertRule as AlertRuleRow,
  AlertRule as AlertRuleTable,
  type AlertRuleState as StateRow,
  AlertRuleState as StateTable,
} from "../../database/entities/alert-rule.ts";
import { deliveryStates, type Webhook as WebhookRow, Webhook as WebhookTable } from "../../database/entities/webhook.ts";
import {
  type AlertRuleColumns,
  archiveAlertRule,
  changeAlertRule,
  makeAlertRule,
  muteAlertRule,
  testAlertRule,
} from "../../operations/alert-rules.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { connectionOf, pageInOrder } from "../keyset-page.ts";
import { byText, byTime, orderOf } from "../list-order.ts";
import { scopeInWords } from "../scope-in-words.ts";
import { Webhook } from "./webhook.ts";

export const MetricType = builder.enumType("AlertMetric", {
  description: "What a rule is about, named as usage reports name it.",
  values: Object.fromEntries(
    alertMetricNames.map((name) => [
      name.toUpperCase(),
      { value: name, description: `${alertMetrics[name].name}; in ${alertMetrics[name].unit}` },
    ]),
  ) as Record<string, { value: AlertMetricName; description: string }>,
});
const UnitType = builder.enumType("AlertMetricUnit", {
  values: {
    CALLS: { value: "calls" },
    SHARE: { value: "share", description: "From 0 to 1." },
    MILLISECONDS: { value: "milliseconds" },
    TOKENS: { value: "tokens" },
    NANODOLLARS: { value: "nanodollars", description: "1000000000 is $1." },
  } as const satisfies Record<string, { value: MetricUnit; description?: string }>,
});
export const ComparisonType = enumOf("AlertComparison", comparisons);
const StatusType = builder.enumType("AlertRuleStatus", {
  values: {
    OK: { value: "ok" },
    FIRING: { value: "firing" },
    NO_DATA: { value: "no_data", description: "Nobody has looked yet, or there were too few calls to say." },
    MUTED: { value: "muted", description: "It is looked at and tells nobody; `firing` says what it found." },
  },
});

const StateType = builder.objectRef<StateRow>("AlertRuleState").implement({
  fields: (t) => ({
    firing: t.boolean({ description: "Muted or not.", resolve: ({ state }) => state === "firing" }),
    since: t.expose("since", { type: "DateTime" }),
    turningSince: t.field({
      type: "DateTime",
      nullable: true,
      description: "Since when what is seen asks for the other state, which comes when it has held. Null: it does not.",
      resolve: ({ turningSince }) => turningSince ?? null,
    }),
    value: t.float({
      nullable: true,
      description: "In the metric's unit. Null: too few calls to say.",
      resolve: ({ value }) => value ?? null,
    }),
    calls: t.expose("calls", { type: "BigInt", description: "In the window." }),
    lookedAt: t.expose("lookedAt", { type: "DateTime" }),
  }),
});

const MessageType = builder.objectRef<RuleMessage>("AlertRuleMessage").implement({
  description: "One message of a rule on its way to one whom it tells.",
  fields: (t) => ({
    to: t.exposeString("to", { description: "A webhook's name, or an address." }),
    webhookId: t.id({ nullable: true, description: "Null: it is e-mail.", resolve: ({ webhookId }) => webhookId }),
    at: t.expose("at", { type: "DateTime" }),
    isTest: t.exposeBoolean("isTest"),
    state: t.field({ type: enumOf("AlertRuleMessageState", deliveryStates), resolve: ({ state }) => state }),
    attempts: t.exposeInt("attempts"),
    error: t.string({
      nullable: true,
      description: "Of the last attempt. Null: it was taken, or none was made.",
      resolve: ({ error }) => error,
    }),
  }),
});

const FilterType = builder.objectRef<AlertRuleRow>("AlertRuleFilter").implement({
  description: "Which calls. Null: any.",
  fields: (t) => ({
    projectId: t.id({ nullable: true, resolve: ({ projectId }) => projectId ?? null }),
    apiKeyId: t.id({ nullable: true, resolve: ({ apiKeyId }) => apiKeyId ?? null }),
    routeId: t.id({ nullable: true, resolve: ({ routeId }) => routeId ?? null }),
    backendId: t.id({ nullable: true, resolve: ({ backendId }) => backendId ?? null }),
  }),
});

export const AlertRule = builder.objectRef<AlertRuleRow>("AlertRule").implement({
  description: "Tells when a figure of usage has been above or below a threshold for a while, and when that is over.",
  fields: (t) => ({
    id: t.exposeID("id"),
    revision: t.exposeInt("revision", { description: "Grows with each change; give it as `expectedRevision`." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    archivedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.archivedAt ?? null }),
    name: t.exposeString("name"),
    metric: t.field({ type: MetricType, resolve: (row) => row.metric }),
    unit: t.field({ type: UnitType, resolve: (row) => metricOf(row.metric).unit }),
    filter: t.field({ type: FilterType, resolve: (row) => row }),
    scope: t.string({
      description: 'Which calls, as people say it: "route chat".',
      resolve: ({ projectId, apiKeyId, routeId, backendId }, _args, context) => {
        const given = [
          { kind: "project", id: projectId },
          { kind: "api_key", id: apiKeyId },
          { kind: "route", id: routeId },
          { kind: "backend", id: backendId },
        ] as const;
        const parts = given.filter(({ id }) => id != null);
        return scopeInWords(context, parts.length === 0 ? [{ kind: "organisation" }] : parts);
      },
    }),
    comparison: t.field({ type: ComparisonType, resolve: (row) => row.comparison }),
    threshold: t.exposeFloat("threshold", { description: "In the metric's unit." }),
    windowMinutes: t.exposeInt("windowMinutes", { description: "The value is over the last so many minutes." }),
    callsMin: t.exposeInt("callsMin", { description: "With fewer calls in the window it says nothing." }),
    holdMinutes: t.exposeInt("holdMinutes", { description: "How long the breach must last. 0: it fires at once." }),
    webhooks: t.loadableList({
      type: Webhook,
      description: "Whom it tells, besides those who read alerts here.",
      load: (ids: string[], context) =>
        inOrganisation(context, async (em) => {
          const rules = await em.find(AlertRuleTable, { id: { $in: ids } });
          const webhooks = await em.find(WebhookTable, { id: { $in: rules.flatMap((rule) => rule.webhookIds) }, archivedAt: null });
          return ids.map((id): WebhookRow[] => {
            const told = rules.find((rule) => rule.id === id)?.webhookIds ?? [];
            return webhooks.filter((webhook) => told.includes(webhook.id));
          });
        }),
      resolve: (row) => row.id,
    }),
    emails: t.stringList({ resolve: (row) => [...row.emails] }),
    mutedUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until then it tells nobody. Null: it speaks.",
      resolve: ({ mutedUntil }) => (mutedUntil != null && mutedUntil > new Date() ? mutedUntil : null),
    }),
    status: t.loadable({
      type: StatusType,
      load: (ids: string[], context) =>
        inOrganisation(context, async (em) => {
          const muted = await em.find(AlertRuleTable, { id: { $in: ids }, mutedUntil: { $gt: new Date() } });
          const states = await em.find(StateTable, { ruleId: { $in: ids } });
          return ids.map((id) =>
            muted.some((rule) => rule.id === id) ? "muted" : (states.find(({ ruleId }) => ruleId === id)?.state ?? "no_data"),
          );
        }),
      resolve: (row) => row.id,
    }),
    state: t.loadable({
      type: StateType,
      nullable: true,
      description: "As the last look found it, some seconds ago. Null: nobody has looked yet.",
      load: (ids: string[], context) =>
        inOrganisation(context, async (em) => {
          const states = await em.find(StateTable, { ruleId: { $in: ids } });
          return ids.map((id) => states.find(({ ruleId }) => ruleId === id) ?? null);
        }),
      resolve: (row) => row.id,
    }),
    messages: t.loadableList({
      type: MessageType,
      description: "The last that it told, or tried out, to each whom it tells; newest first, at most 20.",
      load: (ids: string[], context) =>
        inOrganisation(context, async (em) => {
          const found = await ruleMessages(em, ids);
          return ids.map((id) => found.filter(({ ruleId }) => ruleId === id));
        }),
      resolve: (row) => row.id,
    }),
  }),
});

builder.queryField("alertRule", (t) =>
  t.field({
    type: AlertRule,
    nullable: true,
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => (isUuid(id) ? inOrganisation(context, (em) => em.findOne(AlertRuleTable, { id })) : null),
  }),
);
const orders = { name: byText("name"), ...byTime };
const AlertRuleOrder = orderOf("AlertRule", orders);

builder.queryField("alertRules", (t) =>
  t.connection(
    {
      type: AlertRule,
      authScopes: { viewer: true },
      args: { includeArchived: t.arg.boolean(), orderBy: t.arg({ type: AlertRuleOrder, description: "Left out: as they were made." }) },
      resolve: (_root, args, context) =>
        pageInOrder<AlertRuleRow, keyof typeof orders>(args, {
          table: "alert_rule",
          orders,
          otherwise: "asc",
          within: (work) => inOrganisation(context, work),
          find: (em, where, options) =>
            em.find(AlertRuleTable, { ...where, ...(args.includeArchived ? {} : { archivedAt: null }) }, options),
        }),
    },
    connectionOf(AlertRule),
  ),
);
builder.queryField("emailSender", (t) =>
  t.string({
    nullable: true,
    description: "Where e-mail of alert rules comes from. Null: it is not set up (PENSTOCK_SMTP_URL, PENSTOCK_SMTP_FROM).",
    authScopes: { viewer: true },
    resolve: (_root, _args, { services }) => services.settings.smtp?.from ?? null,
  }),
);

export const FilterInput = builder.inputType("AlertRuleFilterInput", {
  description: "All that are given must hold: project, key and route, or project and backend.",
  fields: (t) => ({ projectId: t.id(), apiKeyId: t.id(), routeId: t.id(), backendId: t.id() }),
});

type GivenFilter = { readonly [Name in "projectId" | "apiKeyId" | "routeId" | "backendId"]?: string | null | undefined };

export const filterFrom = (given: GivenFilter | null | undefined) => ({
  projectId: given?.projectId ?? null,
  apiKeyId: given?.apiKeyId ?? null,
  routeId: given?.routeId ?? null,
  backendId: given?.backendId ?? null,
});

const Payload = (name: string) =>
  builder.objectRef<AlertRuleRow>(name).implement({ fields: (t) => ({ alertRule: t.field({ type: AlertRule, resolve: (row) => row }) }) });

const CreateInput = builder.inputType("CreateAlertRuleInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    metric: t.field({ type: MetricType, required: true }),
    filter: t.field({ type: FilterInput, description: "Left out: all calls of the organisation." }),
    comparison: t.field({ type: ComparisonType, required: true }),
    threshold: t.float({ required: true, description: "In the metric's unit; a share from 0 to 1." }),
    windowMinutes: t.int({ required: true, description: "From 5 to 1440." }),
    callsMin: t.int({ description: "Left out: 0." }),
    holdMinutes: t.int({ description: "Left out: 0." }),
    webhookIds: t.idList({ description: "Of this organisation, at most 20." }),
    emails: t.stringList({ description: "At most 20; where e-mail is set up." }),
  }),
});
const CreatePayload = Payload("CreateAlertRulePayload");
builder.mutationField("createAlertRule", (t) =>
  t.field({
    type: CreatePayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { input: t.arg({ type: CreateInput, required: true }) },
    resolve: (_root, { input: { filter, ...input } }, context) =>
      makeAlertRule(context.services, principalOf(context), {
        ...input,
        ...filterFrom(filter),
        callsMin: input.callsMin ?? 0,
        holdMinutes: input.holdMinutes ?? 0,
        webhookIds: input.webhookIds ?? [],
        emails: input.emails ?? [],
      }),
  }),
);

const UpdateInput = builder.inputType("UpdateAlertRuleInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    metric: t.field({ type: MetricType }),
    filter: t.field({ type: FilterInput, description: "The whole of it." }),
    comparison: t.field({ type: ComparisonType }),
    threshold: t.float(),
    windowMinutes: t.int(),
    callsMin: t.int(),
    holdMinutes: t.int(),
    webhookIds: t.idList(),
    emails: t.stringList(),
  }),
});
const UpdatePayload = Payload("UpdateAlertRulePayload");
builder.mutationField("updateAlertRule", (t) =>
  t.field({
    type: UpdatePayload,
    description: "What was told stays told: the next look holds what it finds against the new rule.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { input: t.arg({ type: UpdateInput, required: true }) },
    resolve: (_root, { input: { id, expectedRevision, filter, ...given } }, context) => {
      const columns = { ...given, ...(filter == null ? {} : filterFrom(filter)) };
      const changed = Object.fromEntries(Object.entries(columns).filter(([name, value]) => value != null || name.endsWith("Id")));
      return changeAlertRule(context.services, principalOf(context), id, expectedRevision, changed as Partial<AlertRuleColumns>);
    },
  }),
);

const ArchiveInput = builder.inputType("ArchiveAlertRuleInput", {
  fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }) }),
});
const ArchivePayload = Payload("ArchiveAlertRulePayload");
builder.mutationField("archiveAlertRule", (t) =>
  t.field({
    type: ArchivePayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { input: t.arg({ type: ArchiveInput, required: true }) },
    resolve: (_root, { input }, context) => archiveAlertRule(context.services, principalOf(context), input.id, input.expectedRevision),
  }),
);

const MuteInput = builder.inputType("MuteAlertRuleInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    until: t.field({ type: "DateTime", required: true, description: "Ahead, within a year." }),
  }),
});
const MutePayload = Payload("MuteAlertRulePayload");
builder.mutationField("muteAlertRule", (t) =>
  t.field({
    type: MutePayload,
    description: "It is looked at, listed, and tells nobody until then. What has changed meanwhile is told afterwards if it still holds.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { input: t.arg({ type: MuteInput, required: true }) },
    resolve: (_root, { input }, context) => muteAlertRule(context.services, principalOf(context), input.id, input.until),
  }),
);

const UnmuteInput = builder.inputType("UnmuteAlertRuleInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
const UnmutePayload = Payload("UnmuteAlertRulePayload");
builder.mutationField("unmuteAlertRule", (t) =>
  t.field({
    type: UnmutePayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { input: t.arg({ type: UnmuteInput, required: true }) },
    resolve: (_root, { input }, context) => muteAlertRule(context.services, principalOf(context), input.id, null),
  }),
);

const TestInput = builder.inputType("TestAlertRuleInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
const TestPayload = builder.objectRef<{ readonly messages: number }>("TestAlertRulePayload").implement({
  fields: (t) => ({ messages: t.exposeInt("messages", { description: "On their way; `AlertRule.messages` says what becomes of them." }) }),
});
builder.mutationField("testAlertRule", (t) =>
  t.field({
    type: TestPayload,
    description: "Sends a message to each whom it tells, muted or not.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { input: t.arg({ type: TestInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      messages: await testAlertRule(context.services, principalOf(context), input.id),
    }),
  }),
);
