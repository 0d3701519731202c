/** What is seen of usage while it comes: calls as they are written, over all control planes, and records that cannot be. */
import { create, toBinary } from "@bufbuild/protobuf";
import { Redis } from "ioredis";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { usageNewsChannel, usageStreamKey } from "#agreements/redis-names.ts";
import { framesOf } from "#agreements/usage-frames.ts";
import { type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { liveCalls } from "../../control-plane/graphql/types/live-calls.ts";
import { openCallFeed } from "../../control-plane/redis/call-feed.ts";
import { openDeadLetters } from "../../control-plane/redis/dead-letters.ts";
import { openUsageQueue } from "../../control-plane/redis/usage-queue.ts";
import { idsMax, localCallFeed } from "../../control-plane/usage/call-feed.ts";
import { consumeUsage } from "../../control-plane/usage/consume-events.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { randomCalls } from "./random-calls.ts";

let postgres: PostgresServer;
let redisServer: TestRedis;
let redis: Redis;
let services: TestServices;
let graphql: GraphqlClient;
let ours: string;
let theirs: string;

beforeAll(async () => {
  [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  redis = new Redis(redisServer.url, { protocol: 2 });
  const opened = await openTestServices(await postgres.createDatabase());
  const { logger } = opened;
  // One control plane writes the ledger, another serves GraphQL: what they have in common is Redis.
  const written = openCallFeed(redisServer.url, logger);
  const served = openCallFeed(redisServer.url, logger);
  const deadLetters = openDeadLetters(redisServer.url, logger);
  const consumer = consumeUsage(openUsageQueue(redisServer.url, logger), opened.database, written, logger);
  services = {
    ...opened,
    callFeed: served,
    deadLetters,
    close: async () => {
      await consumer.close();
      for (const part of [written, served, deadLetters]) part.close();
      await opened.close();
    },
  };
  ours = await makeOrganisation(services, "ours");
  theirs = await makeOrganisation(services, "theirs");
  graphql = await serveGraphql(services);
});
afterAll(async () => {
  await graphql.close();
  await services.close();
  redis.disconnect();
  await Promise.all([postgres.close(), redisServer.close()]);
});

let sequence = 0n;
const send = (...records: readonly (UsageRecord | Buffer)[]) => {
  const first = sequence + 1n;
  sequence += BigInt(records.length);
  const bytes = records.map((record) => (Buffer.isBuffer(record) ? record : toBinary(UsageRecordSchema, record)));
  return redis.xadd(usageStreamKey, "*", "node", "log-a", "frames", framesOf(first, bytes).bytes);
};
const callsOf = (organisationId: string, count: number, seed = 1) =>
  randomCalls({ seed, count, fromMs: Date.now(), untilMs: Date.now() + 1, organisationIds: [organisationId] });

interface Heard {
  text(): string;
  end(): void;
}

async function listen(token: string, filter = ""): Promise<Heard> {
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const response = await fetch(`${graphql.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query: `subscription { liveCalls${filter} { calls { callId outcome } skipped } }` }),
    signal: closing.signal,
  });
  expect(response.status).toBe(200);
  let text = "";
  void (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return { text: () => text, end: () => closing.abort() };
}

describe("live calls", () => {
  it("come to listeners of their organisation, narrowed as asked, from whichever control plane wrote them", async () => {
    await expect.poll(async () => (await redis.pubsub("NUMSUB", usageNewsChannel))[1], { timeout: 5000 }).toBe(2);
    const token = await tokenFor(services, ours, "viewer");
    const all = await listen(token);
    const failed = await listen(token, "(filter: { outcome: [DENIED] })");
    const others = await listen(await tokenFor(services, theirs, "viewer"));
    const records = callsOf(ours, 12);
    const ids = (outcome?: number) =>
      records.flatMap(({ record }) =>
        record.case === "usage" && (outcome === undefined || record.value.outcome === outcome) ? [record.value.callId] : [],
      );
    await send(...records);
    for (const id of ids()) await expect.poll(all.text, { timeout: 5000 }).toContain(id);
    for (const id of ids(3)) await expect.poll(failed.text, { timeout: 5000 }).toContain(id);
    for (const id of ids(1)) expect(failed.text()).not.toContain(id);
    expect(others.text()).not.toContain("callId");
    expect(ids(3).length * ids(1).length).toBeGreaterThan(0);
  });

  it("are no more than a listener can read: the newest, and a count of the others", async () => {
    const feed = localCallFeed();
    const asked: (readonly string[])[] = [];
    const live = liveCalls(feed, ours, async (callIds) => {
      asked.push(callIds);
      return [];
    });
    for (let batch = 0; batch < 30; batch++)
      feed.publish(Array.from({ length: 200 }, (_, index) => ({ callId: `${batch}.${index}`, organisationId: ours })));
    const { value } = await live.next();
    expect(value).toEqual({ calls: [], skipped: 30 * 200 - idsMax });
    expect(asked[0]).toHaveLength(idsMax);
    expect(asked[0]?.at(-1)).toBe("29.199");
    await live.return?.();
  });

  it("let go of the feed when the listener leaves, also while nothing happens", async () => {
    let listening = 0;
    const subscribe = () => {
      listening++;
      return () => void listening--;
    };
    const live = liveCalls({ publish: () => {}, subscribe }, ours, async () => []);
    const waiting = live.next();
    expect(listening).toBe(1);
    await live.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(listening).toBe(0);
  });
});

describe("dead letters", () => {
  const list =
    "query ($after: String) { deadLetters(first: 2, after: $after) { edges { node { id reason sequence record byteLength } } pageInfo { hasNextPage endCursor } } deadLetterCount }";

  it("are listed with their reason, handed in again, and given up, by the installation's administrators alone", async () => {
    const admin = await tokenFor(services, ours, "admin", true);
    const [good] = callsOf(ours, 1, 9);
    const bad = structuredClone(good) as UsageRecord;
    if (bad.record.case === "usage") bad.record.value.durationMs = 77;
    if (bad.record.case === "usage") Object.assign(bad.record.value, { callId: v7(), organisationId: "no organisation" });
    await send(Buffer.from("not a record"), bad, create(UsageRecordSchema));
    await expect.poll(async () => (await graphql.ask(admin, list)).data?.deadLetterCount, { timeout: 10_000 }).toBe(3);
    const page = (await graphql.ask(admin, list)).data.deadLetters;
    expect(page.pageInfo.hasNextPage).toBe(true);
    const rest = (await graphql.ask(admin, list, { after: page.pageInfo.endCursor })).data.deadLetters;
    const letters = [...page.edges, ...rest.edges].map(({ node }) => node);
    expect(letters).toHaveLength(3);
    const shown = letters.find(({ record }) => record?.usage?.durationMs === 77);
    expect(shown.reason).toMatch(/uuid/);
    expect(letters.filter(({ reason }) => /not a usage record/.test(reason))).toHaveLength(1);

    const viewer = await graphql.ask(await tokenFor(services, ours, "admin"), list);
    expect(viewer.errors.length).toBeGreaterThan(0);

    // It is refused again, with a new name and the same reason.
    const retried = await graphql.ask(
      admin,
      "mutation ($ids: [ID!]!) { retryDeadLetters(input: { ids: $ids }) { ... on DeadLettersPayload { count } } }",
      { ids: [shown.id] },
    );
    expect(retried.data.retryDeadLetters).toEqual({ count: 1 });
    await expect
      .poll(async () => (await graphql.ask(admin, list)).data.deadLetters.edges[0]?.node, { timeout: 10_000 })
      .toMatchObject({ reason: shown.reason, sequence: shown.sequence });
    const ids = [...(await graphql.ask(admin, list)).data.deadLetters.edges].map(({ node }) => node.id);
    const given = await graphql.ask(
      admin,
      "mutation ($ids: [ID!]!) { discardDeadLetters(input: { ids: $ids }) { ... on DeadLettersPayload { count } } }",
      { ids: [...ids, "1-1"] },
    );
    expect(given.data.discardDeadLetters).toEqual({ count: 2 });
    expect((await graphql.ask(admin, list)).data.deadLetterCount).toBe(1);
    const audited = await services.database.system((em) =>
      em.execute<{ action: string }[]>("select action from audit_entry where target_kind = 'dead_letter' order by id"),
    );
    expect(audited.map(({ action }) => action)).toEqual(["dead_letter.retry", "dead_letter.discard"]);
  });
});
