/** A backend that falls ill: the node passes it over, the control plane shows why, and a test call says how it is. On real processes. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";

const parts = installation({});
let processes: RunningProcess[];
let restUrl: string;
let graphql: ReturnType<typeof graphqlClient>;
let apiKey: string;
const ids = new Map<string, string>();

beforeAll(async () => {
  const simulator = await parts.simulator();
  const baseUrl = `http://127.0.0.1:${simulator.ready["port"]}/v1`;
  const controlPlane = await parts.controlPlane({ PENSTOCK_DEMO_SIMULATOR_URL: baseUrl });
  const node = await parts.node("node", { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` });
  processes = [node, controlPlane, simulator];
  restUrl = `http://127.0.0.1:${node.ready["restPort"]}`;
  const credentials = parts.credentials();
  apiKey = credentials.apiKey;
  graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, credentials.adminToken);
  const { backends, providers } = await graphql<Record<"backends" | "providers", { edges: { node: { id: string; key: string } }[] }>>(
    "{ backends { edges { node { id key } } } providers { edges { node { id key } } } }",
  );
  for (const { node: row } of [...backends.edges, ...providers.edges]) ids.set(row.key, row.id);
  const { createBackend } = await graphql<{ createBackend: { backend: { id: string } } }>(
    `mutation { createBackend(input: { key: "ill", providerId: "${ids.get("simulator")}", model: "sim-fault-error-500" }) { ... on CreateBackendPayload { backend { id } } ... on UserError { message } } }`,
  );
  ids.set("ill", createBackend.backend.id);
  await graphql(
    `mutation { createRoute(waitForPropagation: true, input: { name: "ill-first", tiers: [{ targets: [{ backendId: "${ids.get("ill")}", weight: 1 }] }, { targets: [{ backendId: "${ids.get("sim-fast")}", weight: 1 }] }] }) { ... on CreateRoutePayload { route { id } } ... on UserError { message } } }`,
  );
}, 60_000);
afterAll(async () => {
  for (const process of processes) await process.kill("SIGTERM");
  parts.close();
});

const attempts = async () => {
  const response = await fetch(`${restUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "ill-first", messages: [{ role: "user", content: "hello" }] }),
  });
  await response.text();
  expect(response.status).toBe(200);
  return [response.headers.get("x-penstock-backend"), response.headers.get("x-penstock-attempts")];
};
const test = async (key: string, node = "") => {
  const { testBackend } = await graphql<{ testBackend: Record<string, unknown> }>(
    `mutation { testBackend(input: { id: "${ids.get(key)}" ${node} }) { __typename ... on BackendTest { nodeId callId status durationMs timeToFirstTokenMs content response errorReason errorMessage outputTokens costUsd } } }`,
  );
  return testBackend;
};

it("is passed over by the node after five failures, and its circuit is seen in the control plane with the reason", async () => {
  for (let call = 0; call < 5; call++) expect(await attempts()).toEqual(["sim-fast", "2"]);
  for (let call = 0; call < 3; call++) expect(await attempts()).toEqual(["sim-fast", "1"]);
  const circuits = async () =>
    (
      await graphql<{ backend: { circuits: Record<string, unknown>[] } }>(
        `{ backend(id: "${ids.get("ill")}") { circuits { nodeId state since openUntil failuresInRow lastError lastMessage lastHttpStatus lastErrorAt } } }`,
      )
    ).backend.circuits;
  await expect.poll(circuits).toMatchObject([{ state: "OPEN", failuresInRow: 5, lastError: "UPSTREAM_UNAVAILABLE", lastHttpStatus: 500 }]);
  const [seen] = await circuits();
  expect(Date.parse(String(seen?.["openUntil"])) - Date.parse(String(seen?.["since"]))).toBe(30_000);
  const { incidents } = await graphql<{ incidents: unknown[] }>("{ incidents { kind subjectId name says severe } }");
  expect(incidents).toEqual([
    {
      kind: "BACKEND_FAILING",
      subjectId: ids.get("ill"),
      name: "ill",
      says: "is passed over by every node: UPSTREAM_UNAVAILABLE, HTTP 500",
      severe: true,
    },
  ]);
  const healthy = await graphql<{ backend: { circuits: unknown[] } }>(
    `{ backend(id: "${ids.get("sim-fast")}") { circuits { state lastError since } } }`,
  );
  expect(healthy.backend.circuits).toEqual([{ state: "CLOSED", lastError: null, since: null }]);
});

it("says how tries of each backend went lately, whoever answered the call in the end, and how late the node's timers are", async () => {
  const triesOf = async (key: string) =>
    (
      await graphql<{ backend: { circuits: Record<string, unknown>[] } }>(
        `{ backend(id: "${ids.get(key)}") { circuits { attempts attemptsFailed attemptsRateLimited callsInFlight callsWaiting } } }`,
      )
    ).backend.circuits;
  const quiet = { attemptsRateLimited: 0, callsInFlight: 0, callsWaiting: 0 };
  await expect.poll(() => triesOf("ill"), { timeout: 10_000 }).toEqual([{ attempts: 5, attemptsFailed: 5, ...quiet }]);
  await expect.poll(() => triesOf("sim-fast"), { timeout: 10_000 }).toEqual([{ attempts: 8, attemptsFailed: 0, ...quiet }]);
  const { nodes } = await graphql<{ nodes: { eventLoopDelayMs: number }[] }>("{ nodes { eventLoopDelayMs } }");
  expect(nodes[0]?.eventLoopDelayMs).toBeGreaterThan(0);
  expect(nodes[0]?.eventLoopDelayMs).toBeLessThan(2_000);
});

it("has been passed over since its circuit opened, as its timeline says", async () => {
  const { backend } = await graphql<{ backend: { outages: { beganAt: string }[] } }>(
    `{ backend(id: "${ids.get("ill")}") { outages { nodeId beganAt endedAt lastError lastHttpStatus lastMessage } } }`,
  );
  expect(backend.outages).toEqual([
    {
      nodeId: expect.stringMatching(/./),
      beganAt: expect.stringMatching(/T/),
      endedAt: null,
      lastError: "UPSTREAM_UNAVAILABLE",
      lastHttpStatus: 500,
      lastMessage: expect.stringMatching(/./),
    },
  ]);
  const healthy = await graphql<{ backend: { outages: unknown[] } }>(`{ backend(id: "${ids.get("sim-fast")}") { outages { beganAt } } }`);
  expect(healthy.backend.outages).toEqual([]);
});

it("is tested by a real call of a real node: an answer with its times, or the failure by its name", async () => {
  const well = await test("sim-fast");
  expect(well).toMatchObject({ status: 200, errorReason: null, content: expect.stringMatching(/\w/) });
  expect(Number(well["timeToFirstTokenMs"])).toBeGreaterThan(0);
  expect(Number(well["durationMs"])).toBeGreaterThanOrEqual(Number(well["timeToFirstTokenMs"]));
  expect(Number(well["outputTokens"])).toBeGreaterThan(0);
  expect(Number(well["costUsd"])).toBeGreaterThan(0);
  expect(String(well["response"])).toMatch(/^HTTP 200\n.*content-type: text\/event-stream.*\n\ndata: \{.*data: \[DONE\]\n\n$/s);
  const ill = await test("ill", `nodeId: "${String(well["nodeId"])}"`);
  expect(ill).toMatchObject({ content: "", errorReason: expect.stringMatching(/./), errorMessage: expect.stringMatching(/./) });
  expect(String(ill["response"])).toContain(String(ill["errorMessage"]));
  await expect
    .poll(
      async () =>
        (await graphql<{ usageEvent: unknown }>(`{ usageEvent(callId: "${String(ill["callId"])}") { outcome backendId } }`)).usageEvent,
    )
    .toEqual({ outcome: "UPSTREAM_ERROR", backendId: expect.any(String) });
});

it("takes no call while it is drained, keeps its weights, and can be tested all the same", async () => {
  const drain = async (drained: boolean) => {
    const { backend } = await graphql<{ backend: { revision: number } }>(`{ backend(id: "${ids.get("sim-fast")}") { revision } }`);
    await graphql(
      `mutation { updateBackend(waitForPropagation: true, input: { id: "${ids.get("sim-fast")}", expectedRevision: ${backend.revision}, drained: ${drained} }) { __typename ... on UpdateBackendPayload { backend { drainedAt } } ... on UserError { message } } }`,
    );
  };
  const served = async () => {
    const response = await fetch(`${restUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "demo-chat", user: "ada", max_tokens: 4, messages: [{ role: "user", content: "hello" }] }),
    });
    await response.text();
    return response.headers.get("x-penstock-backend");
  };
  expect(await served()).toBe("sim-fast");
  await drain(true);
  expect(await served()).toBe("sim-slow");
  expect(await test("sim-fast")).toMatchObject({ status: 200, errorReason: null });
  await drain(false);
  expect(await served()).toBe("sim-fast");
});

it("cannot be reached past its route by anybody else's key", async () => {
  const response = await fetch(`${restUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: `backend:${ids.get("sim-fast")}`, messages: [{ role: "user", content: "hello" }] }),
  });
  expect(response.status).toBe(404);
});
