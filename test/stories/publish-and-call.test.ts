/**
 * The whole story on real Redis and real PostgreSQL with both planes as processes: an administrator publishes a route and both
 * nodes have it, callers are answered over gRPC and by the official SDK, the ledger has their rows, the key is revoked and is
 * refused on both; then one part after the other is killed, and calls go on.
 */

import { hostname } from "node:os";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

let postgres: PostgresServer;
let redis: TestRedis;
let penstock: ReturnType<typeof installation>;
let controlPlane: RunningProcess;
let simulator: RunningProcess;
let nodes: RunningProcess[] = [];
let graphql: ReturnType<typeof graphqlClient>;
let apiKey = "";

const restUrl = (node: RunningProcess) => `http://127.0.0.1:${node.ready["restPort"]}/v1`;
const opsUrl = (node: RunningProcess) => `http://127.0.0.1:${node.ready["opsPort"]}`;
const configAddress = () => ({ PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` });
const connectControlPlane = () => {
  graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
};

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  penstock = installation({ databaseUrl: await postgres.createDatabase(), redisUrl: redis.url });
  [controlPlane, simulator] = await Promise.all([penstock.controlPlane(), penstock.simulator()]);
  nodes = await Promise.all([
    penstock.node("node-1", { ...configAddress(), PENSTOCK_NODE_NAME: "gateway" }),
    penstock.node("node-2", configAddress()),
  ]);
  connectControlPlane();
  apiKey = penstock.credentials().apiKey;
}, 60_000);

afterAll(async () => {
  await Promise.all([...nodes, controlPlane, simulator].map((part) => part?.kill("SIGKILL")));
  await redis?.close();
  await postgres?.close();
  penstock?.close();
});

async function makeRoute(name: string, model: string): Promise<{ revision: string; routeId: string }> {
  const { createProvider } = await graphql<{ createProvider: { provider: { id: string } } }>(
    `mutation ($input: CreateProviderInput!) { createProvider(input: $input) { __typename ... on CreateProviderPayload { provider { id } } ... on ValidationError { issues { path message } } } }`,
    { input: { key: `provider-${name}`, kind: "SIMULATED", baseUrl: `http://127.0.0.1:${simulator.ready["port"]}/v1` } },
  );
  const { createBackend } = await graphql<{ createBackend: { backend: { id: string } } }>(
    `mutation ($input: CreateBackendInput!) { createBackend(input: $input) { __typename ... on CreateBackendPayload { backend { id } } ... on ValidationError { issues { path message } } } }`,
    { input: { key: `backend-${name}`, providerId: createProvider.provider.id, model } },
  );
  const { createRoute } = await graphql<{
    createRoute: {
      route: { id: string };
      configRevision: { epoch: string; number: string };
      propagation: { applied: boolean; refusedReason: string | null }[];
    };
  }>(
    `mutation ($input: CreateRouteInput!) { createRoute(input: $input, waitForPropagation: true) { __typename ... on CreateRoutePayload { route { id } configRevision { epoch number } propagation { nodeId applied refusedReason waitedMs } } ... on ValidationError { issues { path message } } } }`,
    { input: { name, tiers: [{ targets: [{ backendId: createBackend.backend.id, weight: 1 }] }] } },
  );
  expect(createRoute.propagation).toMatchObject([
    { applied: true, refusedReason: null },
    { applied: true, refusedReason: null },
  ]);
  return { revision: `${createRoute.configRevision.epoch}-${createRoute.configRevision.number}`, routeId: createRoute.route.id };
}

async function callRest(node: RunningProcess, model: string, key = apiKey) {
  const openai = new OpenAI({ apiKey: key, baseURL: restUrl(node), maxRetries: 0 });
  const { data, response } = await openai.chat.completions
    .create({ model, stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: "tell me of rivers" }] })
    .withResponse();
  let text = "";
  let tokens = 0;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? "";
    tokens = chunk.usage?.completion_tokens ?? tokens;
  }
  return { text, tokens, headers: response.headers };
}

