/** Whatever is asked of the call log, its pages hold those calls and no others, once, in order: sums that lead to them lead past none. */
import fc from "fast-check";
import { v4, v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { dimensionNames, dimensionValueOf } from "../../control-plane/usage/cubes.ts";
import { type CallFilter, cursorOf, findCalls } from "../../control-plane/usage/read-usage.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { randomCalls } from "./random-calls.ts";

const dayMs = 86_400_000;
const ours = v7();
const beginMs = Math.floor(Date.now() / dayMs) * dayMs - 20 * dayMs;
let postgres: PostgresServer;
let database: Database;
let events: readonly UsageEvent[];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await openDatabase({ databaseUrl: await postgres.createDatabase(), dataDir: "" }, openLogger("silent"));
  const records = randomCalls({ seed: 21, count: 1500, fromMs: beginMs, untilMs: Date.now(), organisationIds: [ours, ours, v7()] });
  // Some are named as no node names them, or by a clock that was days off.
  for (const [index, { record }] of records.entries())
    if (record.case === "usage" && index % 50 === 0) record.value.callId = index % 100 === 0 ? v4() : v7({ msecs: beginMs - 3 * dayMs });
  for (let at = 0; at < records.length; at += 400) await recordUsage(database, records.slice(at, at + 400));
  events = records.map(({ record }) => record.value as UsageEvent).filter(({ organisationId }) => organisationId === ours);
});
afterAll(async () => {
  await database.close();
  await postgres.close();
});

const startOf = ({ startedAt }: UsageEvent) => Number(startedAt?.seconds) * 1000 + (startedAt?.nanos ?? 0) / 1e6;
const inOrder = (one: UsageEvent, other: UsageEvent) => startOf(other) - startOf(one) || (one.callId < other.callId ? -1 : 1);

const pagesOf = async (filter: CallFilter, limit: number, inverted: boolean) => {
  const found: string[] = [];
  let cursor: string | undefined;
  for (;;) {
    const side = inverted ? { before: cursor } : { after: cursor };
    const { entries, reached } = await findCalls(database, ours, filter, { ...side, limit, inverted });
    found.push(...entries.map(({ callId }) => callId));
    const last = entries.at(-1);
    if (reached === undefined && (last === undefined || entries.length < limit)) return found;
    cursor = reached ?? (last === undefined ? undefined : cursorOf(last));
  }
};

const question = fc.record({
  filtered: fc.uniqueArray(fc.constantFrom(...dimensionNames), { maxLength: 3 }),
  pick: fc.nat(900),
  tag: fc.option(fc.constantFrom("red", "blue", "", "nobody"), { nil: undefined, freq: 1 }),
  durationMsMin: fc.option(fc.constantFrom(1, 300, 20_000, 150_000, 1_000_000), { nil: undefined, freq: 1 }),
  durationMsMax: fc.option(fc.constantFrom(0, 500, 100_000), { nil: undefined, freq: 1 }),
  costNanodollarsMin: fc.option(fc.constantFrom(1n, 900_000_000n, 2_000_000_000n), { nil: undefined, freq: 1 }),
  since: fc.option(fc.integer({ min: 0, max: 20 * 24 * 60 }), { nil: undefined, freq: 1 }),
  until: fc.option(fc.integer({ min: 0, max: 20 * 24 * 60 }), { nil: undefined, freq: 1 }),
  limit: fc.constantFrom(1, 7, 100),
  inverted: fc.boolean(),
});

it("finds the calls that a look at each of them finds, from either end, whatever the size of a page", async () => {
  let some = 0;
  await fc.assert(
    fc.asyncProperty(question, async ({ filtered, pick, tag, since, until, limit, inverted, ...bounds }) => {
      const meant = events[pick % events.length] as UsageEvent;
      const filter: CallFilter = {
        ...Object.fromEntries(filtered.map((dimension) => [dimension, [dimensionValueOf(dimension, meant)]])),
        ...(tag === undefined ? {} : { tags: [{ name: "team", values: [tag] }] }),
        ...bounds,
        since: since === undefined ? undefined : new Date(beginMs + since * 60_000),
        until: until === undefined ? undefined : new Date(beginMs + until * 60_000),
      };
      const { durationMsMin = 0, durationMsMax = Number.POSITIVE_INFINITY, costNanodollarsMin } = bounds;
      const expected = events
        .filter(
          (call) =>
            filtered.every((dimension) => dimensionValueOf(dimension, call) === dimensionValueOf(dimension, meant)) &&
            (tag === undefined || (call.tags["team"] ?? "") === tag) &&
            call.durationMs >= durationMsMin &&
            call.durationMs <= durationMsMax &&
            (costNanodollarsMin === undefined || (call.costNanodollars ?? -1n) >= costNanodollarsMin) &&
            startOf(call) >= (filter.since?.getTime() ?? 0) &&
            startOf(call) < (filter.until?.getTime() ?? Number.POSITIVE_INFINITY),
        )
        .sort(inOrder)
        .map(({ callId }) => callId);
      if (expected.length > 0) some++;
      // A page of one call at a time of hundreds shows nothing more than of some.
      const size = expected.length > 60 ? 100 : limit;
      expect(await pagesOf(filter, size, inverted)).toEqual(inverted ? expected.toReversed() : expected);
    }),
    { numRuns: 60, seed: 9 },
  );
  expect(some).toBeGreaterThan(15);
}, 120_000);

it("finds a call by its id and by the caller's", async () => {
  const call = events.find(({ requestId }) => requestId !== "") as UsageEvent;
  const byId = await findCalls(database, ours, { callId: [call.callId] }, { limit: 5, inverted: false });
  expect(byId.entries.map(({ callId }) => callId)).toEqual([call.callId]);
  expect(byId.entries[0]?.recordedAt?.getTime()).toBeGreaterThan(Date.now() - 600_000);
  const byRequest = await findCalls(database, ours, { requestId: call.requestId }, { limit: 100, inverted: false });
  expect(byRequest.entries.map(({ requestId }) => requestId)).toEqual(new Array(byRequest.entries.length).fill(call.requestId));
  expect(byRequest.entries.length).toBe(Math.min(100, events.filter(({ requestId }) => requestId === call.requestId).length));
});
