/** Quotas over Sentinel through a failover, over a cluster, and after Redis has lost everything. */
import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { calendarWindowAt } from "#agreements/quota-window.ts";
import { readRedisAddress } from "#agreements/redis-address.ts";
import type { QuotaLedger } from "../../data-plane/pipeline/quota-ledger.ts";
import type { Baseline } from "../../data-plane/quota/quota-store.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { quotaHold, tokensUsed } from "../harness/quota-hold.ts";
import { startRedis } from "../harness/redis.ts";
import { startRedisCluster, startSentinels } from "../harness/redis-sentinel.ts";

const logger = pino({ level: "silent" });
const { signal } = new AbortController();
const opened: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function node(url: string, owner: string, baselines?: () => Promise<readonly Baseline[]>): Promise<QuotaLedger> {
  const connections = connectRedis(url, logger);
  opened.push(() => connections.close());
  await expect.poll(() => connections.breaker.closed, { timeout: 10_000 }).toBe(true);
  const ledger = redisQuotaLedger({ redis: connections, owner, nodes: () => 2, baselines });
  opened.push(() => ledger.close());
  return ledger;
}

async function spendAll(nodes: readonly QuotaLedger[], limit: number, organisationId = "organisation"): Promise<number> {
  let granted = 0;
  let refusals = 0;
  for (let call = 0; refusals < 3 && call < limit * 4; call++) {
    const ledger = nodes[call % nodes.length];
    if (ledger === undefined) break;
    const decision = await ledger.reserve(`${organisationId}-${call}`, [quotaHold({ organisationId, window: "month", limit })], signal);
    if (decision.granted) {
      granted++;
      decision.settle(tokensUsed(0));
    } else if (decision.reason === "exhausted") {
      refusals++;
      // What others hold comes back within a quarter of a second.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  return granted;
}

it("a failover of Sentinel loses nothing that nodes had told: the limit holds over it", { timeout: 60_000 }, async () => {
  const set = await startSentinels();
  opened.push(set.close);
  const nodes = [await node(set.url, "a"), await node(set.url, "b")];
  const hold = quotaHold({ window: "month", limit: 200 });
  let granted = 0;
  const take = async (id: string, ledger: QuotaLedger | undefined) => {
    const decision = await ledger?.reserve(id, [hold], signal);
    if (decision?.granted) granted++;
    return decision;
  };
  for (let call = 0; call < 100; call++) await take(`before-${call}`, nodes[call % 2]);
  expect(granted).toBe(100);
  await set.master.kill("SIGKILL");
  const killedAtMs = Date.now();
  let call = 0;
  await expect.poll(async () => (await take(`after-${call++}`, nodes[call % 2]))?.granted, { timeout: 20_000, interval: 50 }).toBe(true);
  expect(Date.now() - killedAtMs).toBeLessThan(15_000);
  let refused = 0;
  for (; call < 2000 && refused < 5; call++) {
    const decision = await take(`after-${call}`, nodes[call % 2]);
    if (decision?.granted === false) {
      // A node that has not found the new master yet is no refusal.
      if (decision.reason === "exhausted") refused++;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  expect(granted).toBeLessThanOrEqual(200);
  expect(granted).toBeGreaterThanOrEqual(190);
});

it("in a cluster each organisation's counters change together, wherever they stand", { timeout: 60_000 }, async () => {
  const cluster = await startRedisCluster();
  opened.push(cluster.close);
  const nodes = [await node(cluster.url, "a"), await node(cluster.url, "b")];
  for (const organisationId of ["one", "two", "three", "four"]) expect(await spendAll(nodes, 30, organisationId)).toBe(30);
  // Two quotas of one call are in one slot, whatever their ids.
  const both = [quotaHold({ id: "x", limit: 5 }), quotaHold({ id: "y", limit: 3, subject: "user" })];
  const decisions = [];
  for (let call = 0; call < 5; call++) decisions.push(await nodes[0]?.reserve(`both-${call}`, both, signal));
  expect(decisions.map((decision) => decision?.granted)).toEqual([true, true, true, false, false]);
});

it("after FLUSHALL counters are what the ledger knows, and what live nodes have spent: neither free nor locked", async () => {
  const redis = await startRedis();
  opened.push(redis.close);
  const { startMs, endMs } = calendarWindowAt("month", "UTC", Date.now());
  const known = async (): Promise<readonly Baseline[]> => [{ quotaId: "quota", subject: "", startMs, endMs, used: 60 }];
  const first = await node(redis.url, "a", known);
  // Nothing was in Redis: what the ledger says was used before counts.
  expect(await spendAll([first], 100)).toBe(40);
  const connections = connectRedis(redis.url, logger);
  opened.push(() => connections.close());
  await expect.poll(() => connections.config.status, { timeout: 5000 }).toBe("ready");
  await connections.config.flushall();
  const flushedAtMs = Date.now();
  const other = await node(redis.url, "b", known);
  // The node that has spent tells it again when it speaks next; the other finds it, or what the ledger knows, and no more.
  await first.reserve("wake", [quotaHold({ window: "month", limit: 100 })], signal);
  await expect
    .poll(
      async () => (await other.reserve(`probe-${Date.now()}`, [quotaHold({ window: "month", limit: 100, amount: 1 })], signal)).granted,
      {
        timeout: 3000,
      },
    )
    .toBe(false);
  expect(Date.now() - flushedAtMs).toBeLessThan(4000);
});

it("a ledger that cannot be asked holds up no rates and gives no budget away", async () => {
  const redis = await startRedis();
  opened.push(redis.close);
  const ledger = await node(redis.url, "a", async () => {
    throw new Error("the control plane is away");
  });
  expect(await ledger.reserve("budget", [quotaHold({ window: "month" })], signal)).toMatchObject({ granted: false, reason: "unavailable" });
  expect(await ledger.reserve("rate", [quotaHold({ id: "rate", window: "minute" })], signal)).toMatchObject({ granted: true });
});

it("addresses of Redis are read, and a wrong one says what is missing", () => {
  expect(readRedisAddress("redis-sentinel://u:p%40@a:1,b/main")).toEqual({
    kind: "sentinel",
    hosts: [
      { host: "a", port: 1 },
      { host: "b", port: 26_379 },
    ],
    name: "main",
    credentials: { username: "u", password: "p@" },
  });
  expect(readRedisAddress("redis-cluster://a:1,[::1]:2")).toMatchObject({
    hosts: [
      { host: "a", port: 1 },
      { host: "::1", port: 2 },
    ],
  });
  expect(() => readRedisAddress("redis-sentinel://a:1")).toThrow(/master/);
});
