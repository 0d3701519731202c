/** The ledger over GraphQL: single calls, pages of them, and sums. One organisation's, behind the database's wall. */
import { resolveCursorConnection } from "@pothos/plugin-relay";
import { findSaid, saidCursorOf } from "../../content/find-said.ts";
import { ValidationError } from "../../control-error.ts";
import type { UsageAttempt, UsageExposure, UsageQuotaMark } from "../../database/entities/usage-event.ts";
import { callTimeline } from "../../usage/call-timeline.ts";
import { findOrderedCalls, orderedCursorOf } from "../../usage/ordered-calls.ts";
import { keptSince } from "../../usage/plan-usage.ts";
import { readReport, type UsageFigures } from "../../usage/read-report.ts";
import { cursorOf, findCalls, type LedgerEntry, usageEntry } from "../../usage/read-usage.ts";
import { groupsMax } from "../../usage/usage-question.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { checkPage, connectionOf, pageSizeMax } from "../keyset-page.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";
import { CallTimelineType } from "./call-timeline.ts";
import { callFilterFields, callFilterOf, OutcomeType } from "./usage-filter.ts";
import { RangeType } from "./usage-report.ts";

const pageSizeDefault = 20;

const groupings = ["route", "backend", "key", "day"] as const;
const GroupingType = enumOf("UsageGrouping", groupings);

export const AttemptType = builder.objectRef<UsageAttempt>("UsageAttempt").implement({
  description: "One try of one backend.",
  fields: (t) => ({
    backendId: t.exposeString("backendId"),
    result: t.exposeString("result", { description: "ok, or why it failed." }),
    durationMs: t.exposeFloat("durationMs"),
    httpStatus: t.int({ nullable: true, description: "Null: no answer came.", resolve: ({ httpStatus }) => httpStatus || null }),
    startedAfterMs: t.int({
      nullable: true,
      description: "From the call's beginning. Null: it was not recorded then.",
      resolve: ({ startedAfterMs }) => startedAfterMs ?? null,
    }),
  }),
});

const QuotaMarkType = builder.objectRef<UsageQuotaMark>("UsageQuotaMark").implement({
  description: "What a quota did to a call, in the words of that moment: the quota may have changed since.",
  fields: (t) => ({
    quotaId: t.exposeID("quotaId"),
    quotaKey: t.exposeString("quotaKey"),
    scope: t.exposeString("scope", { description: "What it is laid on, as people read it." }),
    resource: t.exposeString("resource"),
    window: t.exposeString("window"),
    enforcement: t.exposeString("enforcement", { description: "hard, soft, shadow." }),
    effect: t.exposeString("effect", {
      description:
        "denied, unavailable (it could not be counted), cut (the answer was ended half-way), passed_over (its backend was), passed (soft, shadow).",
    }),
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

export const UsageEventType = builder.objectRef<LedgerEntry>("UsageEvent").implement({
  description: "The record of one finished call. Null is not known, and not zero.",
  fields: (t) => ({
    callId: t.exposeID("callId", { description: "The call's x-penstock-call-id." }),
    requestId: t.exposeString("requestId", { description: "The caller's own x-request-id. Empty: it sent none." }),
    nodeId: t.exposeString("nodeId"),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ nodeId }) => nodeId) }),
    recordedAt: t.expose("recordedAt", { type: "DateTime", nullable: true, description: "When the ledger got it." }),
    startedAt: t.field({ type: "DateTime", resolve: ({ startedAtMicros }) => new Date(Number(startedAtMicros / 1000n)) }),
    projectId: t.exposeString("projectId"),
    apiKeyId: t.exposeString("apiKeyId"),
    endUserHash: t.exposeString("endUserHash", { description: "Hex. Empty: the call named no end user." }),
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
    cacheWriteOneHourTokens: t.expose("cacheWriteOneHourTokens", whereKnown),
    audioInputTokens: t.expose("audioInputTokens", whereKnown),
    audioOutputTokens: t.expose("audioOutputTokens", whereKnown),
    imageInputTokens: t.expose("imageInputTokens", whereKnown),
    imageOutputTokens: t.expose("imageOutputTokens", whereKnown),
    usageEstimated: t.exposeBoolean("usageEstimated", {
      nullable: true,
      description: "True: the node counted, because the backend did not say.",
    }),
    costNanodollars: t.expose("costNanodollars", whereKnown),
    priceVersion: t.expose("priceVersion", { type: "BigInt" }),
    discountBasisPoints: t.exposeInt("discountBasisPoints", { description: "Ten-thousandths of the price that were not charged." }),
    durationMs: t.exposeFloat("durationMs"),
    timeToFirstTokenMs: t.exposeFloat("timeToFirstTokenMs", { nullable: true }),
    timeline: t.field({
      type: CallTimelineType,
      nullable: true,
      description: "Where its time went. Null: it was not timed then.",
      resolve: ({ timeline }) => callTimeline(timeline),
    }),
    outcome: t.expose("outcome", { type: OutcomeType }),
    errorReason: t.exposeString("errorReason", { description: "Empty: all went well." }),
    finishReason: t.exposeString("finishReason"),
    cache: t.exposeString("cache"),
    configEpoch: t.exposeString("configEpoch"),
    configNumber: t.expose("configNumber", { type: "BigInt" }),
    tags: t.expose("tags", { type: "JSON" }),
    quotaMarks: t.field({
      type: [QuotaMarkType],
      description: "What quotas did to the call; empty where it stayed within all of them.",
      resolve: ({ quotaMarks }) => [...quotaMarks],
    }),
  }),
});

