/** What can be done to an API key. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const keyFragment = graphql(`
  fragment KeyDetails on ApiKey {
    id
    name
    environment
    publicId
    lastFour
    owner
    allowedRoutes
    allowedMethods
    allowedNetworks
    mayForceVariants
    lastUsedAt
    createdAt
    expiresAt
    revokedAt
    archivedAt
    rotatedFromId
    revision
    project {
      id
      key
      name
    }
  }
`);

export type KeyDetails = ResultOf<typeof keyFragment>;

const createKeyMutation = graphql(
  `
    mutation CreateApiKey($input: CreateApiKeyInput!) {
      createApiKey(input: $input, waitForPropagation: true) {
        ... on CreateApiKeyPayload {
          credential
          apiKey {
            id
            allowedRoutes
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);
const rotateKeyMutation = graphql(
  `
    mutation RotateApiKey($input: RotateApiKeyInput!) {
      rotateApiKey(input: $input, waitForPropagation: true) {
        ... on RotateApiKeyPayload {
          credential
          apiKey {
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
const updateKeyMutation = graphql(
  `
    mutation UpdateApiKey($input: UpdateApiKeyInput!) {
      updateApiKey(input: $input, waitForPropagation: true) {
        ... on UpdateApiKeyPayload {
          apiKey {
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
const revokeKeyMutation = graphql(
  `
    mutation RevokeApiKey($input: RevokeApiKeyInput!) {
      revokeApiKey(input: $input, waitForPropagation: true) {
        ... on RevokeApiKeyPayload {
          apiKey {
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

export type Method = KeyDetails["allowedMethods"][number];

export interface KeyValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  /** Empty: nobody said. */
  readonly owner: string;
  readonly projectId: string;
  readonly environment: string;
  /** Names. Empty: all. */
  readonly allowedRoutes: readonly string[];
  /** Empty: all. */
  readonly allowedMethods: readonly Method[];
  /** Addresses and ranges, one to a line. Empty: all. */
  readonly networks: string;
  readonly mayForceVariants: boolean;
  /** A day such as 2027-01-31; empty: never. */
  readonly expires: string;
}

export const keyValues = (key: KeyDetails): KeyValues => ({
  name: key.name,
  owner: key.owner,
  projectId: key.project?.id ?? "",
  environment: key.environment,
  allowedRoutes: [...key.allowedRoutes].sort(),
  allowedMethods: [...key.allowedMethods].sort(),
  networks: key.allowedNetworks.join("\n"),
  mayForceVariants: key.mayForceVariants,
  expires: key.expiresAt?.slice(0, 10) ?? "",
});

const endOf = (day: string): string | null => (day === "" ? null : `${day}T23:59:59Z`);

const scopeInput = ({ name, owner, allowedRoutes, allowedMethods, networks, mayForceVariants, expires }: KeyValues) => ({
  name,
  owner,
  allowedRoutes: [...allowedRoutes],
  allowedMethods: [...allowedMethods],
  allowedNetworks: networks.split(/[\s,]+/).filter(Boolean),
  mayForceVariants,
  expiresAt: endOf(expires),
});

export const createKey = (values: KeyValues) =>
  change(createKeyMutation, { input: { ...scopeInput(values), projectId: values.projectId, environment: values.environment } });

export const updateKey = (id: string, values: KeyValues, expectedRevision: number) =>
  change(updateKeyMutation, { input: { ...scopeInput(values), id, expectedRevision } });

const readKey = graphql(
  `
    query ReadApiKey($id: ID!) {
      apiKey(id: $id) {
        ...KeyDetails
      }
    }
  `,
  [keyFragment],
);

export async function readKeyAgain(id: string) {
  const { data } = await client.query(readKey, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.apiKey == null ? undefined : { values: keyValues(data.apiKey), revision: data.apiKey.revision };
}

export const rotateKey = (id: string, overlapSeconds: number) => change(rotateKeyMutation, { input: { id, overlapSeconds } });
export const revokeKey = (id: string) => change(revokeKeyMutation, { input: { id } });

/** Whether it opens anything now, in one word. */
export function stateOf(key: Pick<KeyDetails, "revokedAt" | "expiresAt">): "live" | "expiring" | "expired" | "revoked" {
  if (key.revokedAt !== null) return "revoked";
  if (key.expiresAt === null) return "live";
  const leftMs = Date.parse(key.expiresAt) - Date.now();
  return leftMs <= 0 ? "expired" : leftMs < 7 * 86_400_000 ? "expiring" : "live";
}

const unusedMs = 90 * 86_400_000;

/** The beginning of the day 90 days ago, so that a list asks for the same all day. */
export const unusedBefore = (nowMs: number): string => new Date(Math.floor((nowMs - unusedMs) / 86_400_000) * 86_400_000).toISOString();

/** Whether it is old enough to have been used, and was not for 90 days. */
export const isUnused = ({ createdAt, lastUsedAt }: Pick<KeyDetails, "createdAt" | "lastUsedAt">): boolean =>
  Date.now() - Date.parse(lastUsedAt ?? createdAt) > unusedMs;

export const methodNames: Readonly<Record<Method, string>> = {
  CHAT: "answers: chat, responses, messages, gRPC",
  EMBEDDINGS: "embeddings",
  AUDIO: "audio",
  IMAGES: "images",
  RERANK: "rerank",
  FILES: "files, batches, fine-tuning",
};

const shortMethods: Readonly<Record<Method, string>> = {
  CHAT: "answers",
  EMBEDDINGS: "embeddings",
  AUDIO: "audio",
  IMAGES: "images",
  RERANK: "rerank",
  FILES: "files",
};

/** "chat, mini; answers only; from 10.0.0.0/8" */
export const scopeWords = ({ allowedRoutes, allowedMethods, allowedNetworks }: KeyDetails): string =>
  [
    allowedRoutes.length === 0 ? "all routes" : allowedRoutes.join(", "),
    ...(allowedMethods.length === 0 ? [] : [`only ${allowedMethods.map((method) => shortMethods[method]).join(", ")}`]),
    ...(allowedNetworks.length === 0 ? [] : [`from ${allowedNetworks.join(", ")}`]),
  ].join("; ");
