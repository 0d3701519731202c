/** The links that bring configuration to a node break in every way there is, and the node hears of a change all the same. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Revision } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { controlPlaneConfigFeed } from "../../data-plane/control-plane-client/config-feed.ts";
import { connectControlPlane } from "../../data-plane/control-plane-client/connect.ts";
import { redisConfigFeed } from "../../data-plane/redis/config-feed.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import type { ConfigFeed } from "../../data-plane/snapshot/config-feed.ts";
import { checkPulled, configTrust } from "../../data-plane/snapshot/config-trust.ts";
import { fallbackFeed } from "../../data-plane/snapshot/fallback-feed.ts";
import { type ConfigHistory, configHistory } from "../harness/config-history.ts";
import { startConfigService, type TestConfigService } from "../harness/config-service.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { redisPublisher } from "../harness/redis-publisher.ts";

const logger = pino({ level: "silent" });
const signal = new AbortController().signal;
let redis: TestRedis;
let connections: RedisConnections;
let service: TestConfigService;
let feed: ConfigFeed;
let fromControlPlane: ConfigFeed;
let history: ConfigHistory;
let hints: bigint[];
let linked: number;
const opened: (() => void | Promise<void>)[] = [];

beforeEach(async () => {
  redis = await startRedis();
  service = await startConfigService("pepper");
  connections = connectRedis(redis.url, logger);
  const controlPlane = connectControlPlane({ address: service.address, nodeId: "node-1", pepper: "pepper" });
  history = configHistory();
  fromControlPlane = controlPlaneConfigFeed(controlPlane);
  feed = fallbackFeed([redisConfigFeed(connections), fromControlPlane], configTrust(history.verifier));
  opened.push(
    () => redis.close(),
    () => service.close(),
    () => connections.close(),
    () => controlPlane.close(),
    () => feed.close(),
  );
  hints = [];
  linked = 0;
  await expect.poll(() => connections.config.status, { timeout: 5000 }).toBe("ready");
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const listener = { hint: (revision: Revision) => hints.push(revision.number), linked: () => linked++ };
/** Both planes' ends hold this revision. */
async function publishEverywhere() {
  await redisPublisher(connections.config).publishSnapshot(history.snapshot());
  service.publishSnapshot(history.snapshot());
}
const reached = async (have: Revision | undefined) =>
  checkPulled(configTrust(history.verifier), have, await feed.pull(have, signal))?.number;

it("pulls from Redis where it can, from the control plane where Redis is killed, hung or empty", async () => {
  await publishEverywhere();
  const have = history.revision();
  const delta = history.add("a");
  await redisPublisher(connections.config).publishDelta(delta);
  service.publishDelta(delta);
  expect(await reached(have)).toBe(1n);
  expect(feed.source).toBe("redis");
  await connections.config.flushall();
  expect(await reached(have)).toBe(1n);
  expect(feed.source).toBe("control-plane");
  await redis.kill("SIGKILL");
  expect(await reached(have)).toBe(1n);
  await redis.restart();
  await expect.poll(() => connections.config.status, { timeout: 5000 }).toBe("ready");
  await publishEverywhere();
  expect(await reached(undefined)).toBe(1n);
  expect(feed.source).toBe("redis");
  await redis.kill("SIGSTOP");
  expect(await reached(have)).toBe(1n);
  expect(feed.source).toBe("control-plane");
});

it("turns to the control plane where Redis is behind what was hinted, or was tampered with", async () => {
  await publishEverywhere();
  feed.watch(listener);
  const have = history.revision();
  service.publishDelta(history.add("a"));
  await expect.poll(() => hints.at(-1), { timeout: 2000 }).toBe(1n);
  expect(await reached(have)).toBe(1n);
  const forged = configHistory("epoch-1", 9);
  await redisPublisher(connections.config).publishDelta(forged.add("a"));
  expect(await reached(have)).toBe(1n);
  expect(feed.source).toBe("control-plane");
});

it("says that the link is there again after each reconnect to Redis", async () => {
  const only = redisConfigFeed(connections);
  opened.push(() => only.close());
  only.watch(listener);
  await expect.poll(() => linked, { timeout: 2000 }).toBe(1);
  await redis.restart();
  await expect.poll(() => linked, { timeout: 5000 }).toBe(2);
  await expect.poll(() => connections.config.status, { timeout: 5000 }).toBe("ready");
  await connections.config.call("CLIENT", "KILL", "TYPE", "pubsub");
  await expect.poll(() => linked, { timeout: 5000 }).toBe(3);
  await redisPublisher(connections.config).hint(history.revision());
  await expect.poll(() => hints.length, { timeout: 1000 }).toBe(1);
});

it("destroys a link to Redis over which nothing comes, and makes a new one", async () => {
  const only = redisConfigFeed(connections);
  opened.push(() => only.close());
  only.watch(listener);
  await expect.poll(() => linked, { timeout: 2000 }).toBe(1);
  const began = performance.now();
  await expect.poll(() => linked, { timeout: 6000 }).toBe(2);
  expect(performance.now() - began).toBeGreaterThan(2000);
});

it("opens the control plane's stream again when it is silent, and when the control plane comes back", async () => {
  service.publishSnapshot(history.snapshot());
  fromControlPlane.watch(listener);
  await expect.poll(() => linked, { timeout: 2000 }).toBe(1);
  service.mute(true);
  await expect.poll(() => service.watchers, { timeout: 6000 }).toBe(0);
  service.mute(false);
  await expect.poll(() => linked, { timeout: 6000 }).toBe(2);
  const { port } = service;
  await service.close();
  service = await startConfigService("pepper", port);
  service.publishSnapshot(history.snapshot());
  await expect.poll(() => linked, { timeout: 8000 }).toBe(3);
});
