/** The ledger keeps where a call's time went as its node wrote it, and GraphQL says it in stages. */
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CallTimelineSchema, type UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { randomCalls } from "./random-calls.ts";

let postgres: PostgresServer;
let services: TestServices;
let graphql: GraphqlClient;
let ours: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  ours = await makeOrganisation(services, "ours");
  graphql = await serveGraphql(services);
});
afterAll(async () => {
  await graphql.close();
  await services.close();
  await postgres.close();
});

async function timelineOf(bytes: Uint8Array): Promise<unknown> {
  const [record] = randomCalls({
    seed: Math.random() * 1e9,
    count: 1,
    fromMs: Date.now(),
    untilMs: Date.now() + 1,
    organisationIds: [ours],
  });
  if (record?.record.case !== "usage") throw new Error("a call was expected");
  const event: UsageEvent = record.record.value;
  event.timeline = bytes;
  await recordUsage(services.database, [record]);
  const { data } = await graphql.ask(
    await tokenFor(services, ours, "viewer"),
    `query ($id: ID!) { usageEvent(callId: $id) { timeline {
      stages { name fromMs untilMs } attempts { startedMs placedMs sentMs contentMs endedMs }
      pace { firstMs lastMs slotMs pieces longestGapMs longestGapFromMs } } } }`,
    { id: event.callId },
  );
  return data.usageEvent.timeline;
}

it("has stages one after the other, attempts as far as they came, and the pace from the first content on", async () => {
  const written = create(CallTimelineSchema, {
    readUs: 1000,
    decidedUs: 1200,
    reservedUs: 1500,
    attempts: [
      { startedUs: 1500, placedUs: 1510, endedUs: 3000 },
      { startedUs: 3000, placedUs: 3010, sentUs: 3500, contentUs: 10_000, endedUs: 50_000 },
    ],
    pace: { slotUs: 8000, pieces: [3, 0, 2], longestGapUs: 12_000, longestGapAfterUs: 4000, lastUs: 20_000 },
    endedUs: 50_400,
  });
  expect(await timelineOf(toBinary(CallTimelineSchema, written))).toEqual({
    stages: [
      { name: "READ", fromMs: 0, untilMs: 1 },
      { name: "DECIDE", fromMs: 1, untilMs: 1.2 },
      { name: "QUOTA", fromMs: 1.2, untilMs: 1.5 },
      { name: "REST", fromMs: 50, untilMs: 50.4 },
    ],
    attempts: [
      { startedMs: 1.5, placedMs: 1.51, sentMs: null, contentMs: null, endedMs: 3 },
      { startedMs: 3, placedMs: 3.01, sentMs: 3.5, contentMs: 10, endedMs: 50 },
    ],
    pace: { firstMs: 10, lastMs: 30, slotMs: 8, pieces: [3, 0, 2], longestGapMs: 12, longestGapFromMs: 14 },
  });
});

it.each([
  ["nothing", new Uint8Array()],
  ["no timeline", new Uint8Array([0x0a, 0xff])],
  ["more than a node writes", new Uint8Array(2000)],
])("of a call with %s says that it was not timed", async (_what, bytes) => {
  expect(await timelineOf(bytes)).toBe(null);
});
