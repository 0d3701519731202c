/** The schema as the control plane tells it, read once a tab. It may refuse to (PENSTOCK_GRAPHQL_INTROSPECTION). */
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { graphqlHeaders } from "../../graphql/client.ts";
import { fetchSignedIn } from "../../session/session.ts";

/** Undefined: without it there is neither completion nor documentation, and everything else works. */
export type KnownSchema = GraphQLSchema | undefined;

const clockMs = 10_000;
let known: Promise<KnownSchema> | undefined;

export function readSchema(): Promise<KnownSchema> {
  known ??= askSchema().catch(() => undefined);
  return known.then((schema) => {
    // What was refused or lost is asked for again at the next visit.
    if (schema === undefined) known = undefined;
    return schema;
  });
}

async function askSchema(): Promise<KnownSchema> {
  const answer = await fetchSignedIn("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { ...graphqlHeaders(), "content-type": "application/json" },
    body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true }) }),
    signal: AbortSignal.timeout(clockMs),
  });
  const { data } = (await answer.json()) as { readonly data?: IntrospectionQuery | null };
  return data ? buildClientSchema(data) : undefined;
}
