/**
 * One node on several cores: a primary that shares the callers' ports among N workers, each a node of its own with its own data
 * directory (one process, one log). The primary serves health and metrics for all; it does nothing else, so it does not fail.
 */
import cluster, { type Worker } from "node:cluster";
import { join } from "node:path";
import type { Logger } from "pino";
import { AggregatorRegistry } from "prom-client";
import { startOpsServer } from "./edge/ops-server.ts";
import { startDataPlane } from "./main.ts";
import type { DataPlaneSettings } from "./settings.ts";

export interface WorkerPorts {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
}

/** What a worker tells the primary, once it has a configuration. */
interface WorkerReady {
  readonly event: "worker-ready";
  readonly restPort: number;
  readonly grpcPort: number;
}

/** A worker that dies is started again after this, in milliseconds. */
const restartMs = 500;

/**
 * In the primary: forks the workers; `onReady` is called once all are. In a worker: starts its node and returns undefined.
 * @throws Error as startDataPlane, in a worker.
 */
export async function startWorkers(
  count: number,
  settings: DataPlaneSettings,
  logger: Logger,
  onReady: (ports: WorkerPorts) => void,
): Promise<{ close(): Promise<void> } | undefined> {
  if (cluster.worker !== undefined) {
    await runWorker(cluster.worker, settings, logger);
    return undefined;
  }
  const registry = new AggregatorRegistry();
  const ready = new Map<number, WorkerReady>();
  let closing = false;
  let announced = false;
  const ops = await startOpsServer(
    { host: settings.host, port: settings.opsPort },
    {
      ready: () => ({
        ready: ready.size === count && !closing,
        reason: closing ? "draining" : ready.size === count ? "" : `${ready.size} of ${count} workers are ready`,
        details: { workers: count },
      }),
      metrics: async () => ({ contentType: registry.contentType, text: await registry.clusterMetrics() }),
    },
  );
  const fork = (index: number) => {
    const worker = cluster.fork({ PENSTOCK_WORKER: String(index) });
    worker.on("message", (message: WorkerReady) => {
      if (message.event !== "worker-ready") return;
      ready.set(index, message);
      if (ready.size < count || announced) return;
      announced = true;
      onReady({ restPort: message.restPort, grpcPort: message.grpcPort, opsPort: ops.port });
    });
    worker.on("exit", (code) => {
      ready.delete(index);
      if (closing) return;
      // Before the first was ready nothing works yet: a mistake in the settings would only be repeated.
      if (!announced) process.exit(code || 1);
      logger.error({ worker: index, code }, "a worker ended; another takes its place");
      setTimeout(fork, restartMs, index);
    });
  };
  for (let index = 0; index < count; index++) fork(index);
  return {
    async close() {
      closing = true;
      const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve).process.kill("SIGTERM"))));
      await ops.close();
    },
  };
}

async function runWorker(worker: Worker, settings: DataPlaneSettings, logger: Logger): Promise<void> {
  const index = process.env["PENSTOCK_WORKER"] ?? "0";
  const own = { nodeName: `${settings.nodeName}/${index}`, dataDirectory: join(settings.dataDirectory, `worker-${index}`), opsPort: 0 };
  const node = await startDataPlane({ ...settings, ...own }, logger);
  // Answers the primary's question for metrics; it asks by a message that only this class knows.
  AggregatorRegistry.setRegistries(node.metrics);
  new AggregatorRegistry();
  const close = () => {
    node.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", close);
  // Ctrl-C reaches the whole group; the primary passes on what is to be done.
  process.on("SIGINT", () => {});
  await node.ready;
  worker.send({ event: "worker-ready", restPort: node.restPort, grpcPort: node.grpcPort } satisfies WorkerReady);
}
