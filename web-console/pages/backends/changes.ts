/** What can be done to providers and backends, and both as their forms see them. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const providerFragment = graphql(`
  fragment ProviderDetails on Provider {
    id
    key
    kind
    baseUrl
    hasCredential
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
        version
        inputNanodollarsPerMillion
        outputNanodollarsPerMillion
        cacheReadNanodollarsPerMillion
        cacheWriteNanodollarsPerMillion
      }
    }
  `,
  [providerFragment],
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

export interface ProviderValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly kind: ProviderDetails["kind"];
  readonly baseUrl: string;
  /** Empty: leave the one that is there. */
  readonly credential: string;
}

export const providerValues = ({ key, kind, baseUrl }: ProviderDetails): ProviderValues => ({ key, kind, baseUrl, credential: "" });

export const saveProvider = (id: string | undefined, { credential, ...values }: ProviderValues, expectedRevision: number) => {
  const input = { ...values, ...(credential === "" ? {} : { credential }) };
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
  /** 0: the node's default. */
  readonly concurrentCallsMax: number;
  /** Separated by commas. */
  readonly capabilities: string;
  /** Dollars a million tokens as text; empty: not known. */
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string;
  readonly cacheWrite: string;
}

export const backendValues = (backend: BackendDetails): BackendValues => ({
  key: backend.key,
  providerId: backend.provider?.id ?? "",
  model: backend.model,
  concurrentCallsMax: backend.concurrentCallsMax,
  capabilities: backend.capabilities.join(", "),
  input: typedDollars(backend.price?.inputNanodollarsPerMillion),
  output: typedDollars(backend.price?.outputNanodollarsPerMillion),
  cacheRead: typedDollars(backend.price?.cacheReadNanodollarsPerMillion),
  cacheWrite: typedDollars(backend.price?.cacheWriteNanodollarsPerMillion),
});

export function saveBackend(id: string | undefined, values: BackendValues, expectedRevision: number) {
  const { key, providerId, model, concurrentCallsMax } = values;
  const inputPrice = nanodollarsOf(values.input);
  const outputPrice = nanodollarsOf(values.output);
  const input = {
    key,
    providerId,
    model,
    concurrentCallsMax,
    capabilities: values.capabilities
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
    price:
      inputPrice === undefined || outputPrice === undefined
        ? null
        : {
            inputNanodollarsPerMillion: inputPrice,
            outputNanodollarsPerMillion: outputPrice,
            cacheReadNanodollarsPerMillion: nanodollarsOf(values.cacheRead) ?? null,
            cacheWriteNanodollarsPerMillion: nanodollarsOf(values.cacheWrite) ?? null,
          },
  };
  return id === undefined
    ? change(createBackendMutation, { input })
    : change(updateBackendMutation, { input: { ...input, id, expectedRevision } });
}

export const drainBackend = (id: string, drained: boolean, expectedRevision: number) =>
  change(updateBackendMutation, { input: { id, drained, expectedRevision } });

export const archiveBackend = (id: string, expectedRevision: number) => change(archiveBackendMutation, { input: { id, expectedRevision } });

export async function readBackendAgain(id: string) {
  const { data } = await client.query(readBackend, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.backend == null ? undefined : { values: backendValues(data.backend), revision: data.backend.revision };
}
