/** What can be done to providers and backends, and both as their forms see them. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { type PriceValues, priceFragment, priceInput, priceValues } from "../models/price-values.ts";

export const providerFragment = graphql(`
  fragment ProviderDetails on Provider {
    id
    key
    kind
    flavour
    baseUrl
    apiVersion
    authentication {
      method
      tokenUrl
      clientId
      scope
      audience
      clientAuthentication
      accessKeyId
      region
      clientEmail
    }
    headerNames
    hasCredential
    credentialLastFour
    privateAddressAllowed
    revision
    archivedAt
    createdAt
    updatedAt
  }
`);

export const backendFragment = graphql(
  `
    fragment BackendDetails on Backend {
      id
      key
      model
      capabilities
      concurrentCallsMax
      drainedAt
      revision
      archivedAt
      createdAt
      updatedAt
      provider {
        ...ProviderDetails
      }
      price {
        ...PriceDetails
      }
      prices {
        ...PriceDetails
      }
      catalogueModel {
        id
        key
      }
    }
  `,
  [providerFragment, priceFragment],
);

export type ProviderDetails = ResultOf<typeof providerFragment>;
export type BackendDetails = ResultOf<typeof backendFragment>;

const createProviderMutation = graphql(
  `
    mutation CreateProvider($input: CreateProviderInput!) {
      createProvider(input: $input, waitForPropagation: true) {
        ... on CreateProviderPayload {
          provider {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateProviderMutation = graphql(
  `
    mutation UpdateProvider($input: UpdateProviderInput!) {
      updateProvider(input: $input, waitForPropagation: true) {
        ... on UpdateProviderPayload {
          provider {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveProviderMutation = graphql(
  `
    mutation ArchiveProvider($input: ArchiveProviderInput!) {
      archiveProvider(input: $input, waitForPropagation: true) {
        ... on ArchiveProviderPayload {
          provider {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const createBackendMutation = graphql(
  `
    mutation CreateBackend($input: CreateBackendInput!) {
      createBackend(input: $input, waitForPropagation: true) {
        ... on CreateBackendPayload {
          backend {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateBackendMutation = graphql(
  `
    mutation UpdateBackend($input: UpdateBackendInput!) {
      updateBackend(input: $input, waitForPropagation: true) {
        ... on UpdateBackendPayload {
          backend {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveBackendMutation = graphql(
  `
    mutation ArchiveBackend($input: ArchiveBackendInput!) {
      archiveBackend(input: $input, waitForPropagation: true) {
        ... on ArchiveBackendPayload {
          backend {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const unscheduleMutation = graphql(
  `
    mutation UnscheduleBackendPrice($input: UnscheduleBackendPriceInput!) {
      unscheduleBackendPrice(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const readProvider = graphql(
  `
    query ReadProvider($id: ID!) {
      provider(id: $id) {
        ...ProviderDetails
      }
    }
  `,
  [providerFragment],
);

const readBackend = graphql(
  `
    query ReadBackend($id: ID!) {
      backend(id: $id) {
        ...BackendDetails
      }
    }
  `,
  [backendFragment],
);

type Authentication = ProviderDetails["authentication"];

export interface ProviderValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly kind: ProviderDetails["kind"];
  readonly flavour: ProviderDetails["flavour"];
  readonly baseUrl: string;
  /** Azure's. Empty: the node's default. */
  readonly apiVersion: string;
  readonly method: Authentication["method"];
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scope: string;
  readonly audience: string;
  readonly clientAuthentication: NonNullable<Authentication["clientAuthentication"]>;
  readonly accessKeyId: string;
  readonly region: string;
  /** Empty: leave the one that is there. */
  readonly credential: string;
  readonly withoutCredential: boolean;
  /** One a line, "name: value". Empty: leave those that are there. */
  readonly headers: string;
  readonly withoutHeaders: boolean;
}

export const providerValues = ({ key, kind, flavour, baseUrl, apiVersion, authentication }: ProviderDetails): ProviderValues => ({
  key,
  kind,
  flavour,
  baseUrl,
  apiVersion,
  method: authentication.method,
  tokenUrl: authentication.tokenUrl ?? "",
  clientId: authentication.clientId ?? "",
  scope: authentication.scope ?? "",
  audience: authentication.audience ?? "",
  clientAuthentication: authentication.clientAuthentication ?? "BASIC",
  accessKeyId: authentication.accessKeyId ?? "",
  region: authentication.region ?? "",
  credential: "",
  withoutCredential: false,
  headers: "",
  withoutHeaders: false,
});

export const emptyProvider: ProviderValues = {
  key: "",
  kind: "OPENAI_COMPATIBLE",
  flavour: "GENERIC",
  baseUrl: "",
  apiVersion: "",
  method: "API_KEY",
  tokenUrl: "",
  clientId: "",
  scope: "",
  audience: "",
  clientAuthentication: "BASIC",
  accessKeyId: "",
  region: "",
  credential: "",
  withoutCredential: false,
  headers: "",
  withoutHeaders: false,
};

