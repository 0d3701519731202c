/** Who points at a thing that is about to go: the first of them by name, read when the question is asked. */
import { useQuery } from "urql";
import { graphql } from "../graphql/documents.ts";

const query = graphql(`
  query UsersOf($id: ID!) {
    backends(first: 20, uses: $id) {
      edges {
        node {
          name: key
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    routes(first: 20, uses: $id) {
      edges {
        node {
          name
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

interface UsersLineProps {
  readonly of: "backends" | "routes";
  readonly id: string;
  /** Said where nobody does. */
  readonly none: string;
  /** Before their names. */
  readonly some: string;
}

export function UsersLine({ of, id, none, some }: UsersLineProps) {
  const [{ data, error }] = useQuery({ query, variables: { id }, requestPolicy: "network-only" });
  if (error !== undefined) return "Who uses it could not be read; where somebody does, it stays.";
  if (data === undefined) return "Looking for who uses it …";
  const { edges, pageInfo } = data[of];
  if (edges.length === 0) return none;
  return `${some}: ${edges.map(({ node }) => node.name).join(", ")}${pageInfo.hasNextPage ? " and others" : ""}.`;
}
