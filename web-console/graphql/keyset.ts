/** A long list by pages: the first is the page's query; those after it are fetched as they are asked for, from where the last ended. */
import { useEffect, useState } from "react";
import type { AnyVariables, TypedDocumentNode } from "urql";
import { client, failureOf } from "./client.ts";
import { type PageQuery, usePageQuery } from "./page-query.ts";

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export interface Keyset<Data, Node> {
  readonly first: PageQuery<Data>;
  readonly nodes: readonly Node[];
  readonly hasMore: boolean;
  /** Where the next page begins: another one with each page that has come. */
  readonly reached: string | null | undefined;
  readonly loading: boolean;
  more(): void;
}

interface Later<Node> {
  /** The first page that these follow: they go when another one has come. */
  readonly after: unknown;
  readonly nodes: readonly Node[];
  readonly pageInfo: Connection<Node>["pageInfo"];
}

export function useKeyset<Data, Variables extends AnyVariables & { after?: string | null | undefined }, Node>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pick: (data: Data) => Connection<Node>,
  options?: { readonly follow?: boolean; readonly hold?: boolean },
): Keyset<Data, Node> {
  const first = usePageQuery(query, variables, options ?? {});
  const [later, setLater] = useState<Later<Node>>();
  const [loading, setLoading] = useState(false);
  const head = first.data === undefined ? undefined : pick(first.data);
  const key = `${JSON.stringify(variables)} ${head?.edges[0]?.cursor ?? ""}`;
  const mine = later?.after === key ? later : undefined;
  const pageInfo = mine?.pageInfo ?? head?.pageInfo;
  useEffect(() => setLoading(false), []);
  const more = () => {
    if (loading || pageInfo?.hasNextPage !== true) return;
    setLoading(true);
    void client
      .query(query, { ...variables, after: pageInfo.endCursor }, { requestPolicy: "cache-first" })
      .toPromise()
      .then(({ data, error }) => {
        setLoading(false);
        if (error !== undefined) failureOf(error);
        if (data == null) return;
        const next = pick(data);
        setLater({ after: key, nodes: [...(mine?.nodes ?? []), ...next.edges.map(({ node }) => node)], pageInfo: next.pageInfo });
      });
  };
  return {
    first,
    nodes: [...(head?.edges.map(({ node }) => node) ?? []), ...(mine?.nodes ?? [])],
    hasMore: pageInfo?.hasNextPage === true,
    reached: pageInfo?.endCursor,
    loading,
    more,
  };
}
