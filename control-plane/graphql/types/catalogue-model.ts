/** The catalogue of models: what comes with Penstock, and an organisation's own. Imported for its side effects by schema.ts. */
import type { ObjectRef } from "@pothos/core";
import { type BuiltInModel, builtInModel, builtInModels } from "../../catalogue/built-in-models.ts";
import { ValidationError } from "../../control-error.ts";
import type { ConfigRows } from "../../database/config-kinds.ts";
import {
  type CatalogueModel as CatalogueModelRow,
  CatalogueModel as CatalogueModelTable,
} from "../../database/entities/catalogue-model.ts";
import { priceAt } from "../../database/entities/price.ts";
import type { PricedKind } from "../../database/entities/price-version.ts";
import { adoptModel } from "../../operations/adopt-model.ts";
import { setPrice, unschedulePrice } from "../../operations/set-price.ts";
import { builder, type ExtendedTypes } from "../builder.ts";
import { ConfigChange, type ConfigPayload, configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, inOrganisation, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { Price, PriceInput, termsOf } from "./price.ts";

export const CatalogueModel = builder.objectRef<CatalogueModelRow>("CatalogueModel").implement({
  description: "What your organisation knows of a model, wherever it is served. Yours alone: a new release of Penstock does not change it.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key", { description: 'Such as "openai/gpt-4o".' }),
    vendor: t.exposeString("vendor"),
    name: t.exposeString("name"),
    contextTokensMax: t.int({ nullable: true, description: "Null: not known.", resolve: (row) => row.contextTokensMax ?? null }),
    outputTokensMax: t.int({ nullable: true, description: "Null: not known.", resolve: (row) => row.outputTokensMax ?? null }),
    capabilities: t.exposeStringList("capabilities"),
    price: t.field({
      type: Price,
      nullable: true,
      description: "In force now. Null: none is known.",
      resolve: (row) => priceAt(row.prices, new Date()) ?? null,
    }),
    prices: t.field({
      type: [Price],
      description: "In the order of time: the one in force and those that are to come.",
      resolve: (row) => [...row.prices],
    }),
    source: t.exposeString("source", { description: "Where its facts are from." }),
    sourceDate: t.exposeString("sourceDate", { description: "When they were true: 2027-01-31." }),
  }),
});
addQueries(
  "catalogue_model",
  { one: "catalogueModel", many: "catalogueModels", orders: { key: byText("key"), name: byText("name") } },
  CatalogueModel,
);

interface Entry extends BuiltInModel {
  readonly own: CatalogueModelRow | undefined;
}

const ModelCatalogueEntry = builder.objectRef<Entry>("ModelCatalogueEntry").implement({
  description: "A model that comes with Penstock, or that your organisation has made. Name its key at a backend to use its price.",
  fields: (t) => ({
    key: t.exposeString("key"),
    vendor: t.exposeString("vendor"),
    name: t.exposeString("name"),
    contextTokensMax: t.exposeInt("contextTokensMax", { nullable: true }),
    outputTokensMax: t.exposeInt("outputTokensMax", { nullable: true }),
    capabilities: t.stringList({ resolve: ({ capabilities }) => [...capabilities] }),
    price: t.field({
      type: Price,
      nullable: true,
      description: "The list price. Its version is 0: it is nobody's yet. Null: none is known.",
      resolve: ({ terms }) => (terms === undefined ? null : { ...terms, version: 0, effectiveFrom: null }),
    }),
    source: t.exposeString("source"),
    sourceDate: t.exposeString("sourceDate"),
    own: t.field({
      type: CatalogueModel,
      nullable: true,
      description: "Your organisation's copy. Null: nobody here has named it yet.",
      resolve: ({ own }) => own ?? null,
    }),
  }),
});

