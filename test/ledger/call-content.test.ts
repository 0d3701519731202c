/** What was said stands once, behind the wall, in the day of its call, and is gone on the day that was said when it was kept. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CallContent, CallContentSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { deleteContents, readContents } from "../../control-plane/content/read-content.ts";
import { recordContent } from "../../control-plane/content/record-content.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { keepLedgerDays } from "../../control-plane/usage/keep-ledger.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

const dayMs = 86_400_000;
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("content on %s", (kind) => {
  let database: Database;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    const databaseUrl = kind === "PostgreSQL" ? await postgres.createDatabase() : undefined;
    database = await openDatabase({ databaseUrl, dataDir: directory.path }, openLogger("silent"));
  });
  afterAll(async () => {
    await database.close();
    await directory.remove();
  });

  const [ours, theirs] = [v7(), v7()];
  const said = (ageDays: number, fields: Partial<CallContent> = {}) => {
    const atMs = Date.now() - ageDays * dayMs;
    return create(CallContentSchema, {
      callId: v7({ msecs: atMs }),
      organisationId: ours,
      startedAt: timestampFromMs(atMs),
      retentionDays: 10,
      request: '{"model":"chat","messages":[]}',
      promptMessages: "",
      answer: '[{"role":"assistant","content":"\\u0000 {a,\\"b\\"}"}]',
      unmapped: ["a,b", '"', "{"],
      ...fields,
    } as Parameters<typeof create<typeof CallContentSchema>>[1]);
  };
  const record = (...contents: CallContent[]) => recordContent(database, contents, Date.now());
  const read = (organisationId: string, ...ids: string[]) => database.tenant(organisationId, (em) => readContents(em, ids));
  const partitions = async () =>
    (
      await database.system((em) =>
        em.execute<{ name: string }[]>(
          "select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'call_content'::regclass",
        ),
      )
    ).map(({ name }) => name);
  const nameOf = (ageDays: number) =>
    `call_content_${new Date(Date.now() - ageDays * dayMs).toISOString().slice(0, 10).replaceAll("-", "")}`;

  it("is kept once, as it was said, and is nobody else's", async () => {
    const one = said(0);
    expect(await record(one, said(0))).toEqual({ recorded: 2, refused: [] });
    expect(await record(create(CallContentSchema, { ...one, answer: "[]" }))).toEqual({ recorded: 0, refused: [] });
    const [content] = await read(ours, one.callId);
    expect(content).toMatchObject({ request: one.request, answer: one.answer, unmapped: one.unmapped, requestCut: false });
    expect((content?.keptUntil.getTime() ?? 0) - (content?.startedAt.getTime() ?? 0)).toBe(10 * dayMs);
    expect(await read(theirs, one.callId)).toEqual([]);
    expect(await database.tenant(theirs, (em) => deleteContents(em, { callIds: [one.callId] }))).toMatchObject({ deleted: 0 });
  });

  it.each([
    ["is of no call", { callId: "x" }],
    ["is of nobody", { organisationId: "" }],
    ["has no time", { startedAt: undefined }],
    ["is to be kept for ever", { retentionDays: 0 }],
    ["is too long", { request: "x".repeat(1024 * 1024) }],
  ])("that %s is refused by itself", async (_, fields) => {
    const good = said(0);
    const outcome = await record(said(0, fields as Partial<CallContent>), good);
    expect([outcome.recorded, outcome.refused.length]).toEqual([1, 1]);
    expect(await read(ours, good.callId)).toHaveLength(1);
  });

  it("that is over before it comes is refused", async () => {
    const late = said(11);
    expect(await record(late)).toEqual({ recorded: 0, refused: [late.callId] });
  });

  it("is not shown past its day, and is dropped then with its day, while others stay", async () => {
    const [short, long] = [said(3, { retentionDays: 5 }), said(6, { retentionDays: 60 })];
    await record(short, long);
    await database.system((em) =>
      em.execute("select make_day_partition('call_content', (current_date - 3)), make_day_partition('call_content', (current_date - 6))"),
    );
    expect(await read(ours, short.callId, long.callId)).toHaveLength(2);
    const { dropped } = await keepLedgerDays(database, { ledgerDays: 0 }, new Date(Date.now() + 3 * dayMs));
    expect(dropped).toContain(nameOf(3));
    expect(dropped).not.toContain(nameOf(6));
    expect(await partitions()).toContain(nameOf(6));
    expect((await read(ours, short.callId, long.callId)).map(({ callId }) => callId)).toEqual([long.callId]);
  });

  it("is deleted before a time", async () => {
    const [old, young] = [said(2), said(0)];
    await record(old, young);
    await database.tenant(ours, (em) => deleteContents(em, { before: new Date(Date.now() - dayMs) }));
    expect((await read(ours, old.callId, young.callId)).map(({ callId }) => callId)).toEqual([young.callId]);
  });
});
