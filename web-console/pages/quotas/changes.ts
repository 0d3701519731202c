/** What can be done to a quota, and what is read of one. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const quotaFragment = graphql(`
  fragment QuotaDetails on Quota {
    id
    key
    scopeKind
    scopeId
    scope
    within {
      kind
      id
    }
    resource
    window
    timeZone
    limit
    burst
    enforcement
    revision
    createdAt
  }
`);

export const levelFragment = graphql(`
  fragment QuotaLevelNow on Quota {
    level {
      used
      leased
      remaining
      forecast
      exhaustedAt
      windowEnd
      source
      holders {
        nodeId
        nodeName
        spent
        leased
        died
      }
    }
  }
`);

export type QuotaDetails = ResultOf<typeof quotaFragment>;
export type QuotaNow = QuotaDetails & ResultOf<typeof levelFragment>;

const createQuotaMutation = graphql(
  `
    mutation CreateQuota($input: CreateQuotaInput!) {
      createQuota(input: $input, waitForPropagation: true) {
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
  /** Of the routes; empty: on all of them. */
  readonly onRouteId: string;
  readonly resource: QuotaDetails["resource"];
  readonly window: QuotaDetails["window"];
  readonly timeZone: string;
  readonly limit: string;
  readonly burst: string;
  readonly enforcement: QuotaDetails["enforcement"];
}

export const quotaValues = (quota: QuotaDetails): QuotaValues => ({
  key: quota.key,
  scopeKind: quota.scopeKind,
  scopeId: quota.scopeId ?? "",
  onRouteId: quota.within.find(({ kind }) => kind === "ROUTE")?.id ?? "",
  resource: quota.resource,
  window: quota.window,
  timeZone: quota.timeZone,
  limit: quota.limit,
  burst: quota.burst,
  enforcement: quota.enforcement,
});

export function saveQuota(id: string | undefined, values: QuotaValues, expectedRevision: number) {
  const { key, limit, burst, enforcement, scopeKind, scopeId, onRouteId, resource, window, timeZone } = values;
  return id === undefined
    ? change(createQuotaMutation, {
        input: {
          key,
          limit,
          burst,
          enforcement,
          scopeKind,
          resource,
          window,
          timeZone,
          ...(scopeId === "" ? {} : { scopeId }),
          ...(onRouteId === "" ? {} : { within: [{ kind: "ROUTE", id: onRouteId }] }),
        },
      })
    : change(updateQuotaMutation, { input: { id, expectedRevision, key, limit, burst, enforcement } });
}

export const archiveQuota = (id: string, expectedRevision: number) => change(archiveQuotaMutation, { input: { id, expectedRevision } });

export async function readQuotaAgain(id: string) {
  const { data } = await client.query(readQuota, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.quota == null ? undefined : { values: quotaValues(data.quota), revision: data.quota.revision };
}
