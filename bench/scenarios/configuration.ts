/** How fast a change reaches twenty nodes, and what a configuration of 100,000 keys and 10,000 routes costs a node. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Redis } from "ioredis";
import { v7 } from "uuid";
import { ApiKeySchema, BackendSchema, RouteSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { applyConfig } from "../../data-plane/snapshot/apply-config.ts";
import { configTrust } from "../../data-plane/snapshot/config-trust.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";
import { configHistory } from "../../test/harness/config-history.ts";
import type { ResourceInit } from "../../test/harness/node.ts";
import { startProcess } from "../../test/harness/planes.ts";
import { startRedis } from "../../test/harness/redis.ts";
import { redisPublisher } from "../../test/harness/redis-publisher.ts";
import { residentBytes } from "../process-account.ts";
import { startScript } from "../processes.ts";
import type { Scenario, Table } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { quantilesOf, spreadOf } from "../statistics.ts";

const nodes = 20;
const edits = 50;
const keyCounts = [1000, 10_000, 100_000];
const changes = 200;
/** Nobody listens there: these nodes have their configuration from Redis alone. */
const nowhere = "127.0.0.1:9";

export const configuration: Scenario = {
  name: "configuration",
  title: "Configuration: propagation, and cost against size",
  quick: false,
  run: async (stage) => {
    const { table, p99 } = await propagation(stage);
    const sizes = await costAgainstSize(stage);
    return {
      tables: [table, sizes.table],
      budgets: [
        { what: `edit to applied on ${nodes} nodes, p99, milliseconds`, value: p99, limit: 250, kind: "at-most" },
        { what: "start with 100,000 keys and 10,000 routes, seconds", value: sizes.startSeconds, limit: 2, kind: "at-most" },
        { what: "one-key change with 100,000 keys, milliseconds of event loop", value: sizes.changeMs, limit: 5, kind: "at-most" },
      ],
      plots: [],
    };
  },
};

interface Acknowledged {
  readonly apiKey: { readonly id: string };
  readonly propagation: readonly { readonly applied: boolean; readonly waitedMs: number; readonly refusedReason: string | null }[];
}

