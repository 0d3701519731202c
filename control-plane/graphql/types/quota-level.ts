/** How quotas stand now, and which of them bind a key. Imported for its side effects by schema.ts. */

import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Quota as QuotaEntity } from "../../database/entities/quota.ts";
import { Route } from "../../database/entities/route.ts";
import { type QuotaLevel, quotaLevel } from "../../usage/quota-level.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";
import { Quota } from "./quota.ts";

const LevelSource = enumOf("QuotaLevelSource", ["counters", "ledger"]);

const HolderType = builder.objectRef<QuotaLevel["holders"][number]>("QuotaHolder").implement({
  description: "What one node has spent of a quota in this window, and holds for calls to come.",
  fields: (t) => ({
    nodeId: t.exposeString("nodeId"),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ nodeId }) => nodeId) }),
    died: t.exposeBoolean("died", { description: "A process that was killed; what it may have spent counts until the window turns." }),
    spent: t.expose("spent", { type: "BigInt", description: "With what running calls have reserved." }),
    leased: t.expose("leased", { type: "BigInt" }),
  }),
});

const LevelType = builder.objectRef<QuotaLevel>("QuotaLevel").implement({
  fields: (t) => ({
    source: t.field({
      type: LevelSource,
      description: "COUNTERS: what nodes share now. LEDGER: finished calls alone, where there is no Redis or it cannot be asked.",
      resolve: ({ source }) => source,
    }),
    used: t.expose("used", { type: "BigInt", description: "With what running calls have reserved, and without leases." }),
    leased: t.expose("leased", { type: "BigInt" }),
    remaining: t.expose("remaining", { type: "BigInt" }),
    windowStart: t.expose("windowStart", { type: "DateTime", nullable: true }),
    windowEnd: t.expose("windowEnd", { type: "DateTime", nullable: true }),
    forecast: t.expose("forecast", {
      type: "BigInt",
      nullable: true,
      description: "At the end of the window, if it goes on as since its beginning.",
    }),
    exhaustedAt: t.expose("exhaustedAt", { type: "DateTime", nullable: true, description: "Null: not in this window." }),
    holders: t.field({ type: [HolderType], resolve: ({ holders }) => [...holders] }),
  }),
});

builder.objectField(Quota, "level", (t) =>
  t.field({
    type: LevelType,
    args: { subject: t.arg.string({ description: "An end user's hash, where each is counted. Left out: all together." }) },
    resolve: (row, { subject }, { services }) => quotaLevel(services.database, services.quotaCounters, row, subject ?? "", new Date()),
  }),
);

builder.queryField("effectiveQuotas", (t) =>
  t.field({
    type: [Quota],
    description:
      "What binds the calls of a key, or of all keys of a project, from the organisation down; with a route, only what binds them there.",
    authScopes: { viewer: true },
    args: {
      apiKeyId: t.arg.id(),
      projectId: t.arg.id({ description: "In place of a key: what each key of it meets, without the keys' own." }),
      routeId: t.arg.id(),
    },
    resolve: async (_root, { apiKeyId, projectId, routeId }, context) => {
      if ((apiKeyId == null) === (projectId == null))
        throw new ValidationError([{ path: "apiKeyId", message: "give a key or a project, and not both" }]);
      const caller = apiKeyId == null ? await projectCaller(context, projectId ?? "") : await keyCaller(context, apiKeyId);
      if (caller === undefined) return [];
      const quotas = await inOrganisation(context, (em) => em.find(QuotaEntity, { archivedAt: null }, { orderBy: { id: "asc" } }));
      const holds = (kind: string, id: string | null | undefined): boolean =>
        kind === "project"
          ? id === caller.projectId
          : kind === "api_key"
            ? id === caller.apiKeyId
            : kind === "route"
              ? routeId == null
                ? caller.routeIds === undefined || caller.routeIds.has(id ?? "")
                : id === routeId
              : true;
      const order = ["organisation", "project", "api_key", "route", "end_user", "backend"];
      return quotas
        .filter((row) => holds(row.scopeKind, row.scopeId) && row.within.every(({ kind, id }) => holds(kind, id)))
        .sort((a, b) => order.indexOf(a.scopeKind) - order.indexOf(b.scopeKind));
    },
  }),
);

interface Caller {
  readonly projectId: string;
  /** Undefined: any of the project. */
  readonly apiKeyId: string | undefined;
  /** Undefined: all. */
  readonly routeIds: ReadonlySet<string> | undefined;
}

async function keyCaller(context: GraphQLContext, id: string): Promise<Caller | undefined> {
  const key = isUuid(id) ? await context.loaders.api_key.load(id) : undefined;
  if (key === undefined) return undefined;
  const routes =
    key.allowedRoutes.length === 0
      ? undefined
      : await inOrganisation(context, (em) => em.find(Route, { name: { $in: [...key.allowedRoutes] } }, { fields: ["id"] }));
  return { projectId: key.projectId, apiKeyId: key.id, routeIds: routes && new Set(routes.map((route) => route.id)) };
}

async function projectCaller(context: GraphQLContext, id: string): Promise<Caller | undefined> {
  const project = isUuid(id) ? await context.loaders.project.load(id) : undefined;
  return project && { projectId: project.id, apiKeyId: undefined, routeIds: undefined };
}
