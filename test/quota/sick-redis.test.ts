/** Redis and the way to it, sick in each of the ways that they are: what calls notice, what is counted, and how it comes back. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { quotaCounterKey } from "#agreements/redis-names.ts";
import type { QuotaHold, QuotaLedger } from "../../data-plane/pipeline/quota-ledger.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { quotaHold, tokensUsed } from "../harness/quota-hold.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { startTcpProxy, type TcpProxy } from "../harness/tcp-proxy.ts";

const logger = pino({ level: "silent" });
const { signal } = new AbortController();
let redis: TestRedis;
let proxy: TcpProxy;
let connections: RedisConnections;
let direct: RedisConnections;
let ledger: QuotaLedger;

beforeEach(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  connections = connectRedis(`redis://127.0.0.1:${proxy.port}`, logger);
  direct = connectRedis(redis.url, logger);
  await expect.poll(() => connections.breaker.closed && direct.config.status === "ready", { timeout: 5000 }).toBe(true);
  ledger = redisQuotaLedger({ redis: connections, owner: "node", nodes: () => 2 });
});
afterEach(async () => {
  await ledger.close();
  connections.close();
  direct.close();
  await proxy.close();
  await redis.close();
});

let calls = 0;
const take = async (hold: QuotaHold) => ledger.reserve(`call-${++calls}`, [hold], signal);
const spentOf = async (quotaId: string) => {
  let sum = 0;
  for (const [name, text] of Object.entries(await direct.config.hgetall(quotaCounterKey("organisation", quotaId, ""))))
    if (/^[nd]:/.test(name)) for (const entry of (text.split(" ")[3] ?? "").split(",")) sum += Number(entry.split(":").at(-1));
  return sum;
};
/** Calls until the breaker is open, which the first of them wait for. */
const opened = async (hold: QuotaHold) => {
  let granted = 0;
  while (connections.breaker.closed) if ((await take(hold)).granted) granted++;
  return granted;
};
const p99Of = async (hold: QuotaHold, count: number) => {
  const waitedMs: number[] = [];
  let granted = 0;
  for (let call = 0; call < count; call++) {
    const askedMs = performance.now();
    if ((await take(hold)).granted) granted++;
    waitedMs.push(performance.now() - askedMs);
  }
  return { p99Ms: waitedMs.sort((one, other) => one - other)[Math.floor(count * 0.99)] ?? 0, granted };
};

const rate = quotaHold({ id: "rate", window: "hour", limit: 400 });
const budget = quotaHold({ id: "budget", window: "month", limit: 50 });

it("a network that holds everything back while connections stay open: calls wait 50 ms at the most, then not at all", async () => {
  await take(rate);
  proxy.hold();
  const before = 1 + (await opened(rate));
  const { p99Ms, granted } = await p99Of(rate, 500);
  expect(p99Ms).toBeLessThan(5);
  // This node's half of the limit.
  expect(before + granted).toBe(200);
  expect(await take(budget)).toMatchObject({ granted: false, reason: "unavailable" });
  proxy.release();
  await expect.poll(() => spentOf("rate"), { timeout: 10_000 }).toBe(200);
  await expect.poll(async () => (await take(budget)).granted, { timeout: 5000 }).toBe(true);
});

it("answers that are lost with their connection count once", { timeout: 30_000 }, async () => {
  let granted = 0;
  for (let round = 0; round < 6; round++) {
    proxy.dropReplies(1);
    // More than any lease: the store takes it, and the word of it is lost. It is asked once more, or granted by this node's share.
    const decision = await take(quotaHold({ id: "lost", window: "hour", limit: 100_000, amount: 700 + round * 100 }));
    proxy.cut();
    if (decision.granted) granted += 700 + round * 100;
    await expect.poll(() => connections.breaker.closed, { timeout: 5000 }).toBe(true);
  }
  expect(granted).toBeGreaterThan(0);
  await expect.poll(() => spentOf("lost"), { timeout: 5000 }).toBe(granted);
});

it("a Redis without memory for more refuses scripts: rates go on by the share, budgets wait, and it comes back by itself", async () => {
  await take(rate);
  await direct.config.config("SET", "maxmemory", "1");
  await direct.config.config("SET", "maxmemory-policy", "noeviction");
  const { granted } = await p99Of(rate, 300);
  expect(1 + granted).toBeGreaterThanOrEqual(200);
  expect(await take(budget)).toMatchObject({ granted: false, reason: "unavailable" });
  await direct.config.config("SET", "maxmemory", "0");
  await expect.poll(async () => (await take(budget)).granted, { timeout: 5000 }).toBe(true);
});

it("scripts that are flushed all the time are loaded again, and nobody notices", { timeout: 20_000 }, async () => {
  let flushing = true;
  const flusher = (async () => {
    while (flushing) {
      await direct.config.script("FLUSH");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const strict = quotaHold({ id: "strict", window: "month", limit: 2000 });
  let granted = 0;
  for (let call = 0; call < 1900; call++) {
    const decision = await take(strict);
    if (decision.granted) {
      granted++;
      decision.settle(tokensUsed(0));
    }
  }
  flushing = false;
  await flusher;
  expect(granted).toBe(1900);
  await expect.poll(() => spentOf("strict"), { timeout: 3000 }).toBe(1900);
});
