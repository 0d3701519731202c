/** What is promised of usage records between Redis and the ledger: each one once, whatever dies on the way. */
import { create, toBinary } from "@bufbuild/protobuf";
import { Redis } from "ioredis";
import { v7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { usageDeadLetterKey, usageGroup, usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import { framesOf } from "#agreements/usage-frames.ts";
import {
  FeedbackEventSchema,
  Outcome,
  type UsageEvent,
  UsageEventSchema,
  UsageRecordSchema,
} from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { openUsageQueue } from "../../control-plane/redis/usage-queue.ts";
import { localCallFeed } from "../../control-plane/usage/call-feed.ts";
import { consumeUsage } from "../../control-plane/usage/consume-events.ts";
import { type CallFilter, findCalls, type UsagePage, usageEntry } from "../../control-plane/usage/read-usage.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import type { QueuedRecord } from "../../control-plane/usage/usage-queue.ts";
import { partsOf, watermarks } from "../../control-plane/usage/watermarks.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

const logger = openLogger("silent");
const organisationId = v7();
let postgres: PostgresServer;
let redisServer: TestRedis;
let redis: Redis;
let database: Database;

beforeAll(async () => {
  [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  redis = new Redis(redisServer.url, { protocol: 2, retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on("error", () => {});
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([postgres.close(), redisServer.close()]);
});
beforeEach(async () => {
  await redis.flushall();
  database = await openDatabase({ databaseUrl: await postgres.createDatabase(), dataDir: "" }, logger);
});
afterEach(() => database.close());

const event = (fields: Partial<UsageEvent> = {}): UsageEvent =>
  create(UsageEventSchema, {
    callId: v7(),
    nodeId: "n1",
    organisationId,
    startedAt: { seconds: 1_800_000_000n, nanos: 123_456_000 },
    routeName: "demo-chat",
    outcome: Outcome.OK,
    durationMs: 12,
    ...fields,
  } as Parameters<typeof create<typeof UsageEventSchema>>[1]);
const bytesOf = (value: UsageEvent) =>
  Buffer.from(toBinary(UsageRecordSchema, create(UsageRecordSchema, { record: { case: "usage", value } })));
const send = (log: string, sequence: number, record: Buffer) => sendFrames(log, BigInt(sequence), [record]);
const sendFrames = (log: string, first: bigint, records: readonly Buffer[]) =>
  redis.xadd(usageStreamKey, "*", "node", log, "frames", framesOf(first, records).bytes);
const sendMany = async (log: string, from: number, count: number, inOneEntry = 1) => {
  for (let index = 0; index < count; index += inOneEntry) {
    const records = Array.from({ length: Math.min(inOneEntry, count - index) }, () => bytesOf(event()));
    await sendFrames(log, BigInt(from + index), records);
  }
};
const rowCount = async () => {
  const [row] = await database.system((em) => em.execute<{ count: string }[]>("select count(*)::text as count from usage_event"));
  return Number(row?.count);
};
const watermark = (log: string) => redis.hget(usageWatermarkKey, log);
const pending = async () => Number(((await redis.xpending(usageStreamKey, usageGroup)) as unknown[])[0]);

function consume(idleBeforeClaimMs?: number) {
  const consumer = consumeUsage(
    openUsageQueue(redisServer.url, logger, idleBeforeClaimMs === undefined ? {} : { idleBeforeClaimMs }),
    database,
    localCallFeed(),
    logger,
  );
  onTestFinished(() => consumer.close());
  return consumer;
}

describe("from Redis to the ledger", () => {
  it("writes each record once, advances the watermark, acknowledges and trims", async () => {
    await sendMany("log-a", 1, 1200, 70);
    await sendMany("log-b", 1, 3);
    consume();
    await expect.poll(rowCount, { timeout: 15_000 }).toBe(1203);
    await expect.poll(() => watermark("log-a")).toBe("1200");
    expect(await watermark("log-b")).toBe("3");
    await expect.poll(pending).toBe(0);
    await expect.poll(() => redis.xlen(usageStreamKey), { timeout: 8000 }).toBeLessThanOrEqual(1);
  });

  it("takes a record that comes again for the one it has", async () => {
    const record = bytesOf(event());
    await send("log-a", 1, record);
    await send("log-a", 1, record);
    await send("log-a", 2, bytesOf(event()));
    await send("log-a", 1, record);
    consume();
    await expect.poll(() => watermark("log-a"), { timeout: 5000 }).toBe("2");
    expect(await rowCount()).toBe(2);
    await expect.poll(pending).toBe(0);
  });

  it("writes what a consumer that died had taken and not acknowledged", async () => {
    await sendMany("log-a", 1, 10);
    await redis.xgroup("CREATE", usageStreamKey, usageGroup, "0");
    await redis.xreadgroup("GROUP", usageGroup, "one that died", "COUNT", 6, "STREAMS", usageStreamKey, ">");
    consume(300);
    // Four follow the six that are missing: their node must not forget those.
    await expect.poll(rowCount, { timeout: 5000 }).toBe(4);
    expect(await watermark("log-a")).toBeNull();
    await expect.poll(rowCount, { timeout: 15_000 }).toBe(10);
    await expect.poll(() => watermark("log-a"), { timeout: 5000 }).toBe("10");
    await expect.poll(pending).toBe(0);
  });

  it("gives at once what was on its way when the link broke", async () => {
    const proxy = await startTcpProxy(Number(new URL(redisServer.url).port));
    const queue = openUsageQueue(`redis://127.0.0.1:${proxy.port}`, logger);
    onTestFinished(async () => {
      await queue.close();
      await proxy.close();
    });
    await expect.poll(() => queue.ready()).toBe(true);
    expect(await queue.read(10)).toEqual([]);
    const cut = queue.read(10);
    proxy.dropReplies(1);
    await send("log-a", 1, bytesOf(event()));
    await expect(cut).rejects.toThrow();
    expect(await pending()).toBe(1);
    await expect.poll(() => queue.ready()).toBe(true);
    expect(await queue.read(10)).toMatchObject([{ log: "log-a", sequence: 1n, deliveries: 2 }]);
  });

  it("puts what can never be written among the dead letters and goes on", async () => {
    await send("log-a", 1, bytesOf(event()));
    await send("log-a", 2, Buffer.from("not a record"));
    await send("log-a", 3, bytesOf(event({ callId: "not a uuid" })));
    await send("log-a", 4, bytesOf(event()));
    consume();
    await expect.poll(() => watermark("log-a"), { timeout: 5000 }).toBe("4");
    expect(await rowCount()).toBe(2);
    const letters = await redis.xrange(usageDeadLetterKey, "-", "+");
    expect(letters.map(([, fields]) => fields?.[5])).toEqual(["2", "3"]);
    await expect.poll(pending).toBe(0);
  });

  it("puts a record among the dead letters that was given out more than five times", async () => {
    await sendMany("log-a", 1, 1);
    await redis.xgroup("CREATE", usageStreamKey, usageGroup, "0");
    await redis.xreadgroup("GROUP", usageGroup, "one that dies", "COUNT", 1, "STREAMS", usageStreamKey, ">");
    for (let death = 0; death < 4; death++) await redis.xautoclaim(usageStreamKey, usageGroup, `dies ${death}`, 0, "0");
    // The sixth time it is ours.
    await redis.xautoclaim(usageStreamKey, usageGroup, "dies too", 0, "0");
    consume(0);
    await expect.poll(() => redis.xlen(usageDeadLetterKey), { timeout: 5000 }).toBe(1);
    expect(await rowCount()).toBe(0);
    expect(await watermark("log-a")).toBe("1");
  });

  it("takes a delivery apart that was given out more than five times, and keeps its good records", async () => {
    await sendFrames("log-a", 1n, [bytesOf(event()), Buffer.from("not a record"), bytesOf(event())]);
    await redis.xgroup("CREATE", usageStreamKey, usageGroup, "0");
    await redis.xreadgroup("GROUP", usageGroup, "one that dies", "COUNT", 1, "STREAMS", usageStreamKey, ">");
    for (let death = 0; death < 4; death++) await redis.xautoclaim(usageStreamKey, usageGroup, `dies ${death}`, 0, "0");
    consume(0);
    await expect.poll(() => watermark("log-a"), { timeout: 15_000 }).toBe("3");
    expect(await rowCount()).toBe(2);
    expect(await redis.xlen(usageDeadLetterKey)).toBe(1);
    await expect.poll(pending).toBe(0);
  });

  it("puts what is not whole frames among the dead letters", async () => {
    const { bytes } = framesOf(1n, [bytesOf(event()), bytesOf(event())]);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await redis.xadd(usageStreamKey, "*", "node", "log-a", "frames", bytes);
    consume();
    await expect.poll(() => redis.xlen(usageDeadLetterKey), { timeout: 5000 }).toBe(1);
    expect(await rowCount()).toBe(1);
    await expect.poll(pending).toBe(0);
  });

  it("goes on after FLUSHALL and after Redis came back empty", async () => {
    consume();
    await sendMany("log-a", 1, 5);
    await expect.poll(rowCount, { timeout: 5000 }).toBe(5);
    await redis.flushall();
    // As a node does that knows its watermark (data-plane/redis/usage-stream.ts).
    await redis.hsetnx(usageWatermarkKey, "log-a", "5");
    await sendMany("log-a", 6, 5);
    await expect.poll(rowCount, { timeout: 5000 }).toBe(10);
    await expect.poll(() => watermark("log-a")).toBe("10");
    await redisServer.restart();
    await redis.hsetnx(usageWatermarkKey, "log-a", "10");
    await sendMany("log-a", 11, 5);
    await expect.poll(rowCount, { timeout: 10_000 }).toBe(15);
    await expect.poll(() => watermark("log-a")).toBe("15");
  });

  it("acknowledges nothing while the database is down, and loses nothing", async () => {
    consume();
    await sendMany("log-a", 1, 2);
    await expect.poll(rowCount, { timeout: 5000 }).toBe(2);
    postgres.kill("SIGQUIT");
    await sendMany("log-a", 3, 20);
    await expect.poll(pending, { timeout: 5000 }).toBeGreaterThan(0);
    expect(await watermark("log-a")).toBe("2");
    await postgres.restart();
    await expect.poll(() => watermark("log-a"), { timeout: 15_000 }).toBe("22");
    expect(await rowCount()).toBe(22);
    await expect.poll(pending).toBe(0);
  });
});

describe("the ledger", () => {
  it("keeps every field, and what is not known as null", async () => {
    const known = event({
      streamed: true,
      attempts: [{ backendId: "b", result: "ok", durationMs: 3, httpStatus: 200 }] as UsageEvent["attempts"],
      costNanodollars: 8_999_999_999_999_999n,
      usage: { inputTokens: 5n, outputTokens: 7n, estimated: true } as NonNullable<UsageEvent["usage"]>,
      timeToFirstTokenMs: 0,
      tags: { team: "a\0b" },
      outcome: Outcome.UPSTREAM_ERROR,
    });
    const unknown = event();
    const records = [known, unknown].map((value) => create(UsageRecordSchema, { record: { case: "usage", value } }));
    const feedback = create(UsageRecordSchema, {
      record: {
        case: "feedback",
        value: create(FeedbackEventSchema, {
          feedbackId: v7(),
          callId: known.callId,
          organisationId,
          metric: "helpful",
          recordedAt: { seconds: 1_800_000_001n },
          value: { case: "boolean", value: false },
        }),
      },
    });
    expect(await recordUsage(database, [...records, feedback, feedback])).toMatchObject({ recorded: 3, rejected: [] });
    expect(await usageEntry(database, organisationId, known.callId)).toMatchObject({
      startedAtMicros: 1_800_000_000_123_456n,
      streamed: true,
      attempts: [{ backendId: "b", result: "ok", durationMs: 3, httpStatus: 200 }],
      costNanodollars: 8_999_999_999_999_999n,
      inputTokens: 5n,
      cacheReadTokens: 0n,
      usageEstimated: true,
      timeToFirstTokenMs: 0,
      tags: { team: "a\uFFFDb" },
      outcome: "upstream_error",
    });
    expect(await usageEntry(database, organisationId, unknown.callId)).toMatchObject({
      costNanodollars: null,
      inputTokens: null,
      usageEstimated: null,
      timeToFirstTokenMs: null,
      exposure: null,
    });
    // Another organisation's eyes.
    expect(await usageEntry(database, v7(), known.callId)).toBeUndefined();
  });

  it("is not stopped by one bad record among five hundred", async () => {
    const records = Array.from({ length: 500 }, (_, index) =>
      create(UsageRecordSchema, { record: { case: "usage", value: event(index === 333 ? { organisationId: "nobody" } : {}) } }),
    );
    const { recorded, rejected } = await recordUsage(database, [...records, create(UsageRecordSchema)]);
    expect(recorded).toBe(499);
    expect(rejected.map(({ index }) => index)).toEqual([333, 500]);
  });

  it("is read in pages, also where calls began in the same microsecond, in either direction", async () => {
    const events = Array.from({ length: 25 }, (_, index) =>
      event({
        startedAt: { seconds: 1_800_000_000n + BigInt(Math.floor(index / 5)), nanos: 1000 } as NonNullable<UsageEvent["startedAt"]>,
        ...(index % 5 === 0 ? { costNanodollars: 10n } : {}),
        routeName: index < 20 ? "one" : "two",
      }),
    );
    await recordUsage(
      database,
      events.map((value) => create(UsageRecordSchema, { record: { case: "usage", value } })),
    );
    const entries = async (...asked: [CallFilter, UsagePage]) => (await findCalls(database, organisationId, ...asked)).entries;
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await entries({}, { after, limit: 4, inverted: false });
      seen.push(...page.map(({ callId }) => callId));
      const last = page.at(-1);
      if (last === undefined) break;
      after = `${last.startedAtMicros}.${last.callId}`;
    }
    expect(new Set(seen)).toEqual(new Set(events.map(({ callId }) => callId)));
    expect(seen.length).toBe(25);
    const backwards = await entries({}, { limit: 25, inverted: true });
    expect(backwards.map(({ callId }) => callId).reverse()).toEqual(seen);
    expect(await entries({ route_name: ["two"], outcome: ["ok"] }, { limit: 100, inverted: false })).toHaveLength(5);
  });
});

describe("watermarks", () => {
  const record = (log: string, sequence: bigint): QueuedRecord => ({
    id: "1-0",
    log,
    sequence,
    record: new Uint8Array(),
    deliveries: 1,
    alone: true,
  });

  it("join what follows on and keep apart what does not", () => {
    expect(partsOf([record("b", 7n), record("a", 3n), record("a", 1n), record("a", 2n), record("a", 9n)], 0)).toEqual([
      { log: "a", from: 1n, to: 3n, doneAtMs: 0 },
      { log: "a", from: 9n, to: 9n, doneAtMs: 0 },
      { log: "b", from: 7n, to: 7n, doneAtMs: 0 },
    ]);
  });

  it("wait for what another control plane has in hand", async () => {
    let at = 0n;
    const advance = async (_log: string, from: bigint, to: bigint) => {
      if (from <= at + 1n && to > at) at = to;
      return at;
    };
    const marks = watermarks({ advance });
    await marks.done([record("a", 4n), record("a", 5n)]);
    expect(at).toBe(0n);
    at = 3n;
    await marks.retry();
    expect(at).toBe(5n);
  });
});
