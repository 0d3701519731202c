/** Usage over GraphQL: sums of calls over a range, by time and by any dimension of a call, beside the time before. */
import { type GraphQLResolveInfo, print } from "graphql";
import { ValidationError } from "../../control-error.ts";
import type { ConfigKind } from "../../database/config-kinds.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { type Dimension, type Figure, figureNames, type SketchName } from "../../usage/cubes.ts";
import { percentileMs } from "../../usage/latency-sketch.ts";
import { keptSince } from "../../usage/plan-usage.ts";
import {
  type ComparedReport,
  countsOf,
  readReport,
  type UsageFigures,
  type UsageGroup,
  type UsagePoint,
  type UsageReport,
  type UsageSeries,
} from "../../usage/read-report.ts";
import { type Grouping, granularities, groupsMax } from "../../usage/usage-question.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { DimensionType, dimensionFilterFields, dimensionFilterOf } from "./usage-filter.ts";

const groupsDefault = 20;

export const RangeType = builder.inputType("UsageRange", {
  fields: (t) => ({
    since: t.field({ type: "DateTime", required: true }),
    until: t.field({ type: "DateTime", required: true, description: "Not included." }),
  }),
});

const GranularityType = enumOf("UsageGranularity", granularities);

const GroupingType = builder.inputType("UsageGroupBy", {
  fields: (t) => ({
    dimension: t.field({ type: DimensionType, required: true }),
    tag: t.string({ description: "For TAG: the tag's name." }),
  }),
});

const FilterType = builder.inputType("UsageFilter", {
  description: "All that are given must hold; of the values of one, any.",
  fields: dimensionFilterFields,
});

const OrderType = builder.enumType("UsageFigure", {
  values: Object.fromEntries(figureNames.map((figure) => [figure.toUpperCase(), { value: figure }])) as Record<string, { value: Figure }>,
});

interface Latency {
  readonly figures: UsageFigures;
  readonly sketch: SketchName;
  readonly sumMs: bigint;
  readonly calls: bigint;
}

const percentile =
  (share: number) =>
  ({ figures, sketch }: Latency) =>
    percentileMs(countsOf(figures.sketches[sketch]), share);

const LatencyType = builder.objectRef<Latency>("UsageLatency").implement({
  description: "Milliseconds. Percentiles are within 4.4 % of the true ones. Null: no call had any.",
  fields: (t) => ({
    averageMs: t.float({ nullable: true, resolve: ({ sumMs, calls }) => (calls === 0n ? null : Number(sumMs) / Number(calls)) }),
    p50Ms: t.float({ nullable: true, resolve: percentile(0.5) }),
    p90Ms: t.float({ nullable: true, resolve: percentile(0.9) }),
    p95Ms: t.float({ nullable: true, resolve: percentile(0.95) }),
    p99Ms: t.float({ nullable: true, resolve: percentile(0.99) }),
    percentileMs: t.float({
      nullable: true,
      args: { share: t.arg.float({ required: true, description: "0 to 1." }) },
      resolve: (latency, { share }) => {
        if (!(share >= 0 && share <= 1)) throw new ValidationError([{ path: "share", message: "must be from 0 to 1" }]);
        return percentile(share)(latency);
      },
    }),
  }),
});

const FiguresType = builder.objectRef<UsageFigures>("UsageFigures").implement({
  description: "Sums over calls. What is not known of a call is in no sum, and the call is counted beside.",
  fields: (t) => {
    const sum = (figure: Figure, description?: string) =>
      t.field({ type: "BigInt", ...(description === undefined ? {} : { description }), resolve: ({ sums }) => sums[figure] });
    return {
      calls: sum("calls"),
      failedCalls: sum("failed_calls", "Whose outcome is not OK."),
      retriedCalls: sum("retried_calls", "That took more than one attempt."),
      callsWithoutUsage: sum("calls_without_usage", "Whose tokens nobody knows: they are in no sum of tokens."),
      callsEstimated: sum("calls_estimated", "Whose tokens the node counted, because the backend did not say."),
      unpricedCalls: sum("unpriced_calls", "That used tokens whose price is not known: they are not in costNanodollars."),
      inputTokens: sum("input_tokens"),
      outputTokens: sum("output_tokens"),
      totalTokens: t.field({ type: "BigInt", resolve: ({ sums }) => sums.input_tokens + sums.output_tokens }),
      cacheReadTokens: sum("cache_read_tokens", "Part of inputTokens, as are the other kinds of input."),
      cacheWriteTokens: sum("cache_write_tokens"),
      cacheWriteOneHourTokens: sum("cache_write_one_hour_tokens"),
      reasoningTokens: sum("reasoning_tokens", "Part of outputTokens, as are the other kinds of output."),
      audioInputTokens: sum("audio_input_tokens"),
      audioOutputTokens: sum("audio_output_tokens"),
      imageInputTokens: sum("image_input_tokens"),
      imageOutputTokens: sum("image_output_tokens"),
      costNanodollars: sum("cost_nanodollars"),
      duration: t.field({
        type: LatencyType,
        resolve: (own): Latency => ({ figures: own, sketch: "durations", sumMs: own.sums.duration_ms, calls: own.sums.calls }),
      }),
      timeToFirstToken: t.field({
        type: LatencyType,
        description: "Of calls that brought content.",
        resolve: (own): Latency => ({
          figures: own,
          sketch: "times_to_first_token",
          sumMs: own.sums.time_to_first_token_ms,
          calls: own.sums.calls_with_content,
        }),
      }),
    };
  },
});

