/** From the node's disk to the ledger: nothing is lost when the pipe breaks, is emptied or forgets; nothing is kept that is there. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import { readFrames } from "#agreements/usage-frames.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisUsageStream } from "../../data-plane/redis/usage-stream.ts";
import { shipUsage } from "../../data-plane/usage/ship-usage.ts";
import { openUsageLog, type UsageLog } from "../../data-plane/usage/usage-log.ts";
import { memoryUsageStream } from "../harness/memory-usage-stream.ts";
import { startRedis } from "../harness/redis.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

const logger = pino({ level: "silent" });
let directory: TemporaryDirectory;
let log: UsageLog;
const opened: (() => void | Promise<void>)[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
  log = await openUsageLog({ directory: directory.path, nodeId: "node-1", logger });
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  await log.close();
  await directory.remove();
});

const append = (from: number, to: number) => {
  for (let record = from; record <= to; record++) log.append(new TextEncoder().encode(String(record)));
};
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** A ledger's consumer, as far as the node can see one. */
function consumer(connections: RedisConnections) {
  const ledger = new Set<string>();
  return {
    ledger,
    consume: async () => {
      const entries = await connections.config.xrangeBuffer(usageStreamKey, "-", "+");
      const known = Number((await connections.config.hget(usageWatermarkKey, log.name)) ?? 0);
      let watermark = known;
      for (const [, [, name, , bytes]] of entries) {
        expect(String(name)).toBe(log.name);
        for (const { sequence, record } of readFrames(bytes ?? Buffer.alloc(0)).frames) {
          ledger.add(record.toString());
          if (Number(sequence) === watermark + 1) watermark++;
        }
      }
      if (watermark > known) await connections.config.hset(usageWatermarkKey, log.name, watermark);
      return ledger.size;
    },
  };
}
const recordsWaiting = async ({ config }: RedisConnections) =>
  (await config.xrangeBuffer(usageStreamKey, "-", "+")).flatMap(([, fields]) => readFrames(fields[3] ?? Buffer.alloc(0)).frames).length;

async function overRedis(stillMsMax?: number) {
  const redis = await startRedis();
  const connections = connectRedis(redis.url, logger);
  const stream = redisUsageStream({ redis: connections, logName: log.name, confirmed: log.confirmed });
  const shipping = shipUsage({ log, stream, logger, ...(stillMsMax === undefined ? {} : { stillMsMax }) });
  opened.push(
    () => redis.close(),
    () => connections.close(),
    () => shipping.close(0),
  );
  return { redis, connections, ...consumer(connections) };
}

it("ships what is appended and lets go of what the ledger has", async () => {
  const { consume, ledger } = await overRedis();
  append(1, 1200);
  await expect.poll(consume, { timeout: 5000 }).toBe(1200);
  expect([...ledger]).toEqual(numbers(1, 1200));
  await expect.poll(() => log.waiting(), { timeout: 5000 }).toBe(0);
});

it("waits on disk while Redis is killed, and ships all when it is back", async () => {
  const { redis, consume } = await overRedis();
  append(1, 10);
  await expect.poll(consume, { timeout: 5000 }).toBe(10);
  await redis.kill("SIGKILL");
  append(11, 20);
  await redis.restart();
  await expect.poll(() => consume().catch(() => 0), { timeout: 10_000 }).toBe(20);
  await expect.poll(() => consume().then(() => log.waiting()), { timeout: 5000 }).toBe(0);
});

it("sends again what Redis lost before the ledger had it", async () => {
  const { connections, consume } = await overRedis();
  append(1, 10);
  await expect.poll(consume, { timeout: 5000 }).toBe(10);
  await expect.poll(() => log.confirmed(), { timeout: 5000 }).toBe(10n);
  append(11, 20);
  await expect.poll(() => recordsWaiting(connections), { timeout: 5000 }).toBe(20);
  await connections.config.flushall();
  await expect.poll(consume, { timeout: 5000 }).toBe(20);
  await expect.poll(() => consume().then(() => log.confirmed()), { timeout: 5000 }).toBe(20n);
});

it("sends again where nothing is confirmed for long, though nothing seems to be lost", async () => {
  const { connections } = await overRedis(1000);
  append(1, 3);
  await expect.poll(() => recordsWaiting(connections), { timeout: 8000 }).toBeGreaterThanOrEqual(6);
});

it("after a restart sends what the ledger has not", async () => {
  append(1, 30);
  await log.close();
  log = await openUsageLog({ directory: directory.path, nodeId: "node-1", logger });
  await log.confirm(10n);
  const arrived: string[] = [];
  const shipping = shipUsage({
    log,
    logger,
    stream: memoryUsageStream(async (frames) => {
      arrived.push(...frames.map(({ record }) => record.toString()));
    }),
  });
  opened.push(() => shipping.close(0));
  await expect.poll(() => arrived, { timeout: 5000 }).toEqual(numbers(11, 30));
  await expect.poll(() => log.waiting(), { timeout: 5000 }).toBe(0);
});

it("sends in order although sends fail, and drains when it closes", async () => {
  let failures = 3;
  const arrived: string[] = [];
  const shipping = shipUsage({
    log,
    logger,
    stream: memoryUsageStream(async (frames) => {
      if (failures-- > 0) throw new Error("not now");
      arrived.push(...frames.map(({ record }) => record.toString()));
    }),
  });
  append(1, 5);
  await expect.poll(() => arrived.length, { timeout: 5000 }).toBe(5);
  append(6, 9);
  await log.syncedBeyond(8n, 5000, new AbortController().signal);
  await shipping.close(3000);
  expect(arrived).toEqual(numbers(1, 9));
});
