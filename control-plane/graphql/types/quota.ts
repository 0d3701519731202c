/** Limits on requests and tokens. Imported for its side effects by schema.ts. */
import { type Quota as QuotaRow, quotaEnforcements, quotaResources, quotaScopeKinds, quotaWindows } from "../../database/entities/quota.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";

const QuotaScopeKind = enumOf("QuotaScopeKind", quotaScopeKinds);
const QuotaResource = enumOf("QuotaResource", quotaResources);
const QuotaWindow = enumOf("QuotaWindow", quotaWindows);
const QuotaEnforcement = enumOf("QuotaEnforcement", quotaEnforcements);

export const Quota = builder.objectRef<QuotaRow>("Quota").implement({
  description: "A limit in each calendar window (UTC) of a scope.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    scopeKind: t.field({ type: QuotaScopeKind, resolve: (row) => row.scopeKind }),
    scopeId: t.id({ nullable: true, resolve: (row) => row.scopeId ?? null }),
    resource: t.field({ type: QuotaResource, resolve: (row) => row.resource }),
    window: t.field({ type: QuotaWindow, resolve: (row) => row.window }),
    limit: t.field({ type: "BigInt", resolve: (row) => row.limit }),
    enforcement: t.field({
      type: QuotaEnforcement,
      description: "HARD refuses, SOFT counts and warns, SHADOW only counts.",
      resolve: (row) => row.enforcement,
    }),
  }),
});
addQueries("quota", { one: "quota", many: "quotas" }, Quota);

const CreateQuotaInput = builder.inputType("CreateQuotaInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    scopeKind: t.field({ type: QuotaScopeKind, required: true }),
    scopeId: t.id({ description: "The project, API key or route." }),
    resource: t.field({ type: QuotaResource, required: true }),
    window: t.field({ type: QuotaWindow, required: true }),
    limit: t.field({ type: "BigInt", required: true }),
    enforcement: t.field({ type: QuotaEnforcement, required: true }),
  }),
});
const CreateQuotaPayload = configPayload("CreateQuotaPayload", "quota", Quota);
builder.mutationField("createQuota", (t) =>
  t.field({
    type: CreateQuotaPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateQuotaInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "quota.create", summary: `quota ${input.key} made` }, async (change) =>
        change.create("quota", {
          key: input.key,
          scopeKind: input.scopeKind,
          scopeId: input.scopeId ?? null,
          resource: input.resource,
          window: input.window,
          limit: input.limit,
          enforcement: input.enforcement,
        }),
      ),
  }),
);

const UpdateQuotaInput = builder.inputType("UpdateQuotaInput", {
  description: "What a quota counts is fixed; make another one to count something else.",
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    limit: t.field({ type: "BigInt" }),
    enforcement: t.field({ type: QuotaEnforcement }),
  }),
});
const UpdateQuotaPayload = configPayload("UpdateQuotaPayload", "quota", Quota);
builder.mutationField("updateQuota", (t) =>
  t.field({
    type: UpdateQuotaPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateQuotaInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "quota.update", summary: "quota changed" }, async (change) => {
        const row = await change.edit("quota", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.limit = input.limit ?? row.limit;
        row.enforcement = input.enforcement ?? row.enforcement;
        change.describe(`quota ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("quota", "quota", Quota);
