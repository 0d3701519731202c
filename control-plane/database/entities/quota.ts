/** A limit on what calls may use in each window of a scope. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { quotaWindows } from "#agreements/quota-window.ts";
import { configColumns } from "./config-columns.ts";

export const quotaScopeKinds = ["organisation", "project", "api_key", "route", "end_user", "backend"] as const;
export const quotaResources = ["requests", "tokens", "input_tokens", "output_tokens", "cost", "concurrent_calls"] as const;
export const quotaEnforcements = ["hard", "soft", "shadow"] as const;
export { quotaWindows };

export type QuotaScopeKind = (typeof quotaScopeKinds)[number];

export interface QuotaNarrowing {
  readonly kind: QuotaScopeKind;
  /** Null for each end user. */
  readonly id: string | null;
}

export const Quota = defineEntity({
  name: "Quota",
  tableName: "quota",
  properties: {
    ...configColumns(),
    key: p.text(),
    scopeKind: p.text().$type<QuotaScopeKind>(),
    /** The project, API key, route or backend; null for an organisation or for each end user. */
    scopeId: p.uuid().nullable(),
    /** Only calls that these hold for as well. */
    within: p.json().$type<readonly QuotaNarrowing[]>(),
    resource: p.text().$type<(typeof quotaResources)[number]>(),
    window: p.text().$type<(typeof quotaWindows)[number]>(),
    /** IANA; of calendar windows. */
    timeZone: p.text(),
    /** Of cost: nano-dollars. */
    limit: p.bigint(),
    /** 0: as much as the limit. */
    burst: p.bigint(),
    enforcement: p.text().$type<(typeof quotaEnforcements)[number]>(),
  },
});
export type Quota = InferEntity<typeof Quota>;