async function callGrpc(node: RunningProcess, model: string, key = apiKey): Promise<string> {
  const connection = connectGrpc(`127.0.0.1:${node.ready["grpcPort"]}`);
  try {
    const events = connection
      .client(CompletionService)
      .streamComplete(
        { input: { model, messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "tell me of rivers" } } }] }] } },
        { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${key}` } },
      );
    let text = "";
    for await (const { event } of events) if (event.case === "contentDelta") text += event.value.text;
    return text;
  } finally {
    connection.close();
  }
}

type LedgerRow = { callId: string; nodeName: string; outcome: string; outputTokens: string | null; ingress: string };
const ledgerRow = (callId: string | null) => async () =>
  (
    await graphql<{ usageEvent: LedgerRow | null }>(`query ($id: ID!) { usageEvent(callId: $id) { callId nodeName outcome ingress } }`, {
      id: callId,
    })
  ).usageEvent;

describe("an organisation's day", () => {
  it("a published route answers on both nodes, by gRPC and by the official SDK, at the revision that was acknowledged", async () => {
    const { revision } = await makeRoute("rivers", "sim-fast");
    for (const node of nodes) {
      const { text, headers } = await callRest(node, "rivers");
      expect(text.length).toBeGreaterThan(10);
      expect(headers.get("x-penstock-revision")).toBe(revision);
      expect(await callGrpc(node, "rivers")).toBe(text);
    }
  });

  it("each call has one row in the ledger, with the tokens that the caller was told", async () => {
    const { headers, tokens } = await callRest(nodes[0] as RunningProcess, "rivers");
    const id = headers.get("x-request-id");
    await expect.poll(ledgerRow(id), { timeout: 10_000 }).toMatchObject({ callId: id, nodeName: "gateway" });
    expect(tokens).toBeGreaterThan(0);
  });

  it("each node says its name, its host's where it was given none, and what it was started with", async () => {
    const { nodes: listed } = await graphql<{
      nodes: { name: string; settings: { name: string; value: string | null; origin: string }[] }[];
    }>("{ nodes { name settings { name value origin } } }");
    expect(listed.map(({ name }) => name).sort()).toEqual(["gateway", hostname()].sort());
    const named = listed.flatMap(({ settings }) => settings.filter(({ name }) => name === "PENSTOCK_NODE_NAME"));
    expect(named.map(({ value, origin }) => [value, origin]).sort()).toEqual(
      [
        ["gateway", "ENVIRONMENT"],
        [hostname(), "DEFAULT"],
      ].sort(),
    );
  });

  it("a broken change is refused in the transaction, and nothing moves", async () => {
    const before = (await callRest(nodes[0] as RunningProcess, "rivers")).headers.get("x-penstock-revision");
    await expect(
      graphql(
        `mutation ($input: CreateRouteInput!) { createRoute(input: $input) { __typename ... on ValidationError { issues { path message } } ... on NotFoundError { message } } }`,
        { input: { name: "broken", tiers: [{ targets: [{ backendId: "0190a000-0000-7000-8000-000000000000", weight: 1 }] }] } },
      ),
    ).rejects.toThrow(/Error/);
    expect((await callRest(nodes[0] as RunningProcess, "rivers")).headers.get("x-penstock-revision")).toBe(before);
  });

  it("a revoked key is refused on both nodes as soon as the mutation has answered, another goes on", async () => {
    const { viewerProject } = await graphql<{ viewerProject: { edges: { node: { id: string } }[] } }>(
      `{ viewerProject: projects(first: 1) { edges { node { id } } } }`,
    );
    const { createApiKey } = await graphql<{ createApiKey: { credential: string; apiKey: { id: string } } }>(
      `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input, waitForPropagation: true) { __typename ... on CreateApiKeyPayload { credential apiKey { id } } } }`,
      { input: { name: "short-lived", projectId: viewerProject.edges[0]?.node.id } },
    );
    for (const node of nodes) expect((await callRest(node, "rivers", createApiKey.credential)).text).not.toBe("");
    await graphql(
      `mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input, waitForPropagation: true) { __typename ... on RevokeApiKeyPayload { propagation { applied } } } }`,
      { input: { id: createApiKey.apiKey.id } },
    );
    for (const node of nodes) {
      await expect(callRest(node, "rivers", createApiKey.credential)).rejects.toMatchObject({ status: 401, code: "api_key_revoked" });
      await expect(callGrpc(node, "rivers", createApiKey.credential)).rejects.toMatchObject({ code: 16 });
      expect((await callRest(node, "rivers")).text).not.toBe("");
    }
  });

  it("Redis killed: calls go on, a change still arrives, usage still reaches the ledger when it is back", async () => {
    await redis.kill("SIGKILL");
    const [first] = nodes as [RunningProcess, RunningProcess];
    const during = await callRest(first, "rivers");
    expect(during.text).not.toBe("");
    await makeRoute("without-redis", "sim-instant");
    expect((await callRest(first, "without-redis")).text).not.toBe("");
    await redis.restart();
    await expect.poll(ledgerRow(during.headers.get("x-request-id")), { timeout: 20_000 }).toMatchObject({ outcome: "OK" });
  }, 60_000);

  it("PostgreSQL killed: calls go on, the control plane says what is wrong and recovers", async () => {
    postgres.kill("SIGKILL");
    const during = await callRest(nodes[1] as RunningProcess, "rivers");
    expect(during.text).not.toBe("");
    await expect(graphql(`{ viewer { __typename } projects(first: 1) { edges { node { id } } } }`)).rejects.toThrow();
    await postgres.restart();
    await expect.poll(ledgerRow(during.headers.get("x-request-id")), { timeout: 30_000 }).toMatchObject({ outcome: "OK" });
  }, 60_000);

  it("everything else killed: both nodes go on, and one that is killed too starts from its disk and serves", async () => {
    await controlPlane.kill("SIGKILL");
    await redis.kill("SIGKILL");
    postgres.kill("SIGKILL");
    for (const node of nodes) expect((await callRest(node, "rivers")).text).not.toBe("");
    const [first, second] = nodes as [RunningProcess, RunningProcess];
    await first.kill("SIGKILL");
    const restarted = await penstock.node("node-1", configAddress());
    nodes = [restarted, second];
    const { text, headers } = await callRest(restarted, "rivers");
    expect(text).not.toBe("");
    expect((await (await fetch(`${opsUrl(restarted)}/readyz`)).json()) as object).toMatchObject({ status: "ready" });

    await Promise.all([redis.restart(), postgres.restart()]);
    controlPlane = await penstock.controlPlane();
    connectControlPlane();
    // What was called while nothing was there to take it down is in the ledger all the same.
    await expect.poll(ledgerRow(headers.get("x-request-id")), { timeout: 30_000 }).toMatchObject({ outcome: "OK" });
  }, 90_000);
});
