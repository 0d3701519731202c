/** What a console hears over its one connection: browsers have six to a host, and a subscription holds one. Imported for its side effects by schema.ts. */
import { map, Repeater } from "graphql-yoga";
import type { Alert as AlertEntity } from "../../database/entities/alert.ts";
import { builder } from "../builder.ts";
import { principalOf } from "../context.ts";
import { Alert, alertNews } from "./alert.ts";
import { type ListedNode, NodeType, nodeNews } from "./node.ts";

type News = { readonly nodes: readonly ListedNode[] } | { readonly alert: AlertEntity };

const NewsType = builder.objectRef<News>("News").implement({
  description: "One of its fields says what is new; the others are null.",
  fields: (t) => ({
    nodes: t.field({ type: [NodeType], nullable: true, resolve: (news) => ("nodes" in news ? [...news.nodes] : null) }),
    alert: t.field({ type: Alert, nullable: true, resolve: (news) => ("alert" in news ? news.alert : null) }),
  }),
});

builder.subscriptionField("news", (t) =>
  t.field({
    type: NewsType,
    description: "What `nodes` and `alertRaised` tell, over one connection.",
    authScopes: { viewer: true },
    subscribe: (_root, _arguments, context): AsyncIterable<News> =>
      Repeater.merge([
        map((nodes: readonly ListedNode[]): News => ({ nodes }))(nodeNews(context.services.propagation)),
        map((alert: AlertEntity): News => ({ alert }))(alertNews(context.services.alerts, principalOf(context).organisationId)),
      ]),
    resolve: (news: News) => news,
  }),
);
