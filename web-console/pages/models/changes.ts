/** What can be done to a model of the catalogue, and what is read of one. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { type PriceDetails, type PriceValues, priceFragment, priceInput, priceValues } from "./price-values.ts";

export const ownModelFragment = graphql(
  `
    fragment OwnModel on CatalogueModel {
      id
      revision
      key
      name
      capabilities
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

const adoptMutation = graphql(
  `
    mutation AdoptCatalogueModels($input: AdoptCatalogueModelsInput!) {
      adoptCatalogueModels(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveMutation = graphql(
  `
    mutation ArchiveCatalogueModel($input: ArchiveCatalogueModelInput!) {
      archiveCatalogueModel(input: $input, waitForPropagation: true) {
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

export interface ModelValues extends Readonly<Record<string, unknown>> {
  /** "acme/acme-large"; it never changes. */
  readonly key: string;
  readonly name: string;
  /** Separated by commas. */
  readonly capabilities: string;
  readonly price: PriceValues;
  /** Empty: not known. */
  readonly contextTokensMax: string;
  readonly outputTokensMax: string;
}

interface Known {
  readonly key: string;
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly price: PriceDetails | null;
  readonly contextTokensMax: number | null;
  readonly outputTokensMax: number | null;
}

export const modelValues = ({ key, name, capabilities, price, contextTokensMax, outputTokensMax }: Known): ModelValues => ({
  key,
  name,
  capabilities: capabilities.join(", "),
  price: priceValues(price),
  contextTokensMax: contextTokensMax === null ? "" : String(contextTokensMax),
  outputTokensMax: outputTokensMax === null ? "" : String(outputTokensMax),
});

const inputOf = (values: ModelValues, before: PriceDetails | null) => ({
  name: values.name,
  capabilities: listOf(values.capabilities),
  contextTokensMax: values.contextTokensMax === "" ? null : Number(values.contextTokensMax),
  outputTokensMax: values.outputTokensMax === "" ? null : Number(values.outputTokensMax),
  price: priceInput(values.price, before),
});

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/**
 * @param own undefined: it becomes the organisation's own.
 * @param start as the form began: a price that nobody touched is not sent, and gets no new version.
 */
export const saveModel = (
  own: { readonly id: string } | undefined,
  before: PriceDetails | null,
  values: ModelValues,
  expectedRevision: number,
  start: ModelValues,
) => {
  const { price, ...facts } = inputOf(values, before);
  const touched = JSON.stringify(values.price) === JSON.stringify(start.price) ? {} : { price };
  return own === undefined
    ? change(createMutation, { input: { key: values.key, ...facts, price } })
    : change(updateMutation, { input: { id: own.id, expectedRevision, ...facts, ...touched } });
};

export const adoptModels = (keys: readonly string[]) => change(adoptMutation, { input: { keys: [...keys] } });

export const takeListPrice = (own: OwnModel) =>
  change(updateMutation, { input: { id: own.id, expectedRevision: own.revision, listPrice: true } });

export const archiveModel = (own: OwnModel) => change(archiveMutation, { input: { id: own.id, expectedRevision: own.revision } });

export const unschedulePrice = (own: OwnModel, version: number) =>
  change(unscheduleMutation, { input: { id: own.id, expectedRevision: own.revision, version } });

export async function readModelAgain(id: string) {
  const { data } = await client.query(readModel, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.catalogueModel == null ? undefined : { values: modelValues(data.catalogueModel), revision: data.catalogueModel.revision };
}
