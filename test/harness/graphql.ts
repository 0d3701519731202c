/** A GraphQL server on a free port over test services, and a client that says what came back. */

import { type GraphqlServer, startGraphqlServer } from "../../control-plane/graphql/server.ts";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import type { Services } from "../../control-plane/services.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
  readonly data: any;
  readonly errors: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

export interface GraphqlClient {
  readonly url: string;
  ask(token: string | undefined, query: string, variables?: object, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export async function serveGraphql(services: Services): Promise<GraphqlClient> {
  const server: GraphqlServer = await startGraphqlServer(services);
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    close: server.close,
    ask: async (token, query, variables = {}, headers = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/graphql-response+json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as Partial<Answer>;
      return { status: response.status, headers: response.headers, data: body.data ?? null, errors: body.errors ?? [] };
    },
  };
}

export async function tokenFor(
  services: Services,
  organisationId: string,
  role: "admin" | "viewer",
  installation = false,
): Promise<string> {
  const made = await services.database.tenant(organisationId, (em) =>
    makeAdminToken(
      em,
      services.settings.pepper,
      { actor: "test", organisationId },
      { name: `${role}`, role, installation, expiresAt: null },
    ),
  );
  return made.credential;
}