/** Keys are made and revoked in turn; each mutation answers with how long after its commit each node said that it serves it. */
async function propagation(stage: Stage): Promise<{ table: Table; p99: number }> {
  const { graphql, nodeEnvironment } = stage.gateway;
  const directory = mkdtempSync(join(tmpdir(), "penstock-bench-nodes-"));
  const process_ = await startScript("many-nodes.ts", [String(nodes), directory], nodeEnvironment);
  try {
    const { projects } = await graphql<{ projects: { edges: { node: { id: string } }[] } }>(
      `{ projects(first: 1) { edges { node { id } } } }`,
    );
    const projectId = projects.edges[0]?.node.id;
    const waits: number[] = [];
    const slowest: number[] = [];
    const wholes: number[] = [];
    const note = (startedAtMs: number, { propagation: nodesSaid }: Acknowledged) => {
      if (nodesSaid.length < nodes || nodesSaid.some(({ applied }) => !applied))
        throw new Error(`a change did not reach every node: ${JSON.stringify(nodesSaid)}`);
      wholes.push(performance.now() - startedAtMs);
      const times = nodesSaid.map(({ waitedMs }) => waitedMs);
      waits.push(...times);
      slowest.push(Math.max(...times));
    };
    for (let edit = 0; edit < edits / 2; edit++) {
      const madeAtMs = performance.now();
      const { createApiKey } = await graphql<{ createApiKey: Acknowledged }>(
        `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input, waitForPropagation: true) { __typename ... on CreateApiKeyPayload { apiKey { id } propagation { applied waitedMs refusedReason } } ... on UserError { message } } }`,
        { input: { name: `bench-${edit}`, projectId } },
      );
      note(madeAtMs, createApiKey);
      const revokedAtMs = performance.now();
      const { revokeApiKey } = await graphql<{ revokeApiKey: Acknowledged }>(
        `mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input, waitForPropagation: true) { __typename ... on RevokeApiKeyPayload { apiKey { id } propagation { applied waitedMs refusedReason } } ... on UserError { message } } }`,
        { input: { id: createApiKey.apiKey.id } },
      );
      note(revokedAtMs, revokeApiKey);
    }
    const rows = [
      ["each node, from commit to the control plane's hearing of it", waits],
      ["the slowest of the nodes", slowest],
      ["the whole mutation, as its caller sees it", wholes],
    ] as const;
    const p99 = quantilesOf(waits).p99;
    stage.say(`  propagation p99 ${p99.toFixed(0)} ms`);
    return {
      p99,
      table: {
        title: `An edit on ${nodes} nodes`,
        columns: ["", "p50 ms", "p90 ms", "p99 ms", "max ms"],
        rows: rows.map(([name, values]) => {
          const { p50, p90, p99: high, max } = quantilesOf(values);
          return [name, ...[p50, p90, high, max].map((value) => value.toFixed(0))];
        }),
        note: `${edits} edits over GraphQL, ${stage.gateway.database}, Redis; ${nodes} whole nodes in one process beside the one under load. Hints were not lost; that bound is the poll's.`,
      },
    };
  } finally {
    await process_.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function costAgainstSize(stage: Stage): Promise<{ table: Table; startSeconds: number; changeMs: number }> {
  const rows: string[][] = [];
  let startSeconds = 0;
  let changeMs = 0;
  for (const keys of keyCounts) {
    const { history, key } = historyOf(keys, keys / 10);
    const starts = await timeStarts(history);
    const trust = configTrust(history.verifier);
    const builder = {
      build: buildRuntimeSnapshot,
      withDelta: (current: RuntimeSnapshot, ...change: Parameters<RuntimeSnapshot["withDelta"]>) => current.withDelta(...change),
    };
    let applied = applyConfig<RuntimeSnapshot>(undefined, { snapshot: history.snapshot(), deltas: [] }, trust, builder);
    const times: number[] = [];
    for (let change = 0; change < changes; change++) {
      const delta = history.change([
        { resource: { case: "apiKey", value: create(ApiKeySchema, { ...key, revokedAtMs: BigInt(change + 1) }) } },
      ]);
      const startedAtMs = performance.now();
      applied = applyConfig(applied, { snapshot: undefined, deltas: [delta] }, trust, builder);
      times.push(performance.now() - startedAtMs);
    }
    if (applied?.runtime.apiKey(key.publicId)?.revokedAtMs !== BigInt(changes)) throw new Error("a change was not applied");
    startSeconds = starts.firstMs / 1000;
    changeMs = quantilesOf(times).p99;
    stage.say(`  ${keys} keys: start ${starts.firstMs.toFixed(0)} ms, change p99 ${changeMs.toFixed(2)} ms`);
    rows.push([
      `${keys} keys, ${keys / 10} routes`,
      (starts.snapshotBytes / 1e6).toFixed(1),
      starts.firstMs.toFixed(0),
      starts.againMs.toFixed(0),
      spreadOf(times).median.toFixed(2),
      changeMs.toFixed(2),
      (starts.residentBytes / 1e6).toFixed(0),
    ]);
  }
  return {
    startSeconds,
    changeMs,
    table: {
      title: "Cost against size",
      columns: ["", "snapshot MB", "start, pulled ms", "start, from disk ms", "one-key change p50 ms", "p99 ms", "node's memory MB"],
      rows,
      note: `Start: from the process's start to its ready line, the runtime's own start included. Change: verifying, decoding, building and swapping of one delta on the event loop, ${changes} times; storing it is not on the event loop.`,
    },
  };
}

function historyOf(keys: number, routes: number) {
  const history = configHistory();
  const [organisationId, projectId, providerId, backendId] = [v7(), v7(), v7(), v7()];
  const apiKeyOf = (index: number) =>
    create(ApiKeySchema, { id: v7(), organisationId, projectId, publicId: index.toString(36).padStart(12, "0"), hash: randomBytes(32) });
  const key = apiKeyOf(0);
  const resources: ResourceInit[] = [
    { case: "organisation", value: { id: organisationId, key: "large" } },
    { case: "project", value: { id: projectId, organisationId, key: "default" } },
    {
      case: "provider",
      value: {
        id: providerId,
        organisationId,
        key: "none",
        kind: "openai-compatible",
        baseUrl: "http://127.0.0.1:9/v1",
        privateAddressAllowed: true,
      },
    },
    { case: "backend", value: create(BackendSchema, { id: backendId, organisationId, key: "backend", providerId, model: "none" }) },
    ...Array.from({ length: routes }, (_, index) => ({
      case: "route" as const,
      value: create(RouteSchema, { id: v7(), organisationId, name: `route-${index}`, tiers: [{ targets: [{ backendId, weight: 1 }] }] }),
    })),
    { case: "apiKey", value: key },
    ...Array.from({ length: keys - 1 }, (_, index) => ({ case: "apiKey" as const, value: apiKeyOf(index + 1) })),
  ];
  history.change(resources.map((resource) => ({ resource })));
  return { history, key };
}

/** A real node with a Redis of its own, first on what stands there, then again on what it has on its disk. */
async function timeStarts(history: ReturnType<typeof configHistory>) {
  const redis = await startRedis();
  const connection = new Redis(redis.url);
  const snapshot = history.snapshot();
  await redisPublisher(connection).publishSnapshot(snapshot);
  const directory = mkdtempSync(join(tmpdir(), "penstock-bench-size-"));
  const environment = {
    NODE_ENV: "production",
    PENSTOCK_PEPPER: "05".repeat(32),
    PENSTOCK_SEALING_KEY: "05".repeat(32),
    // That of configHistory().
    PENSTOCK_SIGNING_KEY: "07".repeat(32),
    PENSTOCK_REDIS_URL: redis.url,
    PENSTOCK_CONFIG_ADDRESS: nowhere,
    PENSTOCK_DATA_DIR: directory,
    PENSTOCK_REST_PORT: "0",
    PENSTOCK_GRPC_PORT: "0",
    PENSTOCK_OPS_PORT: "0",
    PENSTOCK_DRAIN_MS: "0",
  };
  const timed = async () => {
    const startedAtMs = performance.now();
    const node = await startProcess(["data-plane"], environment);
    return { node, tookMs: performance.now() - startedAtMs };
  };
  try {
    const first = await timed();
    const memory = residentBytes(first.node.pid);
    // Closing waits until the snapshot is on the disk.
    await first.node.kill("SIGTERM");
    const again = await timed();
    await again.node.kill("SIGTERM");
    return { snapshotBytes: snapshot.payload.length, firstMs: first.tookMs, againMs: again.tookMs, residentBytes: memory };
  } finally {
    connection.disconnect();
    await redis.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