const PointType = builder.objectRef<UsagePoint>("UsagePoint").implement({
  fields: (t) => ({
    at: t.field({
      type: "DateTime",
      description: "The beginning of the step; the first may lie before the range.",
      resolve: ({ at }) => at,
    }),
    figures: t.field({ type: FiguresType, resolve: ({ figures }) => figures }),
  }),
});

export interface ShownSeries extends UsageSeries {
  readonly before: UsageSeries | undefined;
}

const seriesFields = (t: PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, ShownSeries>) => ({
  figures: t.field({ type: FiguresType, resolve: ({ figures }) => figures }),
  points: t.field({
    type: [PointType],
    description: "One for each step of the range, empty ones too. None without a granularity.",
    resolve: ({ points }) => [...points],
  }),
  before: t.field({
    type: FiguresType,
    nullable: true,
    description: "Over the time before, as long as the range. Null: not asked for.",
    resolve: ({ before }) => before?.figures ?? null,
  }),
  pointsBefore: t.field({ type: [PointType], resolve: ({ before }) => [...(before?.points ?? [])] }),
});

export const SeriesType = builder.objectRef<ShownSeries>("UsageSeries").implement({ fields: seriesFields });

interface DimensionValue {
  readonly grouping: Grouping;
  readonly value: string;
}

const ValueType = builder.objectRef<DimensionValue>("UsageDimensionValue").implement({
  fields: (t) => ({
    dimension: t.field({ type: DimensionType, resolve: ({ grouping }) => ("tag" in grouping ? ("tag" as const) : grouping.dimension) }),
    tag: t.string({ nullable: true, resolve: ({ grouping }) => ("tag" in grouping ? grouping.tag : null) }),
    value: t.exposeString("value", { description: "Empty: there was none." }),
    label: t.string({
      nullable: true,
      description: "What people call it: a key, a name. Null: the value says it itself, or nobody knows it any more.",
      resolve: ({ grouping, value }, _arguments, context) => ("tag" in grouping ? null : labelOf(grouping.dimension, value, context)),
    }),
  }),
});

const configKindOf: { readonly [Name in Dimension]?: ConfigKind } = {
  project_id: "project",
  api_key_id: "api_key",
  route_id: "route",
  backend_id: "backend",
  provider_id: "provider",
  prompt: "prompt",
  prompt_version: "prompt",
  experiment: "experiment",
  variant: "experiment",
};

async function labelOf(dimension: Dimension, value: string, { loaders, services }: GraphQLContext): Promise<string | null> {
  if (dimension === "node") return value === "" ? null : services.propagation.nameOf(value);
  const kind = configKindOf[dimension];
  const [id = "", within] = value.split("@", 2);
  if (kind === undefined || !isUuid(id)) return null;
  const row = await loaders[kind].load(id);
  if (row === undefined) return null;
  const name = "key" in row ? row.key : "name" in row ? row.name : null;
  return name === null || within === undefined ? name : `${name}@${within}`;
}

interface ShownGroup extends ShownSeries {
  readonly values: readonly DimensionValue[];
}

const GroupType = builder.objectRef<ShownGroup>("UsageGroup").implement({
  fields: (t) => ({
    values: t.field({ type: [ValueType], description: "In the order of groupBy.", resolve: ({ values }) => [...values] }),
    ...seriesFields(t as never),
  }),
});

interface ShownReport {
  readonly report: ComparedReport;
  readonly groupBy: readonly Grouping[];
}

