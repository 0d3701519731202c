/** What a node is promised by ConfigService: deltas where they suffice, the whole where they do not, and hints. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { nodeToken } from "#agreements/node-token.ts";
import { revisionHash, signerOf } from "#agreements/signature.ts";
import { ConfigService } from "#proto/penstock/config/v1/config_service_pb.ts";
import { NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { DeltaSchema, RevisionSchema, SnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { UsageEventSchema, UsageRecordSchema, UsageService } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { type Distribution, startDistribution } from "../../control-plane/distribution.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { type CommittedSignal, committedSignal } from "../../control-plane/services.ts";
import { readControlPlaneSettings } from "../../control-plane/settings.ts";
import { snapshotBytes } from "../../control-plane/snapshot/snapshot-bytes.ts";
import { type Connection, connectGrpc } from "../../proto/transport/grpc-client.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { type ConfigWriter, configWriter } from "./config-writer.ts";

const logger = openLogger("silent");
const key = "07".repeat(32);
const signer = signerOf(Buffer.from(key, "hex"));
const pepper = "a pepper for tests";
let postgres: PostgresServer;
let database: Database;
let writer: ConfigWriter;
let committed: CommittedSignal;
let distribution: Distribution;
let connection: Connection;

beforeAll(async () => {
  postgres = await startPostgres();
  const settings = readControlPlaneSettings({
    PENSTOCK_CONTROL_PORT: "0",
    PENSTOCK_CONFIG_PORT: "0",
    PENSTOCK_PEPPER: pepper,
    PENSTOCK_SEALING_KEY: key,
    PENSTOCK_SIGNING_KEY: key,
    PENSTOCK_DATABASE_URL: await postgres.createDatabase(),
  });
  database = await openDatabase(settings, logger);
  writer = await configWriter(database, signer);
  committed = committedSignal(logger);
  await writer.commitMany(3);
  distribution = await startDistribution({ settings, logger, database, signer, committed });
  connection = connectGrpc(`127.0.0.1:${distribution.configPort}`);
});
afterAll(async () => {
  connection.close();
  await distribution.close();
  await database.close();
  await postgres.close();
});

const asNode = (timeoutMs = 5000) => ({
  signal: new AbortController().signal,
  timeoutMs,
  metadata: { authorization: `Bearer ${nodeToken(pepper)}` },
});
const config = () => connection.client(ConfigService);
const pull = (have?: ReturnType<typeof revisionOf>) =>
  config().pullConfig({ nodeId: "n1", ...(have === undefined ? {} : { have }) }, asNode());
const revisionOf = (epoch: string, number: bigint, hash: Uint8Array) => create(RevisionSchema, { epoch, number, hash });

const commit = async () => {
  const revision = await writer.commit();
  committed.notify();
  await expect.poll(() => distribution.propagation.current()?.number, { timeout: 5000 }).toBe(revision.number);
  return revision;
};

describe("configuration over gRPC", () => {
  it("refuses whoever has not the node token", async () => {
    const call = (metadata: Record<string, string>) => config().pullConfig({ nodeId: "n1" }, { ...asNode(), metadata });
    await expect(call({})).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await expect(call({ authorization: "Bearer wrong" })).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    const stream = config().watchConfig({ nodeId: "n1" }, { ...asNode(), metadata: {} });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it("gives a node without configuration a signed snapshot, and the deltas after it", async () => {
    await expect.poll(() => distribution.propagation.current()?.number).toBeGreaterThanOrEqual(3n);
    const newest = await commit();
    const { snapshot, deltas } = await pull();
    if (snapshot === undefined) throw new Error("no snapshot");
    expect(signer.verify("snapshot", snapshot.payload, snapshot.signature)).toBe(true);
    const whole = fromBinary(SnapshotSchema, snapshot.payload);
    let { hash } = whole.revision ?? create(RevisionSchema);
    for (const delta of deltas) hash = revisionHash(hash, delta.payload);
    expect(Buffer.from(hash).toString("hex")).toBe(Buffer.from(newest.hash).toString("hex"));
    expect(whole.resources.length + deltas.length).toBe(Number(newest.number));
  });

  it("gives a node on the chain just what it lacks, and one that has all nothing", async () => {
    const before = await commit();
    const after = await commit();
    const { snapshot, deltas } = await pull(before);
    expect(snapshot).toBeUndefined();
    expect(deltas.map((delta) => fromBinary(DeltaSchema, delta.payload).number)).toEqual([after.number]);
    const nothing = await pull(after);
    expect(nothing.snapshot).toBeUndefined();
    expect(nothing.deltas).toEqual([]);
  });

  it("gives the whole where a node's revision is not on the chain", async () => {
    const { epoch, number, hash } = await commit();
    expect((await pull(revisionOf(epoch, number - 1n, new Uint8Array(32)))).snapshot).toBeDefined();
    expect((await pull(revisionOf(epoch, number, new Uint8Array(32)))).snapshot).toBeDefined();
    expect((await pull(revisionOf(epoch, number + 5n, hash))).snapshot).toBeDefined();
    expect((await pull(revisionOf(v7(), number, hash))).snapshot).toBeDefined();
  });

  it("gives the whole to a node more than a thousand revisions behind", async () => {
    const old = await commit();
    await writer.commitMany(1100);
    const newest = await commit();
    const { snapshot, deltas } = await pull(old);
    expect(snapshot).toBeDefined();
    expect(deltas.length).toBeLessThan(1000);
    const whole = fromBinary(SnapshotSchema, snapshot?.payload ?? new Uint8Array());
    expect((whole.revision?.number ?? 0n) + BigInt(deltas.length)).toBe(newest.number);
  });

  it("hints at once, after each change and each second", async () => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const hinted: bigint[] = [];
    const first = await commit();
    const done = (async () => {
      const stream = config().watchConfig({ nodeId: "n1" }, { ...asNode(Number.POSITIVE_INFINITY), signal: controller.signal });
      for await (const { hint } of stream) hinted.push(hint?.revision?.number ?? -1n);
    })().catch(() => {});
    await expect.poll(() => hinted, { timeout: 2000 }).toContain(first.number);
    const second = await commit();
    await expect.poll(() => hinted, { timeout: 500, interval: 5 }).toContain(second.number);
    const heard = hinted.length;
    await expect.poll(() => hinted.length, { timeout: 4000 }).toBeGreaterThanOrEqual(heard + 2);
    controller.abort();
    await done;
  });

  it("writes the ledger once for records that come twice, and says how many were new", async () => {
    const usage = connection.client(UsageService);
    const records = Array.from({ length: 3 }, () =>
      create(UsageRecordSchema, {
        record: {
          case: "usage",
          value: create(UsageEventSchema, { callId: v7(), organisationId: writer.organisationId, startedAt: { seconds: 1_800_000_000n } }),
        },
      }),
    );
    expect((await usage.recordUsage({ nodeId: "n1", records }, asNode())).recorded).toBe(3);
    expect((await usage.recordUsage({ nodeId: "n1", records }, asNode())).recorded).toBe(0);
  });

  it("answers a waiting mutation when each live node has applied or refused the revision", async () => {
    const revision = await commit();
    const report = (nodeId: string, words: object) =>
      config().reportNodeStatus({ status: create(NodeStatusSchema, { nodeId, instanceId: v7(), state: "ready", ...words }) }, asNode());
    const applied = (number: bigint) => ({ applied: { epoch: revision.epoch, number, hash: revision.hash, appliedAtMs: 1n } });
    await report("one", applied(revision.number - 1n));
    await report("two", applied(revision.number - 1n));
    const early = await distribution.propagation.wait(revision, 100);
    expect(early.map(({ nodeId, applied }) => [nodeId, applied])).toEqual([
      ["one", false],
      ["two", false],
    ]);
    const waiting = distribution.propagation.wait(revision, 10_000);
    await report("one", applied(revision.number));
    await report("two", {
      ...applied(revision.number - 1n),
      refused: { epoch: revision.epoch, number: revision.number, reason: "routes[0]: broken" },
    });
    const answers = await waiting;
    expect(answers).toMatchObject([
      { nodeId: "one", applied: true, refusedReason: null },
      { nodeId: "two", applied: false, refusedReason: "routes[0]: broken" },
    ]);
    expect(Math.max(...answers.map(({ waitedMs }) => waitedMs))).toBeLessThan(2000);
    await expect
      .poll(async () => (await distribution.propagation.nodes()).map(({ status: node, live }) => [node.nodeId, node.applied?.number, live]))
      .toEqual([
        ["one", revision.number, true],
        ["two", revision.number - 1n, true],
      ]);
    // The rows, for other control planes, follow at once where a revision changed.
    await expect
      .poll(() =>
        database.system((em) => em.execute("select node_id, applied_number::text as number, refused_reason from node order by node_id")),
      )
      .toEqual([
        { node_id: "one", number: revision.number.toString(), refused_reason: null },
        { node_id: "two", number: (revision.number - 1n).toString(), refused_reason: "routes[0]: broken" },
      ]);
  });

  // Last, because it ends PostgreSQL.
  it("serves nodes while the database is down, and sees what is committed after", async () => {
    const newest = await commit();
    postgres.kill("SIGQUIT");
    const { snapshot } = await pull();
    expect(snapshot).toBeDefined();
    expect((await pull(newest)).deltas).toEqual([]);
    const usage = connection.client(UsageService);
    const record = create(UsageRecordSchema, { record: { case: "usage", value: create(UsageEventSchema, { callId: v7() }) } });
    await expect(usage.recordUsage({ nodeId: "n1", records: [record] }, asNode())).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await postgres.restart();
    // Pooled connections that died with PostgreSQL may fail once more.
    await expect
      .poll(
        () =>
          writer
            .commit()
            .then(({ number }) => number)
            .catch(() => undefined),
        { timeout: 10_000 },
      )
      .toBe(newest.number + 1n);
    await expect.poll(() => distribution.propagation.current()?.number, { timeout: 10_000 }).toBe(newest.number + 1n);
  });
});

describe("the bytes of a snapshot", () => {
  it("are those that the codec would write", () => {
    const revision = create(RevisionSchema, { epoch: v7(), number: 12n, hash: new Uint8Array(32).fill(3) });
    const resources = [1, 2, 3].map((length) => ({
      resource: { case: "project" as const, value: { id: v7(), organisationId: v7(), key: "k".repeat(length * 100) } },
    }));
    const whole = toBinary(SnapshotSchema, create(SnapshotSchema, { revision, createdAtMs: 5n, resources }));
    const encoded = create(SnapshotSchema, { resources }).resources.map((resource) => {
      const bytes = toBinary(SnapshotSchema, create(SnapshotSchema, { resources: [resource] }));
      // Without the tag and the length of the list's entry, which is one or two bytes long here.
      return bytes.subarray(bytes[1] !== undefined && bytes[1] >= 128 ? 3 : 2);
    });
    expect(Buffer.from(snapshotBytes(revision, 5n, encoded)).equals(whole)).toBe(true);
  });
});
