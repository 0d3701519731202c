/** Which quotas refused calls, or were passed. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { type QuotaEffect, quotaEffects } from "../../database/entities/usage-event.ts";
import { type QuotaDenials, readDenials } from "../../usage/quota-marks.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { Quota } from "./quota.ts";
import { RangeType } from "./usage-report.ts";

const refusals: readonly QuotaEffect[] = ["denied", "unavailable", "cut", "passed_over"];

const QuotaEffectType = enumOf("QuotaEffect", quotaEffects);

const EffectCount = builder.objectRef<QuotaDenials["effects"][number]>("QuotaEffectCount").implement({
  fields: (t) => ({
    effect: t.field({ type: QuotaEffectType, resolve: ({ effect }) => effect }),
    calls: t.expose("calls", { type: "BigInt" }),
  }),
});

const KeyCount = builder.objectRef<QuotaDenials["keys"][number]>("QuotaKeyCount").implement({
  fields: (t) => ({ apiKeyId: t.exposeID("apiKeyId"), calls: t.expose("calls", { type: "BigInt" }) }),
});

const DenialsType = builder.objectRef<QuotaDenials>("QuotaDenials").implement({
  description: "What one quota did to calls. In the words of the last of them: the quota may have changed since.",
  fields: (t) => ({
    quotaId: t.exposeID("quotaId"),
    quota: t.field({
      type: Quota,
      nullable: true,
      description: "As it is now. Null: it is gone.",
      resolve: ({ quotaId }, _args, context) => (isUuid(quotaId) ? (context.loaders.quota.load(quotaId) ?? null) : null),
    }),
    quotaKey: t.exposeString("quotaKey"),
    scope: t.exposeString("scope", { description: "What it is laid on, as people read it." }),
    resource: t.exposeString("resource"),
    window: t.exposeString("window"),
    enforcement: t.exposeString("enforcement"),
    calls: t.expose("calls", { type: "BigInt" }),
    firstAt: t.expose("firstAt", { type: "DateTime" }),
    lastAt: t.expose("lastAt", { type: "DateTime" }),
    effects: t.field({ type: [EffectCount], description: "Most calls first.", resolve: ({ effects }) => [...effects] }),
    keys: t.field({ type: [KeyCount], description: "The API keys with the most, at most 20.", resolve: ({ keys }) => [...keys] }),
  }),
});

builder.queryField("denials", (t) =>
  t.field({
    type: [DenialsType],
    description: "Quotas that refused calls, those with the most first; at most 500. Of the hours that the range touches.",
    authScopes: { viewer: true },
    args: {
      range: t.arg({ type: RangeType, required: true }),
      effects: t.arg({
        type: [QuotaEffectType],
        description: "Left out: all by which a call was refused. PASSED: soft and shadow quotas that were passed.",
      }),
      quotaId: t.arg.id(),
      apiKeyId: t.arg.id(),
    },
    errors: { types: [ValidationError], dataField: { name: "quotas" } },
    resolve: async (_root, { range, effects, quotaId, apiKeyId }, context): Promise<QuotaDenials[]> => {
      if (!(range.until > range.since)) throw new ValidationError([{ path: "range.until", message: "must be after range.since" }]);
      return readDenials(context.services.database, principalOf(context).organisationId, {
        since: range.since,
        until: range.until,
        effects: effects ?? refusals,
        quotaId: quotaId ?? undefined,
        apiKeyId: apiKeyId ?? undefined,
      });
    },
  }),
);
