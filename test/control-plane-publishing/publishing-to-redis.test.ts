/** What the publisher promises of Redis: it holds what was committed, in order, whatever happens to it. */
import { fromBinary } from "@bufbuild/protobuf";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { deltaEpochKey, deltaStreamKey, hintChannel, snapshotKey } from "#agreements/redis-names.ts";
import { revisionHash, signerOf } from "#agreements/signature.ts";
import {
  DeltaSchema,
  HintSchema,
  type Revision,
  SignedDeltaSchema,
  SignedSnapshotSchema,
  type Snapshot,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { openConfigChannel } from "../../control-plane/redis/config-channel.ts";
import { committedSignal } from "../../control-plane/services.ts";
import { databaseHistory } from "../../control-plane/snapshot/database-history.ts";
import { publishConfig } from "../../control-plane/snapshot/publish.ts";
import { openSnapshotSource } from "../../control-plane/snapshot/snapshot-source.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { type ConfigWriter, configWriter } from "./config-writer.ts";

const logger = openLogger("silent");
const signer = signerOf(new Uint8Array(32).fill(7));
let postgres: PostgresServer;
let redisServer: TestRedis;
let redis: Redis;
let database: Database;
let writer: ConfigWriter;

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
  writer = await configWriter(database, signer);
});
afterEach(() => database.close());

function startPublisher() {
  const history = databaseHistory(database);
  const source = openSnapshotSource(history, signer);
  const committed = committedSignal(logger);
  const publisher = publishConfig({
    history,
    source,
    channel: openConfigChannel(redisServer.url, logger),
    logger,
    onCommit: committed.onCommit,
    liveNodes: () => 1,
  });
  onTestFinished(() => publisher.close());
  return { source, committed };
}

/** Follows snapshot and deltas as a node does, checking each signature and the chain. */
async function followed(): Promise<{ revision: Revision; resources: number; deltas: readonly bigint[] } | undefined> {
  const [bytes, entries] = await Promise.all([redis.getBuffer(snapshotKey), redis.xrangeBuffer(deltaStreamKey, "-", "+")]);
  if (bytes === null) return undefined;
  const signed = fromBinary(SignedSnapshotSchema, bytes);
  expect(signer.verify("snapshot", signed.payload, signed.signature)).toBe(true);
  const snapshot: Snapshot = fromBinary(SnapshotSchema, signed.payload);
  if (snapshot.revision === undefined) throw new Error("a snapshot without a revision");
  let revision = snapshot.revision;
  let resources = snapshot.resources.length;
  const deltas: bigint[] = [];
  for (const [id, fields] of entries) {
    const signedDelta = fromBinary(SignedDeltaSchema, fields?.[1] ?? new Uint8Array());
    expect(signer.verify("delta", signedDelta.payload, signedDelta.signature)).toBe(true);
    const delta = fromBinary(DeltaSchema, signedDelta.payload);
    expect(id.toString()).toBe(`${delta.number}-0`);
    deltas.push(delta.number);
    if (delta.number <= revision.number) continue;
    expect(delta.number).toBe(revision.number + 1n);
    expect(Buffer.from(delta.previousHash).equals(revision.hash)).toBe(true);
    revision = { ...revision, number: delta.number, hash: revisionHash(delta.previousHash, signedDelta.payload) };
    resources += delta.upserted.length;
  }
  return { revision, resources, deltas };
}

const standsAt = async (revision: Revision, timeout = 5000) => {
  await expect.poll(async () => (await followed())?.revision.number, { timeout, interval: 20 }).toBe(revision.number);
  const state = await followed();
  expect(state === undefined ? "" : Buffer.from(state.revision.hash).toString("hex")).toBe(Buffer.from(revision.hash).toString("hex"));
  expect(state?.resources).toBe(Number(revision.number));
};

const unpublished = async () => {
  const rows = await database.system((em) =>
    em.execute<{ count: string }[]>("select count(*)::text as count from revision where published_at is null"),
  );
  return Number(rows[0]?.count);
};