builder.queryField("modelCatalogue", (t) =>
  t.field({
    type: [ModelCatalogueEntry],
    description: "The models that come with Penstock and those of your organisation, by key.",
    authScopes: { viewer: true },
    args: {
      search: t.arg.string({ description: "A part of the key or the name." }),
      vendor: t.arg.string(),
      capability: t.arg.string({ description: 'Such as "tools".' }),
    },
    resolve: async (_root, { search, vendor, capability }, context) => {
      const sought = search?.toLowerCase() ?? "";
      const fits = (model: Pick<BuiltInModel, "key" | "name" | "vendor" | "capabilities">) =>
        `${model.key} ${model.name}`.toLowerCase().includes(sought) &&
        (vendor == null || model.vendor === vendor) &&
        (capability == null || model.capabilities.includes(capability));
      const own = await inOrganisation(context, (em) => em.find(CatalogueModelTable, { archivedAt: null }, { limit: ownModelsMax }));
      const byKey = new Map(own.map((row) => [row.key, row]));
      const builtIn = builtInModels().map((model): Entry => ({ ...model, own: byKey.get(model.key) }));
      const alone = own.filter(({ key }) => builtInModel(key) === undefined).map(entryOf);
      return [...builtIn, ...alone].filter(fits).sort((one, other) => (one.key < other.key ? -1 : 1));
    },
  }),
);

/** Of an organisation that makes its own: beyond it the query catalogueModels has them page by page. */
const ownModelsMax = 2_000;

/** A model that no release knows: what is known of it is its organisation's. */
const entryOf = (row: CatalogueModelRow): Entry => ({
  key: row.key,
  vendor: row.vendor,
  name: row.name,
  contextTokensMax: row.contextTokensMax ?? null,
  outputTokensMax: row.outputTokensMax ?? null,
  capabilities: row.capabilities,
  source: row.source,
  sourceDate: row.sourceDate,
  terms: undefined,
  own: row,
});

const CreateCatalogueModelInput = builder.inputType("CreateCatalogueModelInput", {
  description: "What is left out is as in the catalogue that comes with Penstock, where that has the key.",
  fields: (t) => ({
    key: t.string({ required: true, description: 'Vendor and model, such as "acme/acme-large".' }),
    name: t.string(),
    contextTokensMax: t.int(),
    outputTokensMax: t.int(),
    capabilities: t.stringList(),
    price: t.field({ type: PriceInput }),
    source: t.string(),
    sourceDate: t.string(),
  }),
});
const CreateCatalogueModelPayload = configPayload("CreateCatalogueModelPayload", "catalogueModel", CatalogueModel);
builder.mutationField("createCatalogueModel", (t) =>
  t.field({
    type: CreateCatalogueModelPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateCatalogueModelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "catalogue_model.create", summary: `catalogue model ${input.key} made` }, async (change) => {
        const builtIn = builtInModel(input.key);
        const row = change.create("catalogue_model", {
          key: input.key,
          vendor: input.key.split("/", 1)[0] ?? "",
          name: input.name ?? builtIn?.name ?? input.key,
          contextTokensMax: input.contextTokensMax ?? builtIn?.contextTokensMax ?? null,
          outputTokensMax: input.outputTokensMax ?? builtIn?.outputTokensMax ?? null,
          capabilities: input.capabilities ?? [...(builtIn?.capabilities ?? [])],
          prices: [],
          source: input.source ?? builtIn?.source ?? "",
          sourceDate: input.sourceDate ?? builtIn?.sourceDate ?? "",
        });
        const terms = input.price == null ? builtIn?.terms : termsOf(input.price);
        if (terms !== undefined) await setPrice(change, "catalogue_model", row, terms, input.price?.effectiveFrom ?? null);
        return row;
      }),
  }),
);

