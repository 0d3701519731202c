import { request } from "node:http";
import { getIntrospectionQuery } from "graphql";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explorerExamples } from "../../web-console/pages/explorer/examples.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let admin: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin", true);
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

describe("abuse of GraphQL is refused before it runs", () => {
  it.each([
    [
      "depth",
      `{ backends { edges { node { provider { id } } } } routes { edges { node { tiers { targets { backend { provider { key { a { b { c } } } } } } } } } } }`,
      /11|10 levels|nested|must not have a selection/,
    ],
    ["aliases", `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: viewer { actor }`).join(" ")} }`, /15 aliases/],
    ["directives", `{ viewer { ${"actor @include(if: true) ".repeat(21)} } }`, /20 directives/],
    ["tokens", `{ ${"viewer { actor } ".repeat(700)} }`, /[Tt]oken/],
    [
      "cost",
      `{ routes(first: 100) { edges { node { tiers { targets { backend { id key model revision createdAt provider { id key kind baseUrl revision createdAt updatedAt archivedAt } } } } } } } }`,
      /may cost/,
    ],
    [
      "cost behind a variable",
      `query($n: Int) { routes(first: $n) { edges { node { tiers { targets { backend { id key model revision createdAt provider { id key kind baseUrl revision createdAt updatedAt archivedAt } } } } } } } }`,
      /may cost/,
    ],
    [
      "cost behind a fragment that is called like an introspection field",
      `fragment __schema on Query { routes(first: 100) { edges { node { tiers { targets { backend { id key model revision createdAt provider { id key kind baseUrl revision createdAt updatedAt archivedAt } } } } } } } } query __schema { ...__schema }`,
      /may cost/,
    ],
    ["a fragment in itself", `{ viewer { ...A } } fragment A on Viewer { actor ...A }`, /itself/],
  ])("%s", async (_name, query, message) => {
    const answer = await client.ask(admin, query);
    expect(answer.data).toBeNull();
    expect(answer.errors.map((error) => error.message).join("\n")).toMatch(message);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it("batches, which are refused whole", async () => {
    const response = await fetch(`${client.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${admin}` },
      body: JSON.stringify([{ query: "{ viewer { actor } }" }, { query: "{ viewer { actor } }" }]),
    });
    expect(response.status).toBe(400);
  });

  it("pages above 100", async () => {
    const answer = await client.ask(admin, "{ routes(first: 101) { edges { cursor } } }");
    expect(answer.errors[0]?.message).toMatch(/from 0 to 100/);
  });

  it("mutations over GET", async () => {
    const query = encodeURIComponent(`mutation { createProject(input: { key: "got", name: "x" }) { __typename } }`);
    const response = await fetch(`${client.url}/graphql?query=${query}`, { headers: { authorization: `Bearer ${admin}` } });
    expect(response.status).toBe(405);
  });

  it("forms of other sites, which browsers send without asking", async () => {
    const response = await fetch(`${client.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ query: "{ viewer { actor } }" }),
    });
    expect(response.status).toBe(403);
  });

  it.each(["text/plain", "text/plain;charset=UTF-8", "application/xml", "application/jsonx"])(
    "a body of the type %s, saying what to send",
    async (type) => {
      for (const authorization of [{}, { authorization: `Bearer ${admin}` }]) {
        const response = await fetch(`${client.url}/graphql`, {
          method: "POST",
          headers: { "content-type": type, "x-request-id": "plain", ...authorization },
          body: JSON.stringify({ query: "{ viewer { actor } }" }),
        });
        expect(response.status).toBe(415);
        expect(await response.json()).toEqual({
          errors: [
            { message: expect.stringContaining("application/json"), extensions: { code: "UNSUPPORTED_MEDIA_TYPE", requestId: "plain" } },
          ],
        });
      }
    },
  );

  it.each<[string, string, object]>([
    [
      "a BigInt of more than 64 bits",
      "query($n: BigInt!) { compareRevisions(from: $n, to: 1) { __typename } }",
      { n: "9223372036854775808" },
    ],
    ["a BigInt that is no number", "query($n: BigInt!) { compareRevisions(from: $n, to: 1) { __typename } }", { n: "x" }],
    ["a BigInt that is not there", "query($n: BigInt!) { compareRevisions(from: $n, to: 1) { __typename } }", {}],
    ["an Int that is none", "query($n: Int) { routes(first: $n) { edges { cursor } } }", { n: "x" }],
    ["a DateTime that is none", "query($n: DateTime) { auditEntries(filter: { from: $n }) { edges { cursor } } }", { n: "today" }],
    ["first and last", "{ routes(first: 1, last: 1) { edges { cursor } } }", {}],
    ["first and last of revisions", "{ revisions(first: 1, last: 1) { edges { cursor } } }", {}],
    ["first and last of usage", "{ usageEvents(first: 1, last: 1) { edges { cursor } } }", {}],
  ])("%s, as the caller's mistake and with the request's id", async (_name, query, variables) => {
    const answer = await client.ask(admin, query, variables, { "x-request-id": "mistaken" });
    expect(answer.status).toBe(400);
    expect(answer.data).toBeNull();
    expect(answer.errors.map(({ extensions }) => extensions)).toEqual([{ code: "BAD_USER_INPUT", requestId: "mistaken" }]);
  });

  it("bodies above a megabyte, announced or not", async () => {
    const response = await fetch(`${client.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: " ".repeat(1_100_000) }),
    });
    expect(response.status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${client.url}/graphql`, { method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
        resolve(answer.statusCode);
        asked.destroy();
      });
      asked.on("error", reject);
      asked.write("x".repeat(600_000));
      asked.write("x".repeat(600_000));
    });
    expect(status).toBe(413);
  });

  it("malformed JSON", async () => {
    const response = await fetch(`${client.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":',
    });
    expect(response.status).toBe(400);
  });
});

describe("the explorer", () => {
  it("is a page of the console, to which its old address leads, and not where it is switched off", async () => {
    const html: RequestInit = { headers: { accept: "text/html" }, redirect: "manual" };
    expect((await fetch(`${client.url}/graphql`, html)).headers.get("location")).toBeNull();
    const open = await serveGraphql({ ...services, settings: { ...services.settings, graphqlExplorer: true } });
    const led = await fetch(`${open.url}/graphql`, html);
    await open.close();
    expect([led.status, led.headers.get("location")]).toEqual([302, "/explorer"]);
  });

  it.each(explorerExamples)("has an example that runs as it is: $name", async ({ query, variables }) => {
    const { data, errors } = await client.ask(admin, query, variables?.(new Date()) ?? {});
    expect(errors).toEqual([]);
    expect(Object.keys(data).length).toBeGreaterThan(0);
  });
});

describe("subscriptions", () => {
  it.each([
    ["configRevision", "{ configRevision { number } }", /"number":"1"/],
    ["news", "{ news { nodes { id } alert { id } } }", /"nodes":\[\]/],
  ])("let go of their listener when the reader leaves: %s", async (field, selection, said) => {
    const listeners = new Set<unknown>();
    const current = { epoch: "e", number: 1n, hash: new Uint8Array(32) };
    const counted = await serveGraphql({
      ...services,
      propagation: {
        ...services.propagation,
        current: () => current,
        onChange: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    });
    const leaving = new AbortController();
    const response = await fetch(`${counted.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${admin}` },
      body: JSON.stringify({ query: `subscription ${selection}` }),
      signal: leaving.signal,
    });
    expect(response.headers.get("content-type")).toMatch(/event-stream/);
    const reader = response.body?.getReader();
    let text = "";
    while (!text.includes(field)) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(text).toMatch(said);
    expect(listeners.size).toBe(1);
    leaving.abort();
    await expect.poll(() => listeners.size).toBe(0);
    await counted.close();
  });
});

it("a caller who leaves before the answer is no error, and is not logged as one", async () => {
  const logged: string[] = [];
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const slow = await serveGraphql({
    ...services,
    logger: pino({ level: "warn" }, { write: (line) => logged.push(line) }),
    database: {
      ...services.database,
      system: async (work) => {
        asked.resolve();
        await left.promise;
        return services.database.system(work);
      },
    },
  });
  const leaving = new AbortController();
  const answer = fetch(`${slow.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${admin}` },
    body: JSON.stringify({ query: "{ viewer { actor } }" }),
    signal: leaving.signal,
  });
  await asked.promise;
  leaving.abort();
  await expect(answer).rejects.toThrow(/aborted/);
  // Its connection is gone when this is over.
  await slow.close();
  left.resolve();
  await client.ask(admin, "{ viewer { actor } }");
  expect(logged).toEqual([]);
});

describe("what an answer tells", () => {
  it("gives no field suggestions", async () => {
    const answer = await client.ask(admin, "{ viewr { actor } }");
    expect(answer.errors[0]?.message).not.toMatch(/viewer/);
  });

  it("masks what nobody expected and names the request", async () => {
    const broken = await serveGraphql({
      ...services,
      propagation: {
        ...services.propagation,
        nodes: async () => {
          throw new Error("the inside of the machine");
        },
      },
    });
    const answer = await broken.ask(admin, "{ nodes { id } }", {}, { "x-request-id": "test-request-7" });
    await broken.close();
    expect(answer.errors[0]?.message).toBe("internal error; quote the request id test-request-7 when you report it");
    expect(JSON.stringify(answer.errors)).not.toMatch(/inside of the machine/);
    expect(answer.headers.get("x-request-id")).toBe("test-request-7");
  });

  it("answers the introspection of tools where it is allowed, and refuses it where it is not", async () => {
    const allowed = await client.ask(admin, getIntrospectionQuery());
    expect(allowed.errors).toEqual([]);
    const closed = await serveGraphql({ ...services, settings: { ...services.settings, graphqlIntrospection: false } });
    const refused = await closed.ask(admin, getIntrospectionQuery());
    await closed.close();
    expect(refused.errors[0]?.message).toMatch(/introspection/i);
  });

  it("says UNAVAILABLE while the database is away, is not ready, and works again when it is back", async () => {
    const before = await client.ask(admin, "{ viewer { actor } }");
    expect(before.status).toBe(200);
    postgres.kill("SIGQUIT");
    await expect.poll(async () => (await client.ask(admin, "{ viewer { actor } }")).status, { timeout: 10_000 }).toBe(503);
    expect((await fetch(`${client.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${client.url}/healthz`)).status).toBe(200);
    await postgres.restart();
    await expect.poll(async () => (await client.ask(admin, "{ viewer { actor } }")).status, { timeout: 10_000 }).toBe(200);
    expect((await fetch(`${client.url}/readyz`)).status).toBe(200);
  });
});
