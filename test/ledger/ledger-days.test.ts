/** Each call stands in the ledger once, in the day of its id, and in every sum once: whatever comes twice, late or from nowhere. */
import { create } from "@bufbuild/protobuf";
import { v4, v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Outcome, type UsageEvent, UsageEventSchema, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { keepLedgerDays } from "../../control-plane/usage/keep-ledger.ts";
import { binEdgesMs, binOf, sketchOf } from "../../control-plane/usage/latency-sketch.ts";
import { rebuildRollUps } from "../../control-plane/usage/rebuild-roll-ups.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices } from "../harness/control-plane.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";
import { randomCalls, sumsOf } from "./random-calls.ts";

const logger = openLogger("silent");
const dayMs = 86_400_000;
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("the ledger's days on %s", (kind) => {
  let database: Database;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    const databaseUrl = kind === "PostgreSQL" ? await postgres.createDatabase() : undefined;
    database = await openDatabase({ databaseUrl, dataDir: directory.path }, logger);
  });
  afterAll(async () => {
    await database.close();
    await directory.remove();
  });

  const select = <Row>(statement: string): Promise<Row[]> => database.system((em) => em.execute<Row[]>(statement));
  const organisationId = v7();
  const call = (atMs: number, fields: Partial<UsageEvent> = {}) =>
    create(UsageRecordSchema, {
      record: {
        case: "usage",
        value: create(UsageEventSchema, {
          callId: v7({ msecs: atMs }),
          organisationId,
          startedAt: { seconds: BigInt(Math.floor(atMs / 1000)), nanos: (atMs % 1000) * 1_000_000 },
          outcome: Outcome.OK,
          ...fields,
        } as Parameters<typeof create<typeof UsageEventSchema>>[1]),
      },
    });
  const partitionOf = async (id: string) =>
    (await select<{ name: string }>(`select tableoid::regclass::text as name from usage_event where call_id = '${id}'`)).map(
      ({ name }) => name,
    );
  const idOf = (record: ReturnType<typeof call>) => (record.record.case === "usage" ? record.record.value.callId : "");
  const nameOf = (ms: number) => `usage_event_${new Date(ms).toISOString().slice(0, 10).replaceAll("-", "")}`;

  it("writes a call to the day of its id, and aside where no such day stands", async () => {
    const today = call(Date.now());
    const longAgo = call(Date.now() - 100 * dayMs);
    const otherKind = call(Date.now(), { callId: v4() });
    expect((await recordUsage(database, [today, longAgo, otherKind])).recorded).toBe(3);
    expect(await partitionOf(idOf(today))).toEqual([nameOf(Date.now())]);
    expect(await partitionOf(idOf(longAgo))).toEqual(["usage_event_other"]);
  });

  it("knows a call that comes again with another start", async () => {
    const first = call(Date.now());
    const again = call(Date.now() + 3 * dayMs, { callId: idOf(first).toUpperCase() });
    expect((await recordUsage(database, [first, again])).recorded).toBe(1);
    expect((await recordUsage(database, [again])).recorded).toBe(0);
    expect(await partitionOf(idOf(first))).toHaveLength(1);
  });

  it("makes days ahead, moves there what stood aside, and drops what is older than it is kept", async () => {
    const future = call(Date.now() + 20 * dayMs);
    await recordUsage(database, [future]);
    expect(await partitionOf(idOf(future))).toEqual(["usage_event_other"]);
    await keepLedgerDays(database, { ledgerDays: 400 }, new Date(Date.now() + 15 * dayMs));
    expect(await partitionOf(idOf(future))).toEqual([nameOf(Date.now() + 20 * dayMs)]);
    const before = await select<{ calls: string }>("select sum(calls)::text as calls from usage_day where cube = 1");
    const { dropped } = await keepLedgerDays(database, { ledgerDays: 3 }, new Date(Date.now() + 15 * dayMs));
    expect(dropped).toContain(nameOf(Date.now()));
    expect(dropped).not.toContain(nameOf(Date.now() + 12 * dayMs));
    expect(await partitionOf(idOf(future))).toHaveLength(1);
    expect(await select("select call_id from usage_event")).toHaveLength(1);
    // What bills are made of stays.
    expect(await select("select sum(calls)::text as calls from usage_day where cube = 1")).toEqual(before);
    expect(await select("select 1 from usage_day where cube in (6, 7) and bucket < now()")).toEqual([]);
  });

  it("walls the days it makes", async () => {
    const open = await select(
      "select relname from pg_class where relname ~ '^usage_(event|minute)_' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)",
    );
    expect(open).toEqual([]);
  });

  it("bins latencies as the database does", async () => {
    const samples = [
      0,
      1,
      2,
      11,
      12,
      13,
      4095,
      4096,
      4_000_000,
      9_000_000_000,
      ...binEdgesMs.flatMap((edge) => [edge - 1, edge, edge + 1]),
    ];
    const bins = await select<{ bin: number }>(
      `select latency_bin(ms) as bin from unnest(array[${samples.join(",")}]::bigint[]) with ordinality as given (ms, place) order by place`,
    );
    expect(bins.map(({ bin }) => bin)).toEqual(samples.map(binOf));
    const [entries] = await select<{ hex: string }>("select encode(sketch_entries(7, 200000), 'hex') as hex");
    expect(entries?.hex).toBe(sketchOf(new Array<number>(200_000).fill(7)).toString("hex"));
  });
});

describe("roll-ups", () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase({ databaseUrl: await postgres.createDatabase(), dataDir: "" }, logger);
  });
  afterAll(() => database.close());

  it("come out the same call by call, in any parts and order, twice, late, and made anew from the ledger", async () => {
    const from = Math.floor(Date.now() / dayMs) * dayMs - 2 * dayMs;
    const records = randomCalls({ seed: 7, count: 1200, fromMs: from, untilMs: from + 2 * dayMs, organisationIds: [v7(), v7()] });
    for (let at = 0; at < records.length; at += 300) await recordUsage(database, [...records.slice(at, at + 300), ...records.slice(0, 50)]);
    const incremental = await sumsOf(database);
    expect(incremental.length).toBeGreaterThan(1000);
    await database.system((em) => rebuildRollUps(em, { from: new Date(from), until: new Date(from + 2 * dayMs) }));
    expect(await sumsOf(database)).toEqual(incremental);
  });

  it("have all of a batch or nothing when its transaction dies in the middle", async () => {
    const records = randomCalls({ seed: 8, count: 20, fromMs: Date.now(), untilMs: Date.now() + 1000, organisationIds: [v7()] });
    const before = await sumsOf(database);
    // The last statement of the transaction fails, after rows and minutes were written.
    await database.system((em) => em.execute("alter table usage_day add constraint refused check (calls < 0) not valid"));
    expect((await recordUsage(database, records)).recorded).toBe(0);
    await database.system((em) => em.execute("alter table usage_day drop constraint refused"));
    expect(await sumsOf(database)).toEqual(before);
    expect((await recordUsage(database, records)).recorded).toBe(20);
    expect((await recordUsage(database, records)).recorded).toBe(0);
  });
});

it("the embedded database counts its rows where it is asked to", async () => {
  const services = await openTestServices(undefined);
  onTestFinished(() => services.close());
  const counted = () =>
    services.database.system((em) => em.execute("select reltuples::integer as rows from pg_class where relname = 'organisation'"));
  await makeOrganisation(services, "ours");
  expect(await counted()).toEqual([{ rows: -1 }]);
  await services.database.vacuum();
  expect(await counted()).toEqual([{ rows: 1 }]);
});
