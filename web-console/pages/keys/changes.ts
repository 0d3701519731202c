/** What can be done to an API key. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const keyFragment = graphql(`
  fragment KeyDetails on ApiKey {
    id
    name
    environment
    publicId
    lastFour
    allowedRoutes
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

export interface KeyValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly projectId: string;
  readonly environment: string;
  /** Names. Empty: all. */
  readonly allowedRoutes: readonly string[];
  /** A day such as 2027-01-31; empty: never. */
  readonly expires: string;
}

export const keyValues = (key: KeyDetails): KeyValues => ({
  name: key.name,
  projectId: key.project?.id ?? "",
  environment: key.environment,
  allowedRoutes: [...key.allowedRoutes].sort(),
  expires: key.expiresAt?.slice(0, 10) ?? "",
});

const endOf = (day: string): string | null => (day === "" ? null : `${day}T23:59:59Z`);

export const createKey = ({ name, projectId, environment, allowedRoutes, expires }: KeyValues) =>
  change(createKeyMutation, { input: { name, projectId, environment, allowedRoutes: [...allowedRoutes], expiresAt: endOf(expires) } });

export const updateKey = (id: string, { name, allowedRoutes, expires }: KeyValues, expectedRevision: number) =>
  change(updateKeyMutation, { input: { id, expectedRevision, name, allowedRoutes: [...allowedRoutes], expiresAt: endOf(expires) } });

export const rotateKey = (id: string, overlapSeconds: number) => change(rotateKeyMutation, { input: { id, overlapSeconds } });
export const revokeKey = (id: string) => change(revokeKeyMutation, { input: { id } });

/** Whether it opens anything now, in one word. */
export function stateOf(key: Pick<KeyDetails, "revokedAt" | "expiresAt">): "live" | "expiring" | "expired" | "revoked" {
  if (key.revokedAt !== null) return "revoked";
  if (key.expiresAt === null) return "live";
  const leftMs = Date.parse(key.expiresAt) - Date.now();
  return leftMs <= 0 ? "expired" : leftMs < 7 * 86_400_000 ? "expiring" : "live";
}