const ReportType = builder.objectRef<ShownReport>("UsageReport").implement({
  description: "All sums in it are of one instant and agree: the groups and the rest make the total, as do the points.",
  fields: (t) => ({
    since: t.field({ type: "DateTime", resolve: ({ report }) => report.range.since }),
    until: t.field({ type: "DateTime", resolve: ({ report }) => report.range.until }),
    total: t.field({ type: SeriesType, resolve: ({ report }) => ({ ...report.total, before: report.before?.total }) }),
    groups: t.field({
      type: [GroupType],
      description: "Those with the most of what is ordered by, first.",
      resolve: ({ report, groupBy }) => report.groups.map((group) => shownGroup(group, groupBy, report.before)),
    }),
    rest: t.field({
      type: SeriesType,
      nullable: true,
      description: "The groups beyond the limit, together. Null: there are none.",
      resolve: ({ report }) => (report.rest === undefined ? null : { ...report.rest, before: report.before?.rest }),
    }),
  }),
});

function shownGroup(group: UsageGroup, groupBy: readonly Grouping[], before: UsageReport | undefined): ShownGroup {
  const key = JSON.stringify(group.values);
  return {
    ...group,
    values: groupBy.map((grouping, index) => ({ grouping, value: group.values[index] ?? "" })),
    before: before?.groups.find(({ values }) => JSON.stringify(values) === key),
  };
}

builder.queryField("usage", (t) =>
  t.field({
    type: ReportType,
    description:
      "Sums of calls over a range, to the instant. What is older than the ledger is kept (PENSTOCK_LEDGER_DAYS) is counted by whole days in UTC.",
    authScopes: { viewer: true },
    args: {
      range: t.arg({ type: RangeType, required: true }),
      granularity: t.arg({ type: GranularityType, description: "Null: no points, the range is one. Weeks begin on Monday." }),
      timeZone: t.arg.string({
        description: "Whose hours, days, weeks and months the points are; IANA, such as Europe/Berlin. Left out: UTC.",
      }),
      groupBy: t.arg({ type: [GroupingType], description: "Up to 4." }),
      filter: t.arg({ type: FilterType }),
      orderBy: t.arg({ type: OrderType, description: "CALLS by default." }),
      limit: t.arg.int({ description: `Groups: ${groupsDefault} by default, at most ${groupsMax}.` }),
      compare: t.arg.boolean({ description: "With the time before, as long as the range." }),
    },
    errors: { types: [ValidationError] },
    resolve: async (
      _root,
      { range, granularity, timeZone, groupBy: given, filter, orderBy, limit, compare },
      context,
      info,
    ): Promise<ShownReport> => {
      const { database, settings } = context.services;
      const groupBy = (given ?? []).map(groupingOf);
      const question = {
        range,
        granularity: granularity ?? undefined,
        timeZone: timeZone ?? "UTC",
        groupBy,
        filter: dimensionFilterOf(filter, settings.pepper),
        orderBy: orderBy ?? "calls",
        limit: limit ?? groupsDefault,
        figures: figuresAsked(info),
        latencies: asksForPercentiles(info),
      };
      const kept = keptSince(Date.now(), settings.ledgerDays);
      return { report: await readReport(database, principalOf(context).organisationId, question, compare === true, kept), groupBy };
    },
  }),
);

function groupingOf(
  { dimension, tag }: { readonly dimension: Dimension | "tag"; readonly tag?: string | null | undefined },
  index: number,
): Grouping {
  if (dimension !== "tag") return { dimension };
  if (tag == null || tag === "") throw new ValidationError([{ path: `groupBy[${index}].tag`, message: "must name the tag" }]);
  return { tag };
}

/** They are most of what a report reads, so they are read only where the document names one. */
export const asksForPercentiles = (info: GraphQLResolveInfo): boolean => /\b(p\d\dMs|percentileMs)\b/.test(documentOf(info));

/** What the document does not name is not summed. */
export function figuresAsked(info: GraphQLResolveInfo): readonly Figure[] {
  const named = new Set(documentOf(info).match(/\w+/g));
  return figureNames.filter((figure) => {
    const field = figure.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return named.has(field) || (fieldsMadeOf[figure] ?? []).some((made) => named.has(made));
  });
}

/** Fields that have another name than the figures that they are made of. */
const fieldsMadeOf: { readonly [Name in Figure]?: readonly string[] } = {
  input_tokens: ["totalTokens"],
  output_tokens: ["totalTokens"],
  duration_ms: ["duration"],
  calls_with_content: ["timeToFirstToken"],
  time_to_first_token_ms: ["timeToFirstToken"],
};

const documentOf = ({ fieldNodes, fragments }: GraphQLResolveInfo): string =>
  [...fieldNodes, ...Object.values(fragments)].map((node) => print(node)).join("\n");