/** A line that is no "name: value" has an empty name, which the control plane refuses by its place. */
const headersOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const colon = line.indexOf(":");
      return { name: line.slice(0, Math.max(0, colon)).trim(), value: line.slice(colon + 1).trim() };
    });

const authenticationOf = (values: ProviderValues) => {
  const { method, tokenUrl, clientId, scope, audience, clientAuthentication, accessKeyId, region } = values;
  if (method === "OAUTH_CLIENT_CREDENTIALS") return { method, tokenUrl, clientId, scope, audience, clientAuthentication };
  return method === "AWS_KEYS" ? { method, accessKeyId, region } : { method };
};

/** @param start as the form began: an authentication that nobody touched is not sent, because a sent one may need its secret again. */
export const saveProvider = (id: string | undefined, values: ProviderValues, expectedRevision: number, start: ProviderValues) => {
  const { key, kind, flavour, baseUrl, apiVersion } = values;
  const authentication = authenticationOf(values);
  const sameAuthentication = JSON.stringify(authentication) === JSON.stringify(authenticationOf(start));
  const input = {
    key,
    kind,
    flavour,
    baseUrl,
    apiVersion,
    ...(id !== undefined && sameAuthentication && values.method !== "GOOGLE_SERVICE_ACCOUNT" ? {} : { authentication }),
    ...(values.withoutCredential ? { credential: "" } : values.credential === "" ? {} : { credential: values.credential }),
    ...(values.withoutHeaders ? { headers: [] } : values.headers.trim() === "" ? {} : { headers: headersOf(values.headers) }),
  };
  return id === undefined
    ? change(createProviderMutation, { input })
    : change(updateProviderMutation, { input: { ...input, id, expectedRevision } });
};

export const archiveProvider = (id: string, expectedRevision: number) =>
  change(archiveProviderMutation, { input: { id, expectedRevision } });

export async function readProviderAgain(id: string) {
  const { data } = await client.query(readProvider, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.provider == null ? undefined : { values: providerValues(data.provider), revision: data.provider.revision };
}

export interface BackendValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly providerId: string;
  readonly model: string;
  /** A model's key in the catalogue. Empty: none. */
  readonly catalogueModel: string;
  /** 0: the node's default. */
  readonly concurrentCallsMax: number;
  /** Separated by commas. */
  readonly capabilities: string;
  /** Its own. */
  readonly price: PriceValues;
}

/** Its own, and not its model's. */
export const ownPrice = ({ prices, price }: BackendDetails) => (prices.length === 0 ? null : price);

export const backendValues = (backend: BackendDetails): BackendValues => ({
  key: backend.key,
  providerId: backend.provider?.id ?? "",
  model: backend.model,
  catalogueModel: backend.catalogueModel?.key ?? "",
  concurrentCallsMax: backend.concurrentCallsMax,
  capabilities: backend.capabilities.join(", "),
  price: priceValues(ownPrice(backend)),
});

export const emptyBackend: BackendValues = {
  key: "",
  providerId: "",
  model: "",
  catalogueModel: "",
  concurrentCallsMax: 0,
  capabilities: "",
  price: priceValues(null),
};

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** @param start as the form began: a price that nobody touched is not sent, and gets no new version. */
export function saveBackend(before: BackendDetails | undefined, values: BackendValues, expectedRevision: number, start: BackendValues) {
  const { key, providerId, model, concurrentCallsMax } = values;
  const samePrice = JSON.stringify(values.price) === JSON.stringify(start.price);
  const input = {
    key,
    providerId,
    model,
    concurrentCallsMax,
    ...(samePrice ? {} : { price: priceInput(values.price, before === undefined ? null : ownPrice(before)) }),
    ...(values.catalogueModel === start.catalogueModel
      ? {}
      : { catalogueModel: values.catalogueModel === "" ? null : values.catalogueModel }),
  };
  const capabilities = listOf(values.capabilities);
  // Left out, a new backend has those of its model.
  if (before === undefined)
    return change(createBackendMutation, { input: { ...input, ...(capabilities.length === 0 ? {} : { capabilities }) } });
  return change(updateBackendMutation, { input: { ...input, capabilities, id: before.id, expectedRevision } });
}

export const drainBackend = (id: string, drained: boolean, expectedRevision: number) =>
  change(updateBackendMutation, { input: { id, drained, expectedRevision } });

export const archiveBackend = (id: string, expectedRevision: number) => change(archiveBackendMutation, { input: { id, expectedRevision } });

export const unscheduleBackendPrice = (id: string, expectedRevision: number, version: number) =>
  change(unscheduleMutation, { input: { id, expectedRevision, version } });

export async function readBackendAgain(id: string) {
  const { data } = await client.query(readBackend, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.backend == null ? undefined : { values: backendValues(data.backend), revision: data.backend.revision };
}