const UpdateCatalogueModelInput = builder.inputType("UpdateCatalogueModelInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    contextTokensMax: t.int({ description: "Null: not known." }),
    outputTokensMax: t.int({ description: "Null: not known." }),
    capabilities: t.stringList(),
    price: t.field({ type: PriceInput, description: "Null: none is known, nor any that is to come." }),
    source: t.string(),
    sourceDate: t.string(),
    listPrice: t.boolean({ description: "Take over the price, its source and its date from the catalogue that comes with this release." }),
  }),
});
const UpdateCatalogueModelPayload = configPayload("UpdateCatalogueModelPayload", "catalogueModel", CatalogueModel);
builder.mutationField("updateCatalogueModel", (t) =>
  t.field({
    type: UpdateCatalogueModelPayload,
    description: "A new price is a new version. It holds for every backend that names the model and has no price of its own.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateCatalogueModelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "catalogue_model.update", summary: "catalogue model changed" }, async (change) => {
        const row = await change.edit("catalogue_model", input.id, { expectedRevision: input.expectedRevision });
        row.name = input.name ?? row.name;
        if (input.contextTokensMax !== undefined) row.contextTokensMax = input.contextTokensMax;
        if (input.outputTokensMax !== undefined) row.outputTokensMax = input.outputTokensMax;
        row.capabilities = input.capabilities ?? row.capabilities;
        row.source = input.source ?? row.source;
        row.sourceDate = input.sourceDate ?? row.sourceDate;
        if (input.listPrice === true) {
          const builtIn = builtInModel(row.key);
          if (builtIn?.terms === undefined || input.price !== undefined)
            throw new ValidationError([{ path: "listPrice", message: `the catalogue has no price for ${row.key}, or another is given` }]);
          await setPrice(change, "catalogue_model", row, builtIn.terms, null);
          Object.assign(row, { source: builtIn.source, sourceDate: builtIn.sourceDate });
        }
        if (input.price === null) row.prices = [];
        else if (input.price !== undefined)
          await setPrice(change, "catalogue_model", row, termsOf(input.price), input.price.effectiveFrom ?? null);
        change.describe(`catalogue model ${row.key} changed`);
        return row;
      }),
  }),
);

const AdoptCatalogueModelsInput = builder.inputType("AdoptCatalogueModelsInput", {
  fields: (t) => ({ keys: t.stringList({ required: true, description: "Up to 200." }) }),
});
const AdoptCatalogueModelsPayload = builder
  .objectRef<ConfigPayload<readonly CatalogueModelRow[]>>("AdoptCatalogueModelsPayload")
  .implement({
    interfaces: [ConfigChange],
    fields: (t) => ({
      catalogueModels: t.field({ type: [CatalogueModel], resolve: ({ value }) => [...value] }),
    }),
  });
builder.mutationField("adoptCatalogueModels", (t) =>
  t.field({
    type: AdoptCatalogueModelsPayload,
    description: "Makes your organisation's copies of models that come with Penstock; those that it has stay as they are.",
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: AdoptCatalogueModelsInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) => {
      const keys = [...new Set(input.keys)];
      if (keys.length > 200) throw new ValidationError([{ path: "keys", message: "may be 200" }]);
      return mutate(context, wait, { action: "catalogue_model.adopt", summary: "models taken into the catalogue" }, async (change) => {
        const rows: CatalogueModelRow[] = [];
        for (const key of keys) rows.push(await adoptModel(change, key));
        return rows;
      });
    },
  }),
);

addArchive("catalogue_model", "catalogueModel", CatalogueModel);

/** `unscheduleBackendPrice(input: { id, expectedRevision, version })`. */
export function addUnschedule<Kind extends PricedKind>(kind: Kind, typeOfKind: ObjectRef<ExtendedTypes, ConfigRows[Kind]>): void {
  // Pothos cannot infer the row of a kind that is generic; both kinds have what is read here.
  const type = typeOfKind as unknown as ObjectRef<ExtendedTypes, ConfigRows[PricedKind]>;
  const field = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1)}`;
  const Payload = configPayload(`Unschedule${type.name}PricePayload`, field, type);
  const Input = builder.inputType(`Unschedule${type.name}PriceInput`, {
    fields: (t) => ({
      id: t.id({ required: true }),
      expectedRevision: t.int({ required: true }),
      version: t.int({ required: true, description: "Of a price that is still to come." }),
    }),
  });
  builder.mutationField(`unschedule${type.name}Price`, (t) =>
    t.field({
      type: Payload,
      description: "Takes back a price that is still to come.",
      authScopes: { operator: true },
      errors: updateErrors,
      args: { ...waitArguments, input: t.arg({ type: Input, required: true }) },
      resolve: (_root, { input, ...wait }, context) =>
        mutate(context, wait, { action: `${kind}.unschedule_price`, summary: "a price that was to come taken back" }, async (change) => {
          const row: ConfigRows[PricedKind] = await change.edit(kind, input.id, { expectedRevision: input.expectedRevision });
          unschedulePrice(change, row, input.version);
          return row;
        }),
    }),
  );
}
addUnschedule("catalogue_model", CatalogueModel);
