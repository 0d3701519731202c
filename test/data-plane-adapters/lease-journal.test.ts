/** What a node's disk knows of its leases: the last word of each counter, of this boot alone; and what comes back by it on a real Redis. */
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { quotaCounterKey } from "#agreements/redis-names.ts";
import type { LeaseJournal } from "../../data-plane/quota/lease-ledger/lease-journal.ts";
import { openLeaseJournal } from "../../data-plane/quota/lease-ledger/lease-journal.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { quotaHold, tokensUsed } from "../harness/quota-hold.ts";
import { startRedis } from "../harness/redis.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const logger = pino({ level: "silent" });
const { signal } = new AbortController();

async function place(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return join(path, "leases");
}
async function open(path: string): Promise<LeaseJournal> {
  const journal = await openLeaseJournal(path, logger);
  if (journal === undefined) throw new Error("the journal could not be opened");
  onTestFinished(() => journal.close(false));
  return journal;
}
const drawn = (id: string, amount: number) => ({ quota: quotaHold({ id }).quota, subject: "", drawn: amount });
const known = (journal: LeaseJournal) => journal.died.map(({ quota, drawn: amount }) => [quota.id, amount]);

it("the last word of each counter is read back, however much was written and wherever it was torn", async () => {
  const path = await place();
  const journal = await open(path);
  for (let word = 0; word < 300; word++) await journal.write(Array.from({ length: 20 }, (_, id) => drawn(`quota-${id}`, word)));
  expect((await stat(path)).size).toBeLessThan(2_200_000);
  await appendFile(path, '{"quota":{"id":"quo');
  expect(known(await open(path))).toEqual(Array.from({ length: 20 }, (_, id) => [`quota-${id}`, 299]));
});

it("what another boot wrote, or nobody, is not believed", async () => {
  const path = await place();
  await (await open(path)).write([drawn("quota", 5)]);
  await writeFile(path, (await readFile(path, "utf8")).replace(/"boot":"[^"]+"/, '"boot":"another"'));
  expect(known(await open(path))).toEqual([]);
  await writeFile(path, "something else");
  expect(known(await open(path))).toEqual([]);
});

it("a node that comes back after kill -9 gives back what it had not drawn, of a lifetime too", { timeout: 20_000 }, async () => {
  const redis = await startRedis();
  onTestFinished(redis.close);
  const path = await place();
  const hold = quotaHold({ window: "lifetime", limit: 1_000_000 });
  const connect = async () => {
    const connections = connectRedis(redis.url, logger);
    onTestFinished(() => connections.close());
    await expect.poll(() => connections.breaker.closed, { timeout: 5000 }).toBe(true);
    return connections;
  };
  const killed = await connect();
  const before = redisQuotaLedger({ redis: killed, owner: "node", nodes: () => 1, journal: await open(path) });
  let asked = 0;
  for (let call = 0; call < 20_000; call++) {
    const decision = before.reserve(`call-${call}`, [hold], signal);
    if (decision instanceof Promise) {
      asked++;
      await decision;
    }
    if (call % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // Drawn ahead of need: calls wait neither for the disk nor for Redis.
  expect(asked).toBeLessThan(200);
  const reader = await connect();
  const counted = async () => {
    let sum = 0;
    for (const [name, text] of Object.entries(await reader.config.hgetall(quotaCounterKey("organisation", "quota", "")))) {
      const [, lease = "0", , spent = "0"] = text.split(" ");
      if (/^[nd]:/.test(name)) sum += Number(lease) + Number(spent);
    }
    return sum;
  };
  const whenKilled = await counted();
  expect(whenKilled).toBeGreaterThan(23_000);
  // As kill -9: it says nothing more.
  killed.close();
  const after = redisQuotaLedger({ redis: await connect(), owner: "node", nodes: () => 1, journal: await open(path) });
  onTestFinished(() => after.close());
  await expect.poll(counted, { timeout: 5000 }).toBeLessThan(23_000);
  expect(await counted()).toBeGreaterThanOrEqual(20_000);
  const decision = await after.reserve("next", [hold], signal);
  if (decision.granted) decision.settle(tokensUsed(0));
  expect(decision.granted).toBe(true);
});
