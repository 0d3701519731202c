/** How quotas stand now, and which of them bind a key. Imported for its side effects by schema.ts. */

import { isUuid } from "../../database/config-kinds.ts";
import { Quota as QuotaEntity } from "../../database/entities/quota.ts";
import { type QuotaLevel, quotaLevel } from "../../usage/quota-level.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { Quota } from "./quota.ts";

const LevelSource = enumOf("QuotaLevelSource", ["counters", "ledger"]);

const HolderType = builder.objectRef<QuotaLevel["holders"][number]>("QuotaHolder").implement({
  description: "What one node has spent of a quota in this window, and holds for calls to come.",
  fields: (t) => ({
    nodeId: t.exposeString("nodeId"),
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
    description: "What binds the calls of a key, from the organisation down; with a route, only what binds them there.",
    authScopes: { viewer: true },
    args: { apiKeyId: t.arg.id({ required: true }), routeId: t.arg.id() },
    resolve: async (_root, { apiKeyId, routeId }, context) => {
      const key = isUuid(apiKeyId) ? await context.loaders.api_key.load(apiKeyId) : undefined;
      if (key === undefined) return [];
      const quotas = await inOrganisation(context, (em) => em.find(QuotaEntity, { archivedAt: null }, { orderBy: { id: "asc" } }));
      const holds = (kind: string, id: string | null | undefined): boolean =>
        kind === "project"
          ? id === key.projectId
          : kind === "api_key"
            ? id === key.id
            : kind === "route"
              ? routeId == null || id === routeId
              : true;
      const order = ["organisation", "project", "api_key", "route", "end_user", "backend"];
      return quotas
        .filter((row) => holds(row.scopeKind, row.scopeId) && row.within.every(({ kind, id }) => holds(kind, id)))
        .sort((a, b) => order.indexOf(a.scopeKind) - order.indexOf(b.scopeKind));
    },
  }),
);
