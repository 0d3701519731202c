/** What can be done to a model of the catalogue, and what is read of one. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf, type VariablesOf } from "../../graphql/documents.ts";

export const priceFragment = graphql(`
  fragment PriceDetails on Price {
    version
    effectiveFrom
    inputNanodollarsPerMillion
    outputNanodollarsPerMillion
    reasoningNanodollarsPerMillion
    cacheReadNanodollarsPerMillion
    cacheWriteNanodollarsPerMillion
    cacheWriteOneHourNanodollarsPerMillion
    audioInputNanodollarsPerMillion
    audioOutputNanodollarsPerMillion
    imageInputNanodollarsPerMillion
    imageOutputNanodollarsPerMillion
    requestNanodollars
    contextTiers {
      inputTokensAbove
      inputNanodollarsPerMillion
      outputNanodollarsPerMillion
      reasoningNanodollarsPerMillion
      cacheReadNanodollarsPerMillion
      cacheWriteNanodollarsPerMillion
      cacheWriteOneHourNanodollarsPerMillion
      audioInputNanodollarsPerMillion
      audioOutputNanodollarsPerMillion
      imageInputNanodollarsPerMillion
      imageOutputNanodollarsPerMillion
    }
  }
`);

export const ownModelFragment = graphql(
  `
    fragment OwnModel on CatalogueModel {
      id
      revision
      sourceDate
      contextTokensMax
      outputTokensMax
      price {
        ...PriceDetails
      }
      prices {
        ...PriceDetails
      }
    }
  `,
  [priceFragment],
);

export type PriceDetails = ResultOf<typeof priceFragment>;
export type OwnModel = ResultOf<typeof ownModelFragment>;

const createMutation = graphql(
  `
    mutation CreateCatalogueModel($input: CreateCatalogueModelInput!) {
      createCatalogueModel(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateMutation = graphql(
  `
    mutation UpdateCatalogueModel($input: UpdateCatalogueModelInput!) {
      updateCatalogueModel(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const unscheduleMutation = graphql(
  `
    mutation UnscheduleCatalogueModelPrice($input: UnscheduleCatalogueModelPriceInput!) {
      unscheduleCatalogueModelPrice(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const readModel = graphql(
  `
    query ReadModel($id: ID!) {
      catalogueModel(id: $id) {
        ...OwnModel
      }
    }
  `,
  [ownModelFragment],
);

/** Prices are typed in dollars a million tokens; empty where none is known or it is as another. */
export interface ModelValues extends Readonly<Record<string, unknown>> {
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string;
  readonly cacheWrite: string;
  readonly reasoning: string;
  /** Of an input field for date and time, in local time. Empty: at once. */
  readonly effectiveFrom: string;
  readonly contextTokensMax: string;
  readonly outputTokensMax: string;
}

interface Priced {
  readonly price: PriceDetails | null;
  readonly contextTokensMax: number | null;
  readonly outputTokensMax: number | null;
}

export const modelValues = ({ price, contextTokensMax, outputTokensMax }: Priced): ModelValues => ({
  input: typedDollars(price?.inputNanodollarsPerMillion),
  output: typedDollars(price?.outputNanodollarsPerMillion),
  cacheRead: typedDollars(price?.cacheReadNanodollarsPerMillion),
  cacheWrite: typedDollars(price?.cacheWriteNanodollarsPerMillion),
  reasoning: typedDollars(price?.reasoningNanodollarsPerMillion),
  effectiveFrom: "",
  contextTokensMax: contextTokensMax === null ? "" : String(contextTokensMax),
  outputTokensMax: outputTokensMax === null ? "" : String(outputTokensMax),
});

type Input = VariablesOf<typeof updateMutation>["input"];

/** Fields without the names of types, which the client asks for beside them and no input has. */
const fieldsOf = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "__typename")) as Fields;

/** What the dialog does not show of a price stays as it was. */
function inputOf(values: ModelValues, before: PriceDetails | null): Pick<Input, "price" | "contextTokensMax" | "outputTokensMax"> {
  const { version: _, effectiveFrom: __, contextTiers = [], ...kept }: Partial<PriceDetails> = fieldsOf(before ?? {});
  const input = nanodollarsOf(values.input);
  const output = nanodollarsOf(values.output);
  return {
    contextTokensMax: values.contextTokensMax === "" ? null : Number(values.contextTokensMax),
    outputTokensMax: values.outputTokensMax === "" ? null : Number(values.outputTokensMax),
    price:
      input === undefined || output === undefined
        ? null
        : {
            ...kept,
            contextTiers: contextTiers.map(fieldsOf),
            inputNanodollarsPerMillion: input,
            outputNanodollarsPerMillion: output,
            cacheReadNanodollarsPerMillion: nanodollarsOf(values.cacheRead) ?? null,
            cacheWriteNanodollarsPerMillion: nanodollarsOf(values.cacheWrite) ?? null,
            reasoningNanodollarsPerMillion: nanodollarsOf(values.reasoning) ?? null,
            effectiveFrom: values.effectiveFrom === "" ? null : new Date(values.effectiveFrom).toISOString(),
          },
  };
}

/** @param own undefined: nobody here has named the model yet, and it becomes the organisation's own. */
export const saveModel = (
  key: string,
  own: { readonly id: string } | undefined,
  before: PriceDetails | null,
  values: ModelValues,
  expectedRevision: number,
) =>
  own === undefined
    ? change(createMutation, { input: { key, ...inputOf(values, before) } })
    : change(updateMutation, { input: { id: own.id, expectedRevision, ...inputOf(values, before) } });

export const takeListPrice = (own: OwnModel) =>
  change(updateMutation, { input: { id: own.id, expectedRevision: own.revision, listPrice: true } });

export const unschedulePrice = (own: OwnModel, version: number) =>
  change(unscheduleMutation, { input: { id: own.id, expectedRevision: own.revision, version } });

export async function readModelAgain(id: string) {
  const { data } = await client.query(readModel, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.catalogueModel == null ? undefined : { values: modelValues(data.catalogueModel), revision: data.catalogueModel.revision };
}
