/** `graphql(…)` makes a document whose result and variables are typed from schema.graphql. */
import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./introspection.d.ts";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { DateTime: string; BigInt: string; JSON: unknown; ID: string };
}>();

export type { ResultOf, VariablesOf } from "gql.tada";
