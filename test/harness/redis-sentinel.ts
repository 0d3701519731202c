/** A master, a replica and three sentinels that fail over in about a second, or a cluster of three masters; all real. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startRedis, type TestRedis } from "./redis.ts";

const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
  const deadline = Date.now() + 15_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

async function asked<T>(port: number, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ port, host: "127.0.0.1", lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

export interface SentinelSet {
  readonly url: string;
  readonly master: TestRedis;
  readonly replica: TestRedis;
  close(): Promise<void>;
}

export async function startSentinels(): Promise<SentinelSet> {
  const master = await startRedis();
  const replica = await startRedis({ arguments: ["--replicaof", "127.0.0.1", String(master.port), "--repl-diskless-sync-delay", "0"] });
  await until(
    () => asked(replica.port, async (client) => (await client.info("replication")).includes("master_link_status:up")),
    "replication",
  );
  const directory = await mkdtemp(join(tmpdir(), "penstock-sentinel-"));
  const children: ChildProcess[] = [];
  const ports: number[] = [];
  for (let index = 0; index < 3; index++) {
    // A redis-server that was free a moment ago gives us its port.
    const spare = await startRedis();
    const { port } = spare;
    await spare.close();
    const file = join(directory, `sentinel-${index}.conf`);
    await writeFile(
      file,
      `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsentinel monitor mymaster 127.0.0.1 ${master.port} 2\n` +
        "sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\nsentinel parallel-syncs mymaster 1\n",
    );
    children.push(spawn("redis-sentinel", [file], { stdio: "ignore" }));
    ports.push(port);
  }
  for (const port of ports)
    await until(
      () =>
        asked(port, async (client) => /sentinels=3/.test(await client.info("sentinel")) && /slaves=1/.test(await client.info("sentinel"))),
      "the sentinels' meeting",
    );
  return {
    url: `redis-sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/mymaster`,
    master,
    replica,
    close: async () => {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all([master.close(), replica.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly url: string;
  readonly servers: readonly TestRedis[];
  close(): Promise<void>;
}

const slots = 16_384;

export async function startRedisCluster(): Promise<RedisCluster> {
  const servers: TestRedis[] = [];
  for (let index = 0; index < 3; index++)
    servers.push(await startRedis({ arguments: ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"] }));
  const first = servers[0];
  for (const [index, { port }] of servers.entries())
    await asked(port, async (client) => {
      const from = Math.floor((slots * index) / servers.length);
      await client.call("CLUSTER", "ADDSLOTSRANGE", from, Math.floor((slots * (index + 1)) / servers.length) - 1);
      if (first !== undefined && index > 0) await client.call("CLUSTER", "MEET", "127.0.0.1", first.port);
    });
  for (const { port } of servers)
    await until(
      () =>
        asked(port, async (client) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await client.call("CLUSTER", "INFO")))),
      "the cluster's meeting",
    );
  return {
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    servers,
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