describe("publishing to Redis", () => {
  it("holds each commit in order, hints at it and takes it off the outbox", async () => {
    const subscriber = new Redis(redisServer.url, { protocol: 2 });
    onTestFinished(() => subscriber.disconnect());
    await subscriber.subscribe(hintChannel);
    const hinted: bigint[] = [];
    subscriber.on("messageBuffer", (_channel: Buffer, bytes: Buffer) => hinted.push(fromBinary(HintSchema, bytes).revision?.number ?? -1n));
    const { committed } = startPublisher();
    for (let index = 0; index < 20; index++) {
      await writer.commit();
      committed.notify();
    }
    const last = await writer.commit();
    const startedAt = Date.now();
    committed.notify();
    await expect.poll(() => hinted.at(-1), { timeout: 5000, interval: 5 }).toBe(last.number);
    // From commit to hint; the budget for the whole way to a node is 250 ms.
    expect(Date.now() - startedAt).toBeLessThan(500);
    await standsAt(last);
    await expect.poll(unpublished).toBe(0);
    expect(hinted).toEqual([...hinted].sort((one, other) => Number(one - other)));
  });

  it("sends a heartbeat each second, with the revision", async () => {
    const last = await writer.commit();
    startPublisher();
    const subscriber = new Redis(redisServer.url, { protocol: 2 });
    onTestFinished(() => subscriber.disconnect());
    await subscriber.subscribe(hintChannel);
    const heard: bigint[] = [];
    subscriber.on("messageBuffer", (_channel: Buffer, bytes: Buffer) => heard.push(fromBinary(HintSchema, bytes).revision?.number ?? -1n));
    await expect.poll(() => heard.length, { timeout: 5000 }).toBeGreaterThanOrEqual(2);
    expect(new Set(heard)).toEqual(new Set([last.number]));
  });

  it("sees commits that nobody told it of, as those of another control plane", async () => {
    startPublisher();
    const last = await writer.commitMany(3);
    await standsAt(last);
  });

  it("publishes each revision once though two publish at the same time", async () => {
    const [one, other] = [startPublisher(), startPublisher()];
    let last = await writer.commit();
    for (let index = 0; index < 30; index++) {
      last = await writer.commit();
      one.committed.notify();
      other.committed.notify();
    }
    await standsAt(last);
    expect((await followed())?.deltas).toEqual(Array.from({ length: 31 }, (_, index) => BigInt(index + 1)));
  });

  it("makes Redis whole within two seconds after FLUSHALL", async () => {
    startPublisher();
    const last = await writer.commitMany(5);
    await standsAt(last);
    await redis.flushall();
    await standsAt(last, 2000);
    expect(await redis.get(deltaEpochKey)).toBe(last.epoch);
  });

  it("makes an empty Redis whole although the database is down", async () => {
    const { source } = startPublisher();
    const last = await writer.commitMany(3);
    await standsAt(last);
    await database.orm.close(true);
    await redis.flushall();
    await standsAt(last, 4000);
    expect(source.current()?.number).toBe(last.number);
  });

  it("goes on when Redis was killed and came back empty", async () => {
    const { source } = startPublisher();
    await standsAt(await writer.commitMany(2));
    await redisServer.kill("SIGKILL");
    const last = await writer.commit();
    // Watchers here are served without Redis.
    await expect.poll(() => source.current()?.number, { timeout: 5000 }).toBe(last.number);
    await redisServer.restart();
    await standsAt(last, 5000);
    await expect.poll(unpublished).toBe(0);
  });

  it("begins anew for another epoch, and for a stream that claims more than was committed", async () => {
    await redis.set(deltaEpochKey, "00000000-0000-7000-8000-000000000000");
    await redis.xadd(deltaStreamKey, "99-0", "delta", "of another epoch");
    const last = await writer.commitMany(2);
    startPublisher();
    await standsAt(last);
    await redis.xadd(deltaStreamKey, "1000000-0", "delta", "not ours");
    await standsAt(last);
    expect((await followed())?.deltas).toEqual([1n, 2n]);
  });

  it("writes a new snapshot after a thousand revisions and keeps a thousand deltas behind it", async () => {
    const { committed } = startPublisher();
    await standsAt(await writer.commitMany(2));
    await writer.commitMany(700);
    committed.notify();
    await standsAt(await writer.commitMany(500));
    await expect
      .poll(
        async () =>
          fromBinary(SnapshotSchema, fromBinary(SignedSnapshotSchema, (await redis.getBuffer(snapshotKey)) ?? new Uint8Array()).payload)
            .revision?.number,
      )
      .toBeGreaterThanOrEqual(1002n);
    await expect.poll(async () => (await followed())?.deltas[0]).toBeGreaterThan(1n);
    expect((await followed())?.deltas.length).toBeGreaterThanOrEqual(1000);
  });
});
