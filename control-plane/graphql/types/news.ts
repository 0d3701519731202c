/** What a console hears over its one connection: browsers have six to a host, and a subscription holds one. Imported for its side effects by schema.ts. */
import { map, Repeater } from "graphql-yoga";
import type { Alert as AlertEntity } from "../../database/entities/alert.ts";
import { callsById } from "../../usage/read-usage.ts";
import { builder } from "../builder.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { Alert, alertNews } from "./alert.ts";
import { type LiveCalls, LiveCallsType, liveCalls } from "./live-calls.ts";
import { type ListedNode, NodeType, nodeNews } from "./node.ts";
import { type ListedCall, listedCalls, RunningCallType } from "./running-calls.ts";

interface News {
  readonly nodes?: readonly ListedNode[];
  readonly running?: readonly ListedCall[];
  readonly alert?: AlertEntity;
  readonly ended?: LiveCalls;
}

/** Calls that have ended are looked at four times a second: twenty a second are as many as can be read. */
const endedAtOnceMax = 5;

const NewsType = builder.objectRef<News>("News").implement({
  description: "What is new; the other fields are null.",
  fields: (t) => ({
    nodes: t.field({ type: [NodeType], nullable: true, resolve: ({ nodes }) => nodes?.slice() }),
    alert: t.field({ type: Alert, nullable: true, resolve: ({ alert }) => alert }),
    running: t.field({
      type: [RunningCallType],
      nullable: true,
      description: "With `traffic`, as `runningCalls`: comes with `nodes`.",
      resolve: ({ running }) => running?.slice(),
    }),
    ended: t.field({
      type: LiveCallsType,
      nullable: true,
      description: "With `traffic`: calls as they come into the ledger, at most twenty a second; the others are counted.",
      resolve: ({ ended }) => ended,
    }),
  }),
});

builder.subscriptionField("news", (t) =>
  t.field({
    type: NewsType,
    description: "What `nodes` and `alertRaised` tell, over one connection; and the calls that run and end, where that is asked for.",
    authScopes: { viewer: true },
    args: { traffic: t.arg.boolean({ defaultValue: false }) },
    subscribe: (_root, { traffic }, context): AsyncIterable<News> => news(context, traffic === true),
    resolve: (one: News) => one,
  }),
);

function news(context: GraphQLContext, traffic: boolean): AsyncIterable<News> {
  const { propagation, alerts, callFeed, database } = context.services;
  const { organisationId } = principalOf(context);
  const ofNodes = (nodes: readonly ListedNode[]): News => ({
    nodes,
    ...(traffic ? { running: listedCalls(propagation, organisationId) } : {}),
  });
  const readCalls = (callId: readonly string[]) => callsById(database, organisationId, { callId });
  return Repeater.merge<AsyncIterable<News>>([
    map(ofNodes)(nodeNews(propagation)),
    map((alert: AlertEntity): News => ({ alert }))(alertNews(alerts, organisationId)),
    ...(traffic ? [map((ended: LiveCalls): News => ({ ended }))(liveCalls(callFeed, organisationId, readCalls, endedAtOnceMax))] : []),
  ]);
}
