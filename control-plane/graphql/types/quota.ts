/** Limits on what calls may use. Imported for its side effects by schema.ts. */
import {
  type QuotaNarrowing as Narrowing,
  type Quota as QuotaRow,
  quotaEnforcements,
  quotaResources,
  quotaScopeKinds,
  quotaWindows,
} from "../../database/entities/quota.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { scopeInWords } from "../scope-in-words.ts";
import { searchOfLimits } from "../scope-search.ts";

const QuotaScopeKind = enumOf("QuotaScopeKind", quotaScopeKinds);
const QuotaResource = enumOf("QuotaResource", quotaResources);
const QuotaWindow = enumOf("QuotaWindow", quotaWindows);
const QuotaEnforcement = enumOf("QuotaEnforcement", quotaEnforcements);

const QuotaNarrowing = builder.objectRef<Narrowing>("QuotaNarrowing").implement({
  fields: (t) => ({
    kind: t.field({ type: QuotaScopeKind, resolve: (narrowing) => narrowing.kind }),
    id: t.id({ nullable: true, description: "Null for each end user.", resolve: (narrowing) => narrowing.id }),
  }),
});

export const Quota = builder.objectRef<QuotaRow>("Quota").implement({
  description: "A limit on what calls of a scope may use in a window.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    scopeKind: t.field({ type: QuotaScopeKind, resolve: (row) => row.scopeKind }),
    scopeId: t.id({ nullable: true, resolve: (row) => row.scopeId ?? null }),
    within: t.field({
      type: [QuotaNarrowing],
      description: "Only calls that these hold for as well: those of a key on a route.",
      resolve: (row) => [...row.within],
    }),
    scope: t.string({
      description: 'What it is laid on, as people call it: "key web-shop on route chat".',
      resolve: (row, _args, context) => scopeInWords(context, [{ kind: row.scopeKind, id: row.scopeId }, ...row.within]),
    }),
    resource: t.field({ type: QuotaResource, resolve: (row) => row.resource }),
    window: t.field({
      type: QuotaWindow,
      description: "SECOND, MINUTE and HOUR slide; DAY, WEEK (from Monday) and MONTH are the calendar's; NONE for concurrent calls.",
      resolve: (row) => row.window,
    }),
    timeZone: t.exposeString("timeZone", { description: "IANA. In which days, weeks and months begin." }),
    limit: t.field({ type: "BigInt", description: "Of COST: nano-dollars; 1000000000 is $1.", resolve: (row) => row.limit }),
    burst: t.field({
      type: "BigInt",
      description: "In sliding windows: at most so much at once, refilled evenly at the limit's pace. 0: as much as the limit.",
      resolve: (row) => row.burst,
    }),
    enforcement: t.field({
      type: QuotaEnforcement,
      description: "HARD refuses, SOFT counts and warns, SHADOW only counts.",
      resolve: (row) => row.enforcement,
    }),
  }),
});
addQueries(
  "quota",
  {
    one: "quota",
    many: "quotas",
    orders: { key: byText("key") },
    searchedToo: searchOfLimits({
      table: "quota",
      wordColumns: ["scopeKind", "resource"],
      laidOn: (row) =>
        `select ${row}.scope_id union all select (narrowing->>'id')::uuid from jsonb_array_elements(${row}.within) as narrowing`,
    }),
  },
  Quota,
);

const QuotaNarrowingInput = builder.inputType("QuotaNarrowingInput", {
  fields: (t) => ({ kind: t.field({ type: QuotaScopeKind, required: true }), id: t.id() }),
});

const CreateQuotaInput = builder.inputType("CreateQuotaInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    scopeKind: t.field({ type: QuotaScopeKind, required: true }),
    scopeId: t.id({ description: "The project, API key, route or backend." }),
    within: t.field({ type: [QuotaNarrowingInput], description: "Only calls that these hold for as well." }),
    resource: t.field({ type: QuotaResource, required: true }),
    window: t.field({ type: QuotaWindow, required: true, description: "NONE for CONCURRENT_CALLS." }),
    timeZone: t.string({ description: "IANA, such as Europe/Berlin. Left out: UTC." }),
    limit: t.field({ type: "BigInt", required: true, description: "Of COST: nano-dollars; 1000000000 is $1." }),
    burst: t.field({ type: "BigInt", description: "0 or left out: as much as the limit." }),
    enforcement: t.field({ type: QuotaEnforcement, required: true }),
  }),
});
const CreateQuotaPayload = configPayload("CreateQuotaPayload", "quota", Quota);
builder.mutationField("createQuota", (t) =>
  t.field({
    type: CreateQuotaPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateQuotaInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "quota.create", summary: `quota ${input.key} made` }, async (change) =>
        change.create("quota", {
          key: input.key,
          scopeKind: input.scopeKind,
          scopeId: input.scopeId ?? null,
          within: (input.within ?? []).map(({ kind, id }) => ({ kind, id: id ?? null })),
          resource: input.resource,
          window: input.window,
          timeZone: input.timeZone ?? "UTC",
          limit: input.limit,
          burst: input.burst ?? 0n,
          enforcement: input.enforcement,
        }),
      ),
  }),
);

const UpdateQuotaInput = builder.inputType("UpdateQuotaInput", {
  description: "What a quota counts is fixed; make another one to count something else. A change does not reset what was used.",
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    limit: t.field({ type: "BigInt" }),
    burst: t.field({ type: "BigInt" }),
    enforcement: t.field({ type: QuotaEnforcement }),
  }),
});
const UpdateQuotaPayload = configPayload("UpdateQuotaPayload", "quota", Quota);
builder.mutationField("updateQuota", (t) =>
  t.field({
    type: UpdateQuotaPayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateQuotaInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "quota.update", summary: "quota changed" }, async (change) => {
        const row = await change.edit("quota", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.limit = input.limit ?? row.limit;
        row.burst = input.burst ?? row.burst;
        row.enforcement = input.enforcement ?? row.enforcement;
        change.describe(`quota ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("quota", "quota", Quota);
