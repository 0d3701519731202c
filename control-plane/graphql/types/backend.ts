/** A backend: one model at one provider. Imported for its side effects by schema.ts. */
import type { Backend as BackendRow } from "../../database/entities/backend.ts";
import { priceAt } from "../../database/entities/price.ts";
import { adoptModel } from "../../operations/adopt-model.ts";
import { setPrice } from "../../operations/set-price.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byNameOf, byText } from "../list-order.ts";
import { addUnschedule, CatalogueModel } from "./catalogue-model.ts";
import { Price, PriceInput, termsOf } from "./price.ts";
import { Provider } from "./provider.ts";

const catalogueModelDescription = 'A model of the catalogue, such as "openai/gpt-4o": its price, unless the backend has its own.';

export const Backend = builder.objectRef<BackendRow>("Backend").implement({
  description: "One model at one provider: what a call is finally sent to.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    model: t.exposeString("model", { description: "Its name at the provider." }),
    price: t.field({
      type: Price,
      nullable: true,
      description: "In force now: its own, else that of its model in the catalogue. Null: none is known.",
      resolve: async (row, _args, context) => {
        if (row.prices.length > 0 || row.catalogueModelId == null) return priceAt(row.prices, new Date()) ?? null;
        return priceAt((await context.loaders.catalogue_model.load(row.catalogueModelId))?.prices ?? [], new Date()) ?? null;
      },
    }),
    prices: t.field({
      type: [Price],
      description: "Its own, in the order of time: the one in force and those that are to come. Empty: its catalogue model's.",
      resolve: (row) => [...row.prices],
    }),
    catalogueModel: t.field({
      type: CatalogueModel,
      nullable: true,
      resolve: async (row, _args, context) =>
        row.catalogueModelId == null ? null : ((await context.loaders.catalogue_model.load(row.catalogueModelId)) ?? null),
    }),
    concurrentCallsMax: t.exposeInt("concurrentCallsMax", { description: "Calls at once from one node. 0: 1024." }),
    capabilities: t.exposeStringList("capabilities"),
    drainedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Since when no new call is sent to it, whatever its weights say; calls that run go on. Null: it takes calls.",
      resolve: (row) => row.drainedAt ?? null,
    }),
    provider: t.field({
      type: Provider,
      nullable: true,
      resolve: async (row, _args, context) => (await context.loaders.provider.load(row.providerId)) ?? null,
    }),
  }),
});
addQueries(
  "backend",
  {
    one: "backend",
    many: "backends",
    orders: { key: byText("key"), model: byText("model"), provider: byNameOf("provider", "key", "provider_id") },
  },
  Backend,
);

const CreateBackendInput = builder.inputType("CreateBackendInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    providerId: t.id({ required: true }),
    model: t.string({ required: true }),
    price: t.field({ type: PriceInput, description: "Its own. Left out: that of its catalogue model, else none is known." }),
    catalogueModel: t.string({ description: catalogueModelDescription }),
    concurrentCallsMax: t.int(),
    capabilities: t.stringList(),
  }),
});
const CreateBackendPayload = configPayload("CreateBackendPayload", "backend", Backend);
builder.mutationField("createBackend", (t) =>
  t.field({
    type: CreateBackendPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateBackendInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "backend.create", summary: `backend ${input.key} made` }, async (change) => {
        const model = input.catalogueModel == null ? undefined : await adoptModel(change, input.catalogueModel);
        const row = change.create("backend", {
          key: input.key,
          providerId: input.providerId,
          model: input.model,
          prices: [],
          catalogueModelId: model?.id ?? null,
          concurrentCallsMax: input.concurrentCallsMax ?? 0,
          capabilities: input.capabilities ?? model?.capabilities ?? [],
        });
        if (input.price != null) await setPrice(change, "backend", row, termsOf(input.price), input.price.effectiveFrom ?? null);
        return row;
      }),
  }),
);

const UpdateBackendInput = builder.inputType("UpdateBackendInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    providerId: t.id(),
    model: t.string(),
    price: t.field({ type: PriceInput, description: "Null: none of its own, nor any that is to come." }),
    catalogueModel: t.string({ description: `${catalogueModelDescription} Null: none.` }),
    concurrentCallsMax: t.int(),
    capabilities: t.stringList(),
    drained: t.boolean({ description: "True: no new call is sent to it. False: calls come again, as its weights say." }),
  }),
});
const UpdateBackendPayload = configPayload("UpdateBackendPayload", "backend", Backend);
builder.mutationField("updateBackend", (t) =>
  t.field({
    type: UpdateBackendPayload,
    authScopes: { operator: true },
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
        if (input.catalogueModel !== undefined)
          row.catalogueModelId = input.catalogueModel === null ? null : (await adoptModel(change, input.catalogueModel)).id;
        if (input.price === null) row.prices = [];
        else if (input.price !== undefined) await setPrice(change, "backend", row, termsOf(input.price), input.price.effectiveFrom ?? null);
        change.describe(`backend ${row.key} changed`);
        if (input.drained != null && input.drained !== (row.drainedAt != null)) {
          row.drainedAt = input.drained ? change.at : null;
          change.describe(`backend ${row.key} ${input.drained ? "drained" : "takes calls again"}`);
        }
        return row;
      }),
  }),
);

addArchive("backend", "backend", Backend);

addUnschedule("backend", Backend);
