/** A limit on requests or tokens in each window of a scope. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

export const quotaScopeKinds = ["organisation", "project", "api_key", "route", "end_user"] as const;
export const quotaResources = ["requests", "tokens"] as const;
export const quotaWindows = ["second", "minute", "hour", "day", "month"] as const;
export const quotaEnforcements = ["hard", "soft", "shadow"] as const;

export const Quota = defineEntity({
  name: "Quota",
  tableName: "quota",
  properties: {
    ...configColumns(),
    key: p.text(),
    scopeKind: p.text().$type<(typeof quotaScopeKinds)[number]>(),
    /** The project, API key or route; null for an organisation or for each end user. */
    scopeId: p.uuid().nullable(),
    resource: p.text().$type<(typeof quotaResources)[number]>(),
    /** A calendar window in UTC. */
    window: p.text().$type<(typeof quotaWindows)[number]>(),
    limit: p.bigint(),
    enforcement: p.text().$type<(typeof quotaEnforcements)[number]>(),
  },
});
export type Quota = InferEntity<typeof Quota>;
