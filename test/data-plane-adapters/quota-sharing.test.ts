/** Several nodes on one Redis: hard limits hold, leases come back, and a sick Redis does not hold up calls. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { quotaCounterKey } from "#agreements/redis-names.ts";
import type { QuotaHold, QuotaLedger } from "../../data-plane/pipeline/quota-ledger.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { type HoldOptions, quotaHold, tokensUsed } from "../harness/quota-hold.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

const logger = pino({ level: "silent" });
const signal = new AbortController().signal;
let redis: TestRedis;
let nodes: { ledger: QuotaLedger; connections: RedisConnections }[];

beforeEach(async () => {
  redis = await startRedis();
  nodes = [];
  for (let node = 0; node < 3; node++) {
    const connections = connectRedis(redis.url, logger);
    await expect.poll(() => connections.breaker.closed, { timeout: 5000 }).toBe(true);
    nodes.push({ connections, ledger: redisQuotaLedger({ redis: connections, owner: `node-${node}`, nodes: () => 1 }) });
  }
});
afterEach(async () => {
  for (const { ledger, connections } of nodes) {
    await ledger.close();
    connections.close();
  }
  await redis.close();
});

const requests = (of: HoldOptions = {}): QuotaHold => quotaHold({ window: "month", limit: 1000, ...of });
const node = (index: number) => {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
};
/** As the counter's hash says it: of all nodes, with what they hold. */
const used = async (quotaId = "quota") => {
  const fields = await node(0).connections.config.hgetall(quotaCounterKey("organisation", quotaId, ""));
  let sum = Number(fields["base"] ?? 0);
  for (const [name, text] of Object.entries(fields)) {
    if (!/^[nd]:/.test(name)) continue;
    const [, lease, , spent = ""] = text.split(" ");
    for (const entry of spent.split(",")) sum += Number(entry.split(":").at(-1) ?? 0);
    sum += Number(lease);
  }
  return sum;
};

it("three nodes together never grant more than a hard limit, and all of it", async () => {
  const granted = [0, 0, 0];
  // Each node's callers go on until they are refused.
  await Promise.all(
    [0, 1, 2].flatMap((index) =>
      Array.from({ length: 8 }, async (_, caller) => {
        for (let call = 0; ; call++) {
          const decision = await node(index).ledger.reserve(`${index}-${caller}-${call}`, [requests()], signal);
          if (!decision.granted) return;
          granted[index] = (granted[index] ?? 0) + 1;
          decision.settle(tokensUsed(0));
        }
      }),
    ),
  );
  const sum = granted.reduce((a, b) => a + b, 0);
  expect(sum).toBeLessThanOrEqual(1000);
  expect(sum).toBe(1000);
});

it("refuses nobody while there is room", async () => {
  for (let call = 0; call < 900; call++) {
    const decision = await node(call % 3).ledger.reserve(`call-${call}`, [requests()], signal);
    expect(decision.granted).toBe(true);
  }
});

