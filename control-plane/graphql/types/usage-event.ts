/** The ledger over GraphQL: single calls, pages of them, and sums. One organisation's, behind the database's wall. */
import { resolveCursorConnection } from "@pothos/plugin-relay";
import { ValidationError } from "../../control-error.ts";
import type { UsageAttempt, UsageExposure } from "../../database/entities/usage-event.ts";
import {
  cursorOf,
  type LedgerEntry,
  outcomes,
  type UsageSummaryGroup,
  usageEntries,
  usageEntry,
  usageGroupings,
  usageSummary,
} from "../../usage/read-usage.ts";
import { builder } from "../builder.ts";
import { checkPage, connectionOf, enumOf, pageSizeMax } from "../config-type.ts";
import { principalOf } from "../context.ts";

const pageSizeDefault = 20;

const OutcomeType = enumOf("UsageOutcome", outcomes);
const GroupingType = enumOf("UsageGrouping", usageGroupings);

const AttemptType = builder.objectRef<UsageAttempt>("UsageAttempt").implement({
  description: "One try of one backend.",
  fields: (t) => ({
    backendId: t.exposeString("backendId"),
    result: t.exposeString("result", { description: "ok, or why it failed." }),
    durationMs: t.exposeFloat("durationMs"),
    httpStatus: t.int({ nullable: true, description: "Null: no answer came.", resolve: ({ httpStatus }) => httpStatus || null }),
  }),
});

const ExposureType = builder.objectRef<UsageExposure>("UsageExposure").implement({
  description: "The record that a call fell in an arm of an experiment.",
  fields: (t) => ({
    experimentId: t.exposeString("experimentId"),
    variantKey: t.exposeString("variantKey"),
    unitType: t.exposeString("unitType"),
    unitHash: t.exposeString("unitHash"),
    bucket: t.exposeFloat("bucket"),
    hashVersion: t.exposeInt("hashVersion"),
    forced: t.exposeBoolean("forced", { description: "The caller chose the variant: not counted." }),
    // Rows from before these were recorded do not have them.
    phase: t.int({ resolve: ({ phase = 0 }) => phase }),
    sticky: t.boolean({ description: "The variant was kept from an earlier call.", resolve: ({ sticky = false }) => sticky }),
    holdout: t.string({
      description: '"held-out", "compared" (in the slice that the holdout is compared with), or empty.',
      resolve: ({ holdout = "" }) => holdout,
    }),
  }),
});

const whereKnown = { type: "BigInt", nullable: true } as const;

const UsageEventType = builder.objectRef<LedgerEntry>("UsageEvent").implement({
  description: "The record of one finished call. Null is not known, and not zero.",
  fields: (t) => ({
    callId: t.exposeID("callId", { description: "The call's x-request-id." }),
    nodeId: t.exposeString("nodeId"),
    startedAt: t.field({ type: "DateTime", resolve: ({ startedAtMicros }) => new Date(Number(startedAtMicros / 1000n)) }),
    projectId: t.exposeString("projectId"),
    apiKeyId: t.exposeString("apiKeyId"),
    routeId: t.exposeString("routeId"),
    routeName: t.exposeString("routeName"),
    ingress: t.exposeString("ingress"),
    streamed: t.exposeBoolean("streamed"),
    attempts: t.field({ type: [AttemptType], resolve: ({ attempts }) => [...attempts] }),
    backendId: t.exposeString("backendId", { description: "Empty: no backend's answer was used." }),
    providerId: t.exposeString("providerId"),
    modelAsked: t.exposeString("modelAsked"),
    modelServed: t.exposeString("modelServed"),
    promptId: t.exposeString("promptId"),
    promptVersion: t.exposeInt("promptVersion"),
    exposure: t.expose("exposure", { type: ExposureType, nullable: true }),
    inputTokens: t.expose("inputTokens", whereKnown),
    outputTokens: t.expose("outputTokens", whereKnown),
    cacheReadTokens: t.expose("cacheReadTokens", whereKnown),
    cacheWriteTokens: t.expose("cacheWriteTokens", whereKnown),
    reasoningTokens: t.expose("reasoningTokens", whereKnown),
    usageEstimated: t.exposeBoolean("usageEstimated", {
      nullable: true,
      description: "True: the node counted, because the backend did not say.",
    }),
    costNanodollars: t.expose("costNanodollars", whereKnown),
    priceVersion: t.expose("priceVersion", { type: "BigInt" }),
    durationMs: t.exposeFloat("durationMs"),
    timeToFirstTokenMs: t.exposeFloat("timeToFirstTokenMs", { nullable: true }),
    outcome: t.expose("outcome", { type: OutcomeType }),
    errorReason: t.exposeString("errorReason", { description: "Empty: all went well." }),
    finishReason: t.exposeString("finishReason"),
    cache: t.exposeString("cache"),
    configEpoch: t.exposeString("configEpoch"),
    configNumber: t.expose("configNumber", { type: "BigInt" }),
    tags: t.expose("tags", { type: "JSON" }),
  }),
});

