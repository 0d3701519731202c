/** What every quota ledger guarantees, in one process and over Redis. */
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { memoryQuotaLedger } from "../../data-plane/memory/quota-ledger.ts";
import type { QuotaDecision, QuotaHold, QuotaLedger } from "../../data-plane/pipeline/quota-ledger.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { type HoldOptions, quotaHold, tokensUsed } from "../harness/quota-hold.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

const logger = pino({ level: "silent" });
let redis: TestRedis;
const opened: (() => void | Promise<void>)[] = [];
const signal = new AbortController().signal;
let quotas = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => redis.close());

async function connected(): Promise<RedisConnections> {
  const connections = connectRedis(redis.url, logger);
  opened.push(() => connections.close());
  await expect.poll(() => connections.breaker.closed, { timeout: 5000 }).toBe(true);
  return connections;
}

const ledgers: Record<string, () => Promise<QuotaLedger>> = {
  memory: async () => memoryQuotaLedger(),
  redis: async () => redisQuotaLedger({ redis: await connected(), owner: "node", nodes: () => 1 }),
};

const hold = (of: HoldOptions = {}): QuotaHold => quotaHold({ id: `quota-${++quotas}`, ...of });

describe.each(Object.entries(ledgers))("quota ledger: %s", (_, open) => {
  const opening = async (): Promise<(id: string, holds: readonly QuotaHold[]) => Promise<QuotaDecision>> => {
    const ledger = await open();
    opened.push(() => ledger.close());
    return async (id, holds) => ledger.reserve(id, holds, signal);
  };

  it("grants up to a hard limit and refuses what is over it, naming the binding hold and when its window turns", async () => {
    const reserve = await opening();
    const wide = hold({ limit: 1000 });
    const narrow = hold({ limit: 3 });
    for (const call of ["a", "b", "c"]) expect(await reserve(`1-${call}`, [wide, narrow])).toMatchObject({ granted: true });
    const refused = await reserve("1-d", [wide, narrow]);
    expect(refused).toMatchObject({ granted: false, hold: 1, reason: "exhausted" });
    if (refused.granted) return;
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(86_400_000);
    expect(refused.levels[1]?.remaining).toBe(0);
  });

  it("takes nothing of any hold where one refuses", async () => {
    const reserve = await opening();
    const first = hold({ limit: 5 });
    const spent = hold({ limit: 0 });
    for (let call = 0; call < 20; call++) expect((await reserve(`2-${call}`, [first, spent])).granted).toBe(false);
    expect(await reserve("2-last", [{ ...first, amount: 5 }])).toMatchObject({ granted: true });
  });

  it("counts a call once, however often it asks and settles", async () => {
    const reserve = await opening();
    const tokens = hold({ resource: "tokens", limit: 100, amount: 60 });
    const one = await reserve("3-a", [tokens]);
    const again = await reserve("3-a", [tokens]);
    expect(again.granted).toBe(true);
    if (!one.granted || !again.granted) return;
    one.settle(tokensUsed(10));
    again.settle(tokensUsed(10));
    one.settle(tokensUsed(10));
    // 10 are used: 90 fit and 91 do not.
    expect((await reserve("3-b", [{ ...tokens, amount: 91 }])).granted).toBe(false);
    expect((await reserve("3-c", [{ ...tokens, amount: 90 }])).granted).toBe(true);
  });

  it("charges what a call used beyond its estimate, and leaves the estimate where the use is unknown", async () => {
    const reserve = await opening();
    const tokens = hold({ resource: "tokens", limit: 100, amount: 20 });
    const over = await reserve("4-a", [tokens]);
    if (over.granted) over.settle(tokensUsed(50));
    const unknown = await reserve("4-b", [tokens]);
    if (unknown.granted) unknown.settle("unknown");
    // 50 and 20 are used.
    expect((await reserve("4-c", [{ ...tokens, amount: 31 }])).granted).toBe(false);
    expect((await reserve("4-d", [{ ...tokens, amount: 30 }])).granted).toBe(true);
  });

  it("lets soft and shadow quotas pass and counts them", async () => {
    const reserve = await opening();
    const soft = hold({ enforcement: "soft", limit: 2 });
    const shadow = hold({ enforcement: "shadow", limit: 2 });
    for (let call = 0; call < 5; call++) expect((await reserve(`5-${call}`, [soft, shadow])).granted).toBe(true);
    expect((await reserve("5-last", [soft, shadow])).levels.map((level) => level.remaining)).toEqual([0, 0]);
  });

  it("counts each subject by itself", async () => {
    const reserve = await opening();
    const base = hold({ limit: 1 });
    expect((await reserve("6-a", [{ ...base, subject: "ann" }])).granted).toBe(true);
    expect((await reserve("6-b", [{ ...base, subject: "ben" }])).granted).toBe(true);
    expect((await reserve("6-c", [{ ...base, subject: "ann" }])).granted).toBe(false);
  });

  it("gives a new window its whole limit", async () => {
    const reserve = await opening();
    const second = hold({ window: "second", limit: 1 });
    await reserve("7-a", [second]);
    let call = 0;
    await expect.poll(async () => (await reserve(`7-b-${call++}`, [second])).granted, { timeout: 3000, interval: 20 }).toBe(true);
  });
});
