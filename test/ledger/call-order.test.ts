/** The slowest and the dearest calls come in order, each once, whether they are sorted at once or read off an index. */
import fc from "fast-check";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { dimensionNames, dimensionValueOf } from "../../control-plane/usage/cubes.ts";
import { findOrderedCalls, type MeasuredOrder, orderedCursorOf } from "../../control-plane/usage/ordered-calls.ts";
import type { CallFilter } from "../../control-plane/usage/read-usage.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { randomCalls } from "./random-calls.ts";

const dayMs = 86_400_000;
const beginMs = Math.floor(Date.now() / dayMs) * dayMs - 6 * dayMs;
let postgres: PostgresServer;
let services: TestServices;
let graphql: GraphqlClient;
let ours: string;
let events: readonly UsageEvent[];

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  ours = await makeOrganisation(services, "ours");
  graphql = await serveGraphql(services);
  const records = randomCalls({ seed: 5, count: 1200, fromMs: beginMs, untilMs: Date.now(), organisationIds: [ours, ours, v7()] });
  // Many of one value, so that pages end among equals.
  for (const [index, { record }] of records.entries()) if (record.case === "usage" && index % 4 === 0) record.value.durationMs = 300;
  for (let at = 0; at < records.length; at += 400) await recordUsage(services.database, records.slice(at, at + 400));
  events = records.map(({ record }) => record.value as UsageEvent).filter(({ organisationId }) => organisationId === ours);
});
afterAll(async () => {
  await graphql.close();
  await services.close();
  await postgres.close();
});

const startOf = ({ startedAt }: UsageEvent) => Number(startedAt?.seconds) * 1000 + (startedAt?.nanos ?? 0) / 1e6;
const measuredOf = (order: MeasuredOrder, call: UsageEvent) => (order === "slowest" ? BigInt(call.durationMs) : call.costNanodollars);

const ways = { "sorted at once": { sortedMax: 1_000_000, readAtOnce: 1 }, "read off the index": { sortedMax: -1, readAtOnce: 16 } };

const question = fc.record({
  order: fc.constantFrom<MeasuredOrder>("slowest", "dearest"),
  filtered: fc.uniqueArray(fc.constantFrom(...dimensionNames), { maxLength: 2 }),
  pick: fc.nat(700),
  durationMsMin: fc.option(fc.constantFrom(300, 20_000), { nil: undefined, freq: 1 }),
  since: fc.option(fc.integer({ min: 0, max: 6 * 24 * 60 }), { nil: undefined, freq: 2 }),
  limit: fc.constantFrom(7, 100),
});

describe.each(Object.entries(ways))("%s", (_way, bounds) => {
  it("gives those that a look at each of them gives, page after page", async () => {
    let some = 0;
    await fc.assert(
      fc.asyncProperty(question, async ({ order, filtered, pick, since, limit, durationMsMin }) => {
        const meant = events[pick % events.length] as UsageEvent;
        const filter: CallFilter = {
          ...Object.fromEntries(filtered.map((dimension) => [dimension, [dimensionValueOf(dimension, meant)]])),
          durationMsMin,
          since: since === undefined ? undefined : new Date(beginMs + since * 60_000),
        };
        const expected = events
          .filter(
            (call) =>
              filtered.every((dimension) => dimensionValueOf(dimension, call) === dimensionValueOf(dimension, meant)) &&
              call.durationMs >= (durationMsMin ?? 0) &&
              startOf(call) >= (filter.since?.getTime() ?? 0) &&
              measuredOf(order, call) !== undefined,
          )
          .sort(
            (one, other) =>
              Number((measuredOf(order, other) ?? 0n) - (measuredOf(order, one) ?? 0n)) || (one.callId < other.callId ? -1 : 1),
          )
          .map(({ callId }) => callId);
        if (expected.length > 0) some++;
        const found: string[] = [];
        const size = expected.length > 60 ? 100 : limit;
        for (let after: string | undefined; ; ) {
          const { entries, reached } = await findOrderedCalls(services.database, ours, filter, order, { after, limit: size }, bounds);
          found.push(...entries.map(({ callId }) => callId));
          const last = entries.at(-1);
          if (reached === undefined && (last === undefined || entries.length < size)) break;
          after = reached ?? (last === undefined ? undefined : orderedCursorOf(order, last));
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 40, seed: 3 },
    );
    expect(some).toBeGreaterThan(15);
  }, 120_000);
});

const ask = async (args: string) =>
  graphql.ask(
    await tokenFor(services, ours, "viewer"),
    `{ usageEvents(${args}) { edges { cursor node { callId durationMs costNanodollars } } pageInfo { hasNextPage endCursor } } }`,
  );

it("is asked for over GraphQL, and goes on from a page's end", async () => {
  const first = (await ask("first: 5, orderBy: SLOWEST")).data.usageEvents;
  const next = (await ask(`first: 5, orderBy: SLOWEST, after: "${first.pageInfo.endCursor}"`)).data.usageEvents;
  const slowest = events.map(({ durationMs }) => durationMs).sort((one, other) => other - one);
  const durations = [...first.edges, ...next.edges].map((edge: { node: { durationMs: number } }) => edge.node.durationMs);
  expect(durations).toEqual(slowest.slice(0, 10));
});

it.each([
  ["the last of them", "last: 5, orderBy: SLOWEST", /goes with NEWEST alone/],
  [
    "a cursor of another order",
    'first: 5, orderBy: DEAREST, after: "slowest.5.0198c0de-0000-7000-8000-000000000001"',
    /is not a cursor of this order/,
  ],
])("refuses %s", async (_what, args, reason) => {
  const { data, errors } = await ask(args);
  expect([data?.usageEvents ?? null, JSON.stringify(errors)]).toEqual([null, expect.stringMatching(reason)]);
});