const FilterType = builder.inputType("UsageEventFilter", {
  description: "All that are given must hold.",
  fields: (t) => ({
    since: t.field({ type: "DateTime", description: "From then on." }),
    until: t.field({ type: "DateTime", description: "Before then." }),
    routeName: t.string(),
    apiKeyId: t.string(),
    backendId: t.string(),
    outcome: t.field({ type: OutcomeType }),
  }),
});

builder.queryField("usageEvents", (t) =>
  t.connection(
    {
      type: UsageEventType,
      description: "Newest first.",
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: FilterType }) },
      resolve: (_root, { filter, ...args }, context) => {
        checkPage(args);
        return resolveCursorConnection<Promise<LedgerEntry[]>>(
          { args, maxSize: pageSizeMax, defaultSize: pageSizeDefault, toCursor: cursorOf },
          (page) => usageEntries(context.services.database, principalOf(context).organisationId, filter ?? {}, page),
        );
      },
    },
    connectionOf(UsageEventType),
  ),
);

builder.queryField("usageEvent", (t) =>
  t.field({
    type: UsageEventType,
    nullable: true,
    description: "One call by its x-request-id. Null: the ledger does not have it (yet).",
    authScopes: { viewer: true },
    args: { callId: t.arg.id({ required: true }) },
    resolve: (_root, { callId }, context) => usageEntry(context.services.database, principalOf(context).organisationId, callId),
  }),
);

const RangeType = builder.inputType("UsageRange", {
  fields: (t) => ({
    since: t.field({ type: "DateTime", required: true }),
    until: t.field({ type: "DateTime", required: true, description: "Not included. At most 93 days after `since`." }),
  }),
});

const SummaryGroupType = builder.objectRef<UsageSummaryGroup>("UsageSummaryGroup").implement({
  fields: (t) => ({
    group: t.exposeString("group", {
      description: "A route's name, the id of a backend or key, or a day in UTC such as 2027-01-31. Empty: none was used.",
    }),
    requests: t.expose("requests", { type: "BigInt" }),
    failedRequests: t.expose("failedRequests", { type: "BigInt" }),
    inputTokens: t.expose("inputTokens", { type: "BigInt" }),
    outputTokens: t.expose("outputTokens", { type: "BigInt" }),
    costNanodollars: t.expose("costNanodollars", { type: "BigInt" }),
    requestsWithoutCost: t.expose("requestsWithoutCost", {
      type: "BigInt",
      description: "Requests whose cost is not known; they are not in costNanodollars.",
    }),
  }),
});

builder.queryField("usageSummary", (t) =>
  t.field({
    type: [SummaryGroupType],
    description: "Sums over a range of time. Most requests first, days in order; at most 1000 groups.",
    authScopes: { viewer: true },
    args: { range: t.arg({ type: RangeType, required: true }), groupBy: t.arg({ type: GroupingType, required: true }) },
    errors: { types: [ValidationError], dataField: { name: "groups" } },
    resolve: async (_root, { range, groupBy }, context) => [
      ...(await usageSummary(context.services.database, principalOf(context).organisationId, range, groupBy)),
    ],
  }),
);
