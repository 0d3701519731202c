/** A GraphQL server on a free port over test services, and a client that says what came back. */
import { afterAll, expect } from "vitest";
import type { AdminRole } from "../../control-plane/database/entities/admin-role.ts";
import { type GraphqlServer, startGraphqlServer } from "../../control-plane/graphql/server.ts";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import type { Services } from "../../control-plane/services.ts";
import { openTestServices } from "./control-plane.ts";
import { startPostgres } from "./postgres.ts";

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

/** A control plane on a PostgreSQL database of its own, and a client to it, until the file's tests are over. */
export async function graphqlServices() {
  const postgres = await startPostgres();
  const services = await openTestServices(await postgres.createDatabase());
  const client = await serveGraphql(services);
  afterAll(async () => {
    await client.close();
    await services.close();
    await postgres.close();
  });
  return { services, client };
}

/** Makes a "Route", a "Backend" …; returns its id. */
export async function makeThing(client: GraphqlClient, token: string, type: string, input: object): Promise<string> {
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const { [field]: made } = await mutate(client, token, `create${type}`, input, `${field} { id }`);
  return made.id;
}

/** One mutation with its input: the payload with these fields, or the error that took its place; nothing else may go wrong. */
export async function mutate(client: GraphqlClient, token: string, name: string, input: object, fields: string): Promise<Answer["data"]> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const payload = name === "requestPromptLabel" ? "PromptLabelRequest" : `${type}Payload`;
  // What cannot be out of date has no such error in its union.
  const stale = /^(create|request|revoke|rotate)/.test(name) ? "" : "... on ConflictError { currentRevision }";
  const answer = await client.ask(
    token,
    `mutation($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${payload} { ${fields} }
       ... on ValidationError { issues { path message } } ${stale} ... on UserError { code message } } }`,
    { input },
  );
  expect(answer.errors).toEqual([]);
  return answer.data[name];
}

export async function tokenFor(services: Services, organisationId: string, role: AdminRole, installation = false): Promise<string> {
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
