/** A backend: one model at one provider. Imported for its side effects by schema.ts. */
import type { BackendPrice, Backend as BackendRow } from "../../database/entities/backend.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { Provider } from "./provider.ts";

const Price = builder.objectRef<BackendPrice>("BackendPrice").implement({
  description: "Nano-dollars a million tokens: 150000000 is $0.15.",
  fields: (t) => ({
    version: t.exposeInt("version", { description: "Each ledger row says which price made it." }),
    inputNanodollarsPerMillion: t.field({ type: "BigInt", resolve: (price) => BigInt(price.inputNanodollarsPerMillion) }),
    outputNanodollarsPerMillion: t.field({ type: "BigInt", resolve: (price) => BigInt(price.outputNanodollarsPerMillion) }),
    cacheReadNanodollarsPerMillion: t.field({
      type: "BigInt",
      nullable: true,
      description: "Null: as input.",
      resolve: (price) => optionalBigInt(price.cacheReadNanodollarsPerMillion),
    }),
    cacheWriteNanodollarsPerMillion: t.field({
      type: "BigInt",
      nullable: true,
      description: "Null: as input.",
      resolve: (price) => optionalBigInt(price.cacheWriteNanodollarsPerMillion),
    }),
  }),
});

const optionalBigInt = (text: string | null) => (text === null ? null : BigInt(text));

export const Backend = builder.objectRef<BackendRow>("Backend").implement({
  description: "One model at one provider: what a call is finally sent to.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    model: t.exposeString("model", { description: "Its name at the provider." }),
    price: t.field({ type: Price, nullable: true, description: "Null: no price is known.", resolve: (row) => row.price ?? null }),
    concurrentCallsMax: t.exposeInt("concurrentCallsMax", { description: "Calls at once from one node. 0: 1024." }),
    capabilities: t.exposeStringList("capabilities"),
    provider: t.field({
      type: Provider,
      nullable: true,
      resolve: async (row, _args, context) => (await context.loaders.provider.load(row.providerId)) ?? null,
    }),
  }),
});
addQueries("backend", { one: "backend", many: "backends" }, Backend);

const PriceInput = builder.inputType("BackendPriceInput", {
  fields: (t) => ({
    inputNanodollarsPerMillion: t.field({ type: "BigInt", required: true }),
    outputNanodollarsPerMillion: t.field({ type: "BigInt", required: true }),
    cacheReadNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheWriteNanodollarsPerMillion: t.field({ type: "BigInt" }),
  }),
});

const CreateBackendInput = builder.inputType("CreateBackendInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    providerId: t.id({ required: true }),
    model: t.string({ required: true }),
    price: t.field({ type: PriceInput }),
    concurrentCallsMax: t.int(),
    capabilities: t.stringList(),
  }),
});
const CreateBackendPayload = configPayload("CreateBackendPayload", "backend", Backend);
builder.mutationField("createBackend", (t) =>
  t.field({
    type: CreateBackendPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateBackendInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "backend.create", summary: `backend ${input.key} made` }, async (change) =>
        change.create("backend", {
          key: input.key,
          providerId: input.providerId,
          model: input.model,
          price: input.price == null ? null : priceOf(input.price, 1),
          priceVersion: input.price == null ? 0 : 1,
          concurrentCallsMax: input.concurrentCallsMax ?? 0,
          capabilities: input.capabilities ?? [],
        }),
      ),
  }),
);

const UpdateBackendInput = builder.inputType("UpdateBackendInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    providerId: t.id(),
    model: t.string(),
    price: t.field({ type: PriceInput, description: "Null: no price is known." }),
    concurrentCallsMax: t.int(),
    capabilities: t.stringList(),
  }),
});
const UpdateBackendPayload = configPayload("UpdateBackendPayload", "backend", Backend);
builder.mutationField("updateBackend", (t) =>
  t.field({
    type: UpdateBackendPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateBackendInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "backend.update", summary: "backend changed" }, async (change) => {
        const row = await change.edit("backend", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.providerId = input.providerId ?? row.providerId;
        row.model = input.model ?? row.model;
        row.concurrentCallsMax = input.concurrentCallsMax ?? row.concurrentCallsMax;
        row.capabilities = input.capabilities ?? row.capabilities;
        if (input.price === null) row.price = null;
        else if (input.price !== undefined) {
          // A version is never used twice, also when there was no price in between.
          row.priceVersion += 1;
          row.price = priceOf(input.price, row.priceVersion);
        }
        change.describe(`backend ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("backend", "backend", Backend);

const priceOf = (input: typeof PriceInput.$inferInput, version: number): BackendPrice => ({
  version,
  inputNanodollarsPerMillion: input.inputNanodollarsPerMillion.toString(),
  outputNanodollarsPerMillion: input.outputNanodollarsPerMillion.toString(),
  cacheReadNanodollarsPerMillion: input.cacheReadNanodollarsPerMillion?.toString() ?? null,
  cacheWriteNanodollarsPerMillion: input.cacheWriteNanodollarsPerMillion?.toString() ?? null,
});
