/** What can be done to a quota. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const quotaFragment = graphql(`
  fragment QuotaDetails on Quota {
    id
    key
    scopeKind
    scopeId
    resource
    window
    limit
    enforcement
    revision
    createdAt
  }
`);

export type QuotaDetails = ResultOf<typeof quotaFragment>;

const createQuotaMutation = graphql(
  `
    mutation CreateQuota($input: CreateQuotaInput!) {
      createQuota(input: $input, waitForPropagation: true) {
        ... on CreateQuotaPayload {
          quota {
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

const updateQuotaMutation = graphql(
  `
    mutation UpdateQuota($input: UpdateQuotaInput!) {
      updateQuota(input: $input, waitForPropagation: true) {
        ... on UpdateQuotaPayload {
          quota {
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

const archiveQuotaMutation = graphql(
  `
    mutation ArchiveQuota($input: ArchiveQuotaInput!) {
      archiveQuota(input: $input, waitForPropagation: true) {
        ... on ArchiveQuotaPayload {
          quota {
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

const readQuota = graphql(
  `
    query ReadQuota($id: ID!) {
      quota(id: $id) {
        ...QuotaDetails
      }
    }
  `,
  [quotaFragment],
);

export interface QuotaValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly scopeKind: QuotaDetails["scopeKind"];
  readonly scopeId: string;
  readonly resource: QuotaDetails["resource"];
  readonly window: QuotaDetails["window"];
  readonly limit: string;
  readonly enforcement: QuotaDetails["enforcement"];
}

export const quotaValues = (quota: QuotaDetails): QuotaValues => ({
  key: quota.key,
  scopeKind: quota.scopeKind,
  scopeId: quota.scopeId ?? "",
  resource: quota.resource,
  window: quota.window,
  limit: quota.limit,
  enforcement: quota.enforcement,
});

export function saveQuota(id: string | undefined, values: QuotaValues, expectedRevision: number) {
  const { key, limit, enforcement, scopeKind, scopeId, resource, window } = values;
  return id === undefined
    ? change(createQuotaMutation, {
        input: { key, limit, enforcement, scopeKind, resource, window, ...(scopeId === "" ? {} : { scopeId }) },
      })
    : change(updateQuotaMutation, { input: { id, expectedRevision, key, limit, enforcement } });
}

export const archiveQuota = (id: string, expectedRevision: number) => change(archiveQuotaMutation, { input: { id, expectedRevision } });

export async function readQuotaAgain(id: string) {
  const { data } = await client.query(readQuota, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.quota == null ? undefined : { values: quotaValues(data.quota), revision: data.quota.revision };
}