const FilterType = builder.inputType("UsageEventFilter", {
  description: "All that are given must hold; of the values of one, any.",
  fields: callFilterFields,
});

const callOrders = ["newest", "slowest", "dearest"] as const;
const OrderType = enumOf("UsageEventOrder", callOrders);

builder.queryField("usageEvents", (t) =>
  t.connection(
    {
      type: UsageEventType,
      description:
        "Newest first, or in the order that is asked for, which has pages forward alone. Where few calls are meant among many, a page may be short, or empty, and there be a next one: it goes on from where there was no more time to look.",
      authScopes: { viewer: true },
      args: {
        filter: t.arg({ type: FilterType }),
        orderBy: t.arg({ type: OrderType, defaultValue: "newest" }),
        said: t.arg.string({
          description:
            "Calls in which these words were said, of those whose content is kept; newest first, pages forward alone. Needs the role developer, and is written to the audit log.",
        }),
      },
      resolve: async (_root, { filter, orderBy, said, ...args }, context) => {
        checkPage(args);
        const order = orderBy ?? "newest";
        const search = said == null || said === "" ? undefined : said;
        if ((order !== "newest" || search !== undefined) && (args.last != null || args.before != null))
          throw new ValidationError([{ path: "last", message: "goes with NEWEST alone; ask for the first" }]);
        if (order !== "newest" && search !== undefined)
          throw new ValidationError([{ path: "orderBy", message: "is NEWEST where words are sought" }]);
        const { database, settings } = context.services;
        let reached: string | undefined;
        const page = await resolveCursorConnection<Promise<LedgerEntry[]>>(
          {
            args,
            maxSize: pageSizeMax,
            defaultSize: pageSizeDefault,
            toCursor: (entry) =>
              search !== undefined ? saidCursorOf(entry) : order === "newest" ? cursorOf(entry) : orderedCursorOf(order, entry),
          },
          async (asked) => {
            const seeker = principalOf(context);
            const meant = callFilterOf(filter, settings.pepper);
            const found = await (search !== undefined
              ? findSaid(database, seeker, search, meant, asked)
              : order === "newest"
                ? findCalls(database, seeker.organisationId, meant, asked)
                : findOrderedCalls(database, seeker.organisationId, meant, order, asked));
            reached = found.reached;
            return found.entries;
          },
        );
        if (reached === undefined) return page;
        const { pageInfo } = page;
        const backwards = args.last != null;
        return {
          ...page,
          pageInfo: backwards
            ? { ...pageInfo, startCursor: reached, hasPreviousPage: true }
            : { ...pageInfo, endCursor: reached, hasNextPage: true },
        };
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

interface SummaryGroup {
  readonly group: string;
  readonly sums: UsageFigures["sums"];
}

const SummaryGroupType = builder.objectRef<SummaryGroup>("UsageSummaryGroup").implement({
  fields: (t) => ({
    group: t.exposeString("group", {
      description: "A route's name, the id of a backend or key, or a day in UTC such as 2027-01-31. Empty: none was used.",
    }),
    requests: t.field({ type: "BigInt", resolve: ({ sums }) => sums.calls }),
    failedRequests: t.field({ type: "BigInt", resolve: ({ sums }) => sums.failed_calls }),
    inputTokens: t.field({ type: "BigInt", resolve: ({ sums }) => sums.input_tokens }),
    outputTokens: t.field({ type: "BigInt", resolve: ({ sums }) => sums.output_tokens }),
    costNanodollars: t.field({ type: "BigInt", resolve: ({ sums }) => sums.cost_nanodollars }),
    requestsWithoutCost: t.field({
      type: "BigInt",
      description: "Requests that used tokens whose price is not known; they are not in costNanodollars.",
      resolve: ({ sums }) => sums.unpriced_calls,
    }),
  }),
});

const summed = ["calls", "failed_calls", "input_tokens", "output_tokens", "cost_nanodollars", "unpriced_calls"] as const;
const summaryDimensions = { route: "route_name", backend: "backend_id", key: "api_key_id" } as const;

builder.queryField("usageSummary", (t) =>
  t.field({
    type: [SummaryGroupType],
    description: "`usage` in short: sums over a range of time. Most requests first, days in order; at most 1000 groups.",
    authScopes: { viewer: true },
    args: { range: t.arg({ type: RangeType, required: true }), groupBy: t.arg({ type: GroupingType, required: true }) },
    errors: { types: [ValidationError], dataField: { name: "groups" } },
    resolve: async (_root, { range, groupBy }, context): Promise<SummaryGroup[]> => {
      const { database, settings } = context.services;
      const question = {
        range,
        granularity: groupBy === "day" ? ("day" as const) : undefined,
        timeZone: "UTC",
        groupBy: groupBy === "day" ? [] : [{ dimension: summaryDimensions[groupBy] }],
        filter: {},
        orderBy: "calls" as const,
        figures: summed,
        limit: groupsMax,
        latencies: false,
      };
      const report = await readReport(
        database,
        principalOf(context).organisationId,
        question,
        false,
        keptSince(Date.now(), settings.ledgerDays),
      );
      if (groupBy !== "day") return report.groups.map(({ values, figures: { sums } }) => ({ group: values[0] ?? "", sums }));
      const days = report.total.points.filter(({ figures: { sums } }) => sums.calls > 0n);
      return days.map(({ at, figures: { sums } }) => ({ group: at.toISOString().slice(0, 10), sums }));
    },
  }),
);
