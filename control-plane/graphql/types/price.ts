/** Prices of backends and of models in the catalogue, and each version that ever was. Imported for its side effects by schema.ts. */

import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import {
  type PriceContextTier,
  type PriceRates,
  type PriceTerms,
  type Price as PriceValue,
  rateNames,
} from "../../database/entities/price.ts";
import {
  type PriceVersion as PriceVersionEntity,
  PriceVersion as PriceVersionTable,
  pricedKinds,
} from "../../database/entities/price-version.ts";
import { builder, type ExtendedTypes } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { connectionOf, pageById } from "../keyset-page.ts";

const whereItIsAbsent = {
  inputNanodollarsPerMillion: "",
  outputNanodollarsPerMillion: "",
  cacheReadNanodollarsPerMillion: "Null: as input.",
  cacheWriteNanodollarsPerMillion: "Kept for five minutes. Null: as input.",
  cacheWriteOneHourNanodollarsPerMillion: "Null: as cacheWrite.",
  reasoningNanodollarsPerMillion: "Null: as output.",
  audioInputNanodollarsPerMillion: "Null: not known, and then no call with audio in it has a cost.",
  audioOutputNanodollarsPerMillion: "Null: not known, and then no call with audio out has a cost.",
  imageInputNanodollarsPerMillion: "Null: as input.",
  imageOutputNanodollarsPerMillion: "Null: as output.",
} as const satisfies Record<keyof PriceRates, string>;

const optionalRates = rateNames.filter((name) => name !== "inputNanodollarsPerMillion" && name !== "outputNanodollarsPerMillion");

const rateFields = <Rates extends PriceRates>(
  t: PothosSchemaTypes.ObjectFieldBuilder<ExtendedTypes, Rates>,
  names: readonly (keyof PriceRates)[],
) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      t.field({
        type: "BigInt",
        nullable: true,
        description: whereItIsAbsent[name],
        resolve: (rates) => (rates[name] === null ? null : BigInt(rates[name])),
      }),
    ]),
  );

const ContextTier = builder.objectRef<PriceContextTier>("PriceContextTier").implement({
  description: "What a call costs, all of it, when its input is longer. Null: as in the price itself.",
  fields: (t) => ({ inputTokensAbove: t.exposeInt("inputTokensAbove"), ...rateFields(t, rateNames) }),
});

export const Price = builder.objectRef<PriceValue>("Price").implement({
  description: "Nano-dollars a million tokens: 150000000 is $0.15.",
  fields: (t) => ({
    version: t.exposeInt("version", { description: "Unique in the installation. Each ledger row says which price made it." }),
    effectiveFrom: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null: always.",
      resolve: ({ effectiveFrom }) => (effectiveFrom === null ? null : new Date(effectiveFrom)),
    }),
    inputNanodollarsPerMillion: t.field({ type: "BigInt", resolve: (price) => BigInt(price.inputNanodollarsPerMillion) }),
    outputNanodollarsPerMillion: t.field({ type: "BigInt", resolve: (price) => BigInt(price.outputNanodollarsPerMillion) }),
    ...rateFields(t, optionalRates),
    requestNanodollars: t.field({
      type: "BigInt",
      description: "For each answered call, on top of its tokens.",
      resolve: (price) => BigInt(price.requestNanodollars),
    }),
    contextTiers: t.field({ type: [ContextTier], resolve: (price) => [...price.contextTiers] }),
  }),
});

const ContextTierInput = builder.inputType("PriceContextTierInput", {
  fields: (t) => ({
    inputTokensAbove: t.int({ required: true }),
    inputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    outputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheReadNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheWriteNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheWriteOneHourNanodollarsPerMillion: t.field({ type: "BigInt" }),
    reasoningNanodollarsPerMillion: t.field({ type: "BigInt" }),
    audioInputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    audioOutputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    imageInputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    imageOutputNanodollarsPerMillion: t.field({ type: "BigInt" }),
  }),
});

export const PriceInput = builder.inputType("PriceInput", {
  description: "What is left out is null: see Price for what holds then.",
  fields: (t) => ({
    effectiveFrom: t.field({
      type: "DateTime",
      description: "Not in the past. Null: now. Every node changes over at that instant, to the call; what came before keeps its price.",
    }),
    inputNanodollarsPerMillion: t.field({ type: "BigInt", required: true }),
    outputNanodollarsPerMillion: t.field({ type: "BigInt", required: true }),
    cacheReadNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheWriteNanodollarsPerMillion: t.field({ type: "BigInt" }),
    cacheWriteOneHourNanodollarsPerMillion: t.field({ type: "BigInt" }),
    reasoningNanodollarsPerMillion: t.field({ type: "BigInt" }),
    audioInputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    audioOutputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    imageInputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    imageOutputNanodollarsPerMillion: t.field({ type: "BigInt" }),
    requestNanodollars: t.field({ type: "BigInt" }),
    contextTiers: t.field({ type: [ContextTierInput] }),
  }),
});

type GivenRates = { readonly [Name in keyof PriceRates]?: bigint | null | undefined };
const ratesOf = (given: GivenRates): PriceRates =>
  Object.fromEntries(rateNames.map((name) => [name, given[name]?.toString() ?? null])) as { [Name in keyof PriceRates]: string | null };

export const termsOf = (input: typeof PriceInput.$inferInput): PriceTerms => ({
  ...ratesOf(input),
  inputNanodollarsPerMillion: input.inputNanodollarsPerMillion.toString(),
  outputNanodollarsPerMillion: input.outputNanodollarsPerMillion.toString(),
  requestNanodollars: (input.requestNanodollars ?? 0n).toString(),
  contextTiers: (input.contextTiers ?? []).map((tier) => ({ ...ratesOf(tier), inputTokensAbove: tier.inputTokensAbove })),
});

const PriceVersion = builder.objectRef<PriceVersionEntity>("PriceVersion").implement({
  description: "A price as it was set. Written once and never changed.",
  fields: (t) => ({
    version: t.exposeInt("version"),
    ownerKind: t.field({ type: enumOf("PricedKind", pricedKinds), resolve: (row) => row.ownerKind }),
    ownerId: t.exposeID("ownerId", { description: "The backend, or the model of the catalogue." }),
    price: t.field({ type: Price, resolve: (row) => row.price }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    actor: t.exposeString("actor"),
  }),
});

builder.queryField("priceVersion", (t) =>
  t.field({
    type: PriceVersion,
    nullable: true,
    description: "What a ledger row's priceVersion means.",
    authScopes: { viewer: true },
    args: { version: t.arg.int({ required: true }) },
    resolve: (_root, { version }, context) => inOrganisation(context, (em) => em.findOne(PriceVersionTable, { version })),
  }),
);

builder.queryField("priceVersions", (t) =>
  t.connection(
    {
      type: PriceVersion,
      description: "Newest first.",
      authScopes: { viewer: true },
      args: { ownerId: t.arg.id({ description: "Of one backend or model of the catalogue." }) },
      resolve: (_root, args, context) => {
        const { ownerId } = args;
        if (ownerId != null && !isUuid(ownerId)) throw new ValidationError([{ path: "ownerId", message: "is not an id" }]);
        return pageById<PriceVersionEntity>(args, "desc", (where, options) =>
          inOrganisation(context, (em) => em.find(PriceVersionTable, { ...where, ...(ownerId == null ? {} : { ownerId }) }, options)),
        );
      },
    },
    connectionOf(PriceVersion),
  ),
);