it("asks Redis for few of the calls of a busy node", async () => {
  let asked = 0;
  for (let call = 0; call < 20_000; call++) {
    const decision = node(0).ledger.reserve(`call-${call}`, [requests({ limit: 10_000_000 })], signal);
    if (decision instanceof Promise) {
      asked++;
      await decision;
    }
    if (call % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(asked).toBeLessThan(100);
});

it("gives back what it leased and did not spend", async () => {
  for (let call = 0; call < 100; call++) await node(0).ledger.reserve(`call-${call}`, [requests()], signal);
  expect(await used()).toBeGreaterThanOrEqual(100);
  await node(0).ledger.close();
  expect(await used()).toBe(100);
});

it("tells what calls used beyond their estimates", async () => {
  const decision = await node(0).ledger.reserve("over", [requests({ resource: "tokens", amount: 10 })], signal);
  if (decision.granted) decision.settle(tokensUsed(700));
  await expect.poll(() => used(), { timeout: 3000 }).toBe(700);
});

it.each(["hung", "killed"])("a %s Redis costs calls next to nothing: rate limits fall to a local share, budgets refuse", async (how) => {
  const rate = requests({ id: "rate", window: "hour", limit: 500 });
  const budget = requests({ id: "budget", limit: 20 });
  await node(0).ledger.reserve("before", [rate], signal);
  await redis.kill(how === "hung" ? "SIGSTOP" : "SIGKILL");
  // The first calls may meet the command's clock, until the breaker is open.
  const beganMs = performance.now();
  let call = 0;
  while (performance.now() - beganMs < 400) await node(0).ledger.reserve(`opening-${call++}`, [requests({ id: "soft", limit: 1 })], signal);
  const waitedMs: number[] = [];
  let granted = 0;
  for (let later = 0; later < 1000; later++) {
    const askedMs = performance.now();
    const decision = await node(0).ledger.reserve(`rate-${later}`, [rate], signal);
    waitedMs.push(performance.now() - askedMs);
    if (decision.granted) granted++;
    else expect(decision.reason).toBe("unavailable");
  }
  expect(granted).toBeGreaterThanOrEqual(490);
  expect(granted).toBeLessThanOrEqual(499);
  expect(waitedMs.sort((a, b) => a - b)[990]).toBeLessThan(5);
  expect(await node(0).ledger.reserve("budget", [budget], signal)).toMatchObject({ granted: false, reason: "unavailable" });
  expect(await node(0).ledger.reserve("soft", [requests({ id: "budget", limit: 20, enforcement: "soft" })], signal)).toMatchObject({
    granted: true,
  });
  if (how === "hung") await redis.kill("SIGCONT");
  else await redis.restart();
  // What was granted meanwhile is counted when Redis is back, and the budget is served again.
  await expect.poll(() => used("rate").catch(() => 0), { timeout: 8000 }).toBe(granted + 1);
  let attempt = 0;
  await expect
    .poll(async () => (await node(0).ledger.reserve(`back-${attempt++}`, [budget], signal)).granted, { timeout: 5000 })
    .toBe(true);
});

it("a take whose answer was lost is undone", async () => {
  await node(0).ledger.reserve("first", [requests({ window: "hour" })], signal);
  await redis.kill("SIGSTOP");
  // Written to the socket, not answered within its clock; the hung server runs it when it goes on.
  const decision = await node(0).ledger.reserve("lost", [requests({ window: "hour", amount: 100 })], signal);
  expect(decision.granted).toBe(true);
  await redis.kill("SIGCONT");
  await expect.poll(() => used(), { timeout: 5000 }).toBe(101);
  if (decision.granted) decision.settle(tokensUsed(0));
  await expect.poll(() => used(), { timeout: 5000 }).toBe(2);
});

it("goes on through SCRIPT FLUSH, and keeps what it saw through FLUSHALL", async () => {
  for (let call = 0; call < 10; call++) {
    await node(1).connections.config.script("FLUSH");
    const decision = await node(0).ledger.reserve(`scripts-${call}`, [requests({ limit: 100 })], signal);
    expect(decision.granted).toBe(true);
  }
  await node(0).connections.config.flushall();
  await node(0).ledger.reserve("after", [requests({ limit: 100 })], signal);
  await expect.poll(() => used(), { timeout: 5000 }).toBeGreaterThanOrEqual(11);
});

it("does not take a stall of its own for Redis's: what was answered meanwhile counts", async () => {
  const asked = Array.from({ length: 6 }, (_, call) => node(0).ledger.reserve(`stalled-${call}`, [requests()], signal));
  const untilMs = performance.now() + 300;
  while (performance.now() < untilMs);
  for (const decision of await Promise.all(asked)) expect(decision.granted).toBe(true);
  expect(node(0).connections.breaker.closed).toBe(true);
});
