/** What routes and backends carried in the last day: one reading for all of a page. Imported for its side effects by schema.ts. */
import DataLoader from "dataloader";
import type { GraphQLResolveInfo } from "graphql";
import { keptSince } from "../../usage/plan-usage.ts";
import { noFigures, readReport, type UsageSeries } from "../../usage/read-report.ts";
import { builder } from "../builder.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { Backend } from "./backend.ts";
import { Route } from "./route.ts";
import { asksForPercentiles, figuresAsked, SeriesType, type ShownSeries } from "./usage-report.ts";

const hourMs = 3_600_000;
/** As many values as a filter of usage takes, and as a page has rows. */
const batchMax = 100;

type Dimension = "route_id" | "backend_id";

const loaders = new WeakMap<GraphQLContext, Map<Dimension, DataLoader<string, ShownSeries>>>();

/** Of one request. What is read is what the first to ask named: all of a page name the same. */
function lastDayOf(context: GraphQLContext, dimension: Dimension, info: GraphQLResolveInfo): DataLoader<string, ShownSeries> {
  const ofContext = loaders.get(context) ?? new Map<Dimension, DataLoader<string, ShownSeries>>();
  loaders.set(context, ofContext);
  let loader = ofContext.get(dimension);
  if (loader === undefined) {
    loader = new DataLoader((ids) => readDays(context, dimension, ids, info), { maxBatchSize: batchMax });
    ofContext.set(dimension, loader);
  }
  return loader;
}

async function readDays(
  context: GraphQLContext,
  dimension: Dimension,
  ids: readonly string[],
  info: GraphQLResolveInfo,
): Promise<readonly ShownSeries[]> {
  const { database, settings } = context.services;
  const nowMs = Date.now();
  const range = { since: new Date(Math.floor(nowMs / hourMs) * hourMs - 23 * hourMs), until: new Date(nowMs) };
  const question = {
    range,
    granularity: "hour",
    timeZone: "UTC",
    groupBy: [{ dimension }],
    filter: { [dimension]: ids },
    orderBy: "calls",
    limit: batchMax,
    figures: figuresAsked(info),
    latencies: asksForPercentiles(info),
  } as const;
  const report = await readReport(database, principalOf(context).organisationId, question, false, keptSince(nowMs, settings.ledgerDays));
  const byId = new Map<string | undefined, UsageSeries>(report.groups.map((group) => [group.values[0], group]));
  const nothing: UsageSeries = { figures: noFigures, points: report.total.points.map(({ at }) => ({ at, figures: noFigures })) };
  return ids.map((id) => ({ ...(byId.get(id) ?? nothing), before: undefined }));
}

const description = "Its calls of the last 23 hours and of the one that runs, by the hour.";

builder.objectField(Route, "lastDay", (t) =>
  t.field({ type: SeriesType, description, resolve: (row, _args, context, info) => lastDayOf(context, "route_id", info).load(row.id) }),
);
builder.objectField(Backend, "lastDay", (t) =>
  t.field({
    type: SeriesType,
    description: `${description} Those that it answered, or failed as the last to be tried.`,
    resolve: (row, _args, context, info) => lastDayOf(context, "backend_id", info).load(row.id),
  }),
);
