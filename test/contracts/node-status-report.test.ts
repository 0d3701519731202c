/** What every way of reporting a node guarantees: in one process, over Redis, to the control plane. */
import { create, equals, fromBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nodeStatusChannel } from "#agreements/redis-names.ts";
import { type NodeStatus, NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { connectControlPlane } from "../../data-plane/control-plane-client/connect.ts";
import { controlPlaneNodeStatus } from "../../data-plane/control-plane-client/node-status.ts";
import { memoryNodeStatus } from "../../data-plane/memory/node-status.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisNodeStatus } from "../../data-plane/redis/node-status.ts";
import { fallbackNodeStatus } from "../../data-plane/snapshot/fallback-node-status.ts";
import type { NodeStatusReport } from "../../data-plane/snapshot/node-status-report.ts";
import { startConfigService } from "../harness/config-service.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

interface Opened {
  readonly report: NodeStatusReport;
  last(): NodeStatus | undefined;
}

const logger = pino({ level: "silent" });
const signal = new AbortController().signal;
let redis: TestRedis;
const opened: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => redis.close());

const overRedis = async (listening: boolean): Promise<Opened> => {
  const connections = connectRedis(redis.url, logger);
  opened.push(() => connections.close());
  const received: NodeStatus[] = [];
  await expect.poll(() => [connections.config.status, connections.subscriber.status], { timeout: 5000 }).toEqual(["ready", "ready"]);
  connections.subscriber.on("messageBuffer", (_: Buffer, bytes: Buffer) => received.push(fromBinary(NodeStatusSchema, bytes)));
  if (listening) await connections.subscriber.subscribe(nodeStatusChannel);
  return { report: redisNodeStatus(connections), last: () => received.at(-1) };
};

const reports: Record<string, () => Promise<Opened>> = {
  memory: async () => {
    const report = memoryNodeStatus();
    return { report, last: report.last };
  },
  redis: () => overRedis(true),
  "control-plane": async () => {
    const service = await startConfigService("pepper");
    const controlPlane = connectControlPlane({ address: service.address, nodeId: "node-1", pepper: "pepper" });
    opened.push(
      () => service.close(),
      () => controlPlane.close(),
    );
    return { report: controlPlaneNodeStatus(controlPlane), last: () => service.reports.at(-1) };
  },
};

describe.each(Object.entries(reports))("node status report: %s", (_, open) => {
  it("carries a report whole", async () => {
    const { report, last } = await open();
    const status = create(NodeStatusSchema, {
      nodeId: "node-1",
      state: "ready",
      applied: { epoch: "epoch-1", number: 7n, hash: new Uint8Array([1, 2]) },
    });
    await report.report(status, signal);
    await expect.poll(() => equals(NodeStatusSchema, last() ?? create(NodeStatusSchema), status)).toBe(true);
  });
});

it("goes another way where nobody listens on Redis", async () => {
  const deaf = await overRedis(false);
  const heard = memoryNodeStatus();
  await fallbackNodeStatus([deaf.report, heard]).report(create(NodeStatusSchema, { nodeId: "node-1" }), signal);
  expect(heard.last()?.nodeId).toBe("node-1");
});

it("a node with another pepper is refused", async () => {
  const service = await startConfigService("pepper");
  const controlPlane = connectControlPlane({ address: service.address, nodeId: "node-1", pepper: "another" });
  opened.push(
    () => service.close(),
    () => controlPlane.close(),
  );
  await expect(controlPlaneNodeStatus(controlPlane).report(create(NodeStatusSchema), signal)).rejects.toMatchObject({ code: 16 });
});
