/** Both planes as processes over real Redis and PostgreSQL, with routes over a simulator and quotas laid on them over GraphQL. */
import { expect } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";
import { startPostgres } from "../harness/postgres.ts";
import { startRedis } from "../harness/redis.ts";

export interface MadeKey {
  readonly id: string;
  readonly credential: string;
}

export async function quotaInstallation(nodeNames: readonly string[]) {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const penstock = installation({ databaseUrl: await postgres.createDatabase(), redisUrl: redis.url });
  const [controlPlane, simulator] = await Promise.all([penstock.controlPlane(), penstock.simulator()]);
  const configAddress = { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` };
  const startNode = (name: string) => penstock.node(name, configAddress);
  const nodes = new Map<string, RunningProcess>();
  await Promise.all(nodeNames.map(async (name) => nodes.set(name, await startNode(name))));
  const graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
  const { projects } = await graphql<{ projects: { edges: { node: { id: string } }[] } }>(
    "{ projects(first: 1) { edges { node { id } } } }",
  );
  const projectId = projects.edges[0]?.node.id ?? "";

  const make = async (type: string, input: object, fields = "id"): Promise<Record<string, string>> => {
    const name = type.charAt(0).toLowerCase() + type.slice(1);
    const said = await graphql<Record<string, Record<string, Record<string, string>>>>(
      `mutation ($input: Create${type}Input!) { made: create${type}(input: $input, waitForPropagation: true) {
        __typename ... on Create${type}Payload { ${name} { ${fields} } } ... on ValidationError { issues { path message } } } }`,
      { input },
    );
    const made = said["made"]?.[name];
    if (made === undefined) throw new Error(JSON.stringify(said));
    return made;
  };
  const provider = await make("Provider", {
    key: "simulator",
    kind: "SIMULATED",
    baseUrl: `http://127.0.0.1:${simulator.ready["port"]}/v1`,
  });
  const node = (name: string): RunningProcess => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };

  return {
    graphql,
    redis,
    projectId,
    node,
    credential: penstock.credentials().apiKey,
    /** @returns the ids of the route and of its only backend. */
    async route(name: string, model: string): Promise<{ readonly routeId: string; readonly backendId: string }> {
      const { id: backendId = "" } = await make("Backend", { key: `of-${name}`, providerId: provider["id"], model });
      const { id: routeId = "" } = await make("Route", { name, tiers: [{ targets: [{ backendId, weight: 1 }] }] });
      return { routeId, backendId };
    },
    async key(name: string): Promise<MadeKey> {
      const said = await graphql<{ createApiKey: { credential: string; apiKey: { id: string } } }>(
        `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input, waitForPropagation: true) { __typename ... on CreateApiKeyPayload { credential apiKey { id } } } }`,
        { input: { name, projectId } },
      );
      return { id: said.createApiKey.apiKey.id, credential: said.createApiKey.credential };
    },
    async quota(input: object): Promise<string> {
      return (await make("Quota", { scopeKind: "ORGANISATION", enforcement: "HARD", ...input }))["id"] ?? "";
    },
    make,
    async call(name: string, model: string, more: object = {}, credential = penstock.credentials().apiKey, signal?: AbortSignal) {
      return fetch(`http://127.0.0.1:${node(name).ready["restPort"]}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
        body: JSON.stringify({ model, messages: [{ role: "user", content: "tell me of rivers" }], ...more }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    /** How many nodes there are, by what this one has heard. */
    async liveNodes(name: string): Promise<number> {
      const response = await fetch(`http://127.0.0.1:${node(name).ready["opsPort"]}/readyz`);
      return ((await response.json()) as { liveNodes: number }).liveNodes;
    },
    async kill(name: string, signal: NodeJS.Signals = "SIGKILL") {
      await node(name).kill(signal);
    },
    async restart(name: string) {
      nodes.set(name, await startNode(name));
    },
    /** The call's row, once the ledger has it. */
    async row(callId: string | null, fields: string): Promise<Record<string, unknown>> {
      let row: Record<string, unknown> | null = null;
      await expect
        .poll(
          async () => {
            const said = await graphql<{ usageEvent: Record<string, unknown> | null }>(
              `query ($id: ID!) { usageEvent(callId: $id) { ${fields} } }`,
              { id: callId },
            );
            row = said.usageEvent;
            return row;
          },
          { timeout: 20_000, interval: 100 },
        )
        .not.toBeNull();
      return row ?? {};
    },
    async close() {
      await Promise.all([...nodes.values(), controlPlane, simulator].map((part) => part.kill("SIGKILL")));
      await redis.close();
      await postgres.close();
      penstock.close();
    },
  };
}

export type QuotaInstallation = Awaited<ReturnType<typeof quotaInstallation>>;
