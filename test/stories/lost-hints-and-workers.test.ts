/** What must hold when the fast way is shut: every hint lost, no Redis at all, one node on several cores. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

let postgres: PostgresServer;
let redis: TestRedis;
beforeAll(async () => {
  // A Redis that does not know PUBLISH loses every hint and every report.
  [postgres, redis] = await Promise.all([startPostgres(), startRedis({ arguments: ["--rename-command", "PUBLISH", ""] })]);
}, 60_000);
afterAll(async () => {
  await redis?.close();
  await postgres?.close();
});

const makeKey = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreateApiKeyPayload { credential apiKey { id } } } }`;
const revokeKey = `mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename ... on RevokeApiKeyPayload { apiKey { id } } } }`;

async function withInstallation(
  options: Parameters<typeof installation>[0],
  use: (parts: {
    penstock: ReturnType<typeof installation>;
    controlPlane: RunningProcess;
    address: Record<string, string>;
  }) => Promise<void>,
) {
  const penstock = installation(options);
  const parts: RunningProcess[] = [];
  try {
    const controlPlane = await penstock.controlPlane();
    parts.push(controlPlane);
    await use({ penstock, controlPlane, address: { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` } });
  } finally {
    await Promise.all(parts.map((part) => part.kill("SIGKILL")));
    penstock.close();
  }
}

/** Makes a key, waits until the nodes take it, revokes it, and waits until they do not. */
async function keyComesAndGoes(controlPlane: RunningProcess, penstock: ReturnType<typeof installation>, nodes: readonly RunningProcess[]) {
  const graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
  const { projects } = await graphql<{ projects: { edges: { node: { id: string } }[] } }>(
    "{ projects(first: 1) { edges { node { id } } } }",
  );
  const { createApiKey } = await graphql<{ createApiKey: { credential: string; apiKey: { id: string } } }>(makeKey, {
    input: { name: "one", projectId: projects.edges[0]?.node.id },
  });
  const accepted = (node: RunningProcess) =>
    new OpenAI({ apiKey: createApiKey.credential, baseURL: `http://127.0.0.1:${node.ready["restPort"]}/v1`, maxRetries: 0 }).models
      .list()
      .then(
        () => true,
        () => false,
      );
  for (const node of nodes) await expect.poll(() => accepted(node), { timeout: 7000 }).toBe(true);
  await graphql(revokeKey, { input: { id: createApiKey.apiKey.id } });
  for (const node of nodes) await expect.poll(() => accepted(node), { timeout: 7000 }).toBe(false);
}

describe("with every hint lost", () => {
  it("two nodes still converge by their polls, and the revoked key is refused", async () => {
    await withInstallation({ databaseUrl: await postgres.createDatabase(), redisUrl: redis.url }, async ({ penstock, controlPlane }) => {
      // No way around Redis either: nobody listens there.
      const nodes = await Promise.all(["a", "b"].map((name) => penstock.node(name, { PENSTOCK_CONFIG_ADDRESS: "127.0.0.1:9" })));
      try {
        await keyComesAndGoes(controlPlane, penstock, nodes);
      } finally {
        await Promise.all(nodes.map((node) => node.kill("SIGKILL")));
      }
    });
  }, 60_000);
});

describe("without Redis", () => {
  it("a node on two workers serves on the same ports, hears of changes over gRPC, and counts for all", async () => {
    await withInstallation({ databaseUrl: await postgres.createDatabase() }, async ({ penstock, controlPlane, address }) => {
      const node = await penstock.node("workers", address, ["--workers", "2"]);
      try {
        expect(node.ready).toMatchObject({ plane: "data-plane", workers: 2 });
        await keyComesAndGoes(controlPlane, penstock, [node]);
        const ops = `http://127.0.0.1:${node.ready["opsPort"]}`;
        expect(await (await fetch(`${ops}/readyz`)).json()).toMatchObject({ status: "ready", workers: 2 });
        expect(await (await fetch(`${ops}/metrics`)).text()).toContain("penstock_config_revision");
        const graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
        await expect.poll(async () => (await graphql<{ nodes: unknown[] }>("{ nodes { id } }")).nodes.length).toBe(2);
      } finally {
        expect(await node.kill("SIGTERM")).toBe(0);
      }
    });
  }, 60_000);
});
