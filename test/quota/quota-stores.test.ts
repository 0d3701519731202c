/** Redis' script and the store in memory give the same answers to the same orders, drawn from a seed, on a real Redis. */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { bucketMsOf, calendarWindowAt } from "#agreements/quota-window.ts";
import { type MemoryQuotaStore, memoryQuotaStore } from "../../data-plane/memory/quota-store.ts";
import type { CounterOrder, QuotaStore, SyncAnswer, SyncOrder } from "../../data-plane/quota/quota-store.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisQuotaStore } from "../../data-plane/redis/quota-script.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

let redis: TestRedis;
let connections: RedisConnections;
let script: QuotaStore;
let memory: MemoryQuotaStore;
let redisNowMs = 0;

beforeAll(async () => {
  redis = await startRedis();
  connections = connectRedis(redis.url, pino({ level: "silent" }));
  await vi.waitFor(() => expect(connections.breaker.closed).toBe(true), { timeout: 5000 });
  script = redisQuotaStore(connections);
  // The model runs at the moment that Redis said it ran.
  memory = memoryQuotaStore(() => redisNowMs);
});
afterAll(async () => {
  connections.close();
  await redis.close();
});

const month = calendarWindowAt("month", "UTC", Date.now());
const shapes: readonly CounterOrder["shape"][] = [
  {
    kind: "calendar",
    boundaries: [calendarWindowAt("month", "UTC", month.startMs - 1).startMs, month.startMs, month.endMs, month.endMs + 86_400_000 * 28],
  },
  { kind: "sliding", lengthMs: 3_600_000, bucketMs: bucketMsOf(3_600_000) },
  { kind: "level" },
];

it("orders of three owners, with leases, bursts, bad luck and returns, are answered alike", { timeout: 60_000 }, async () => {
  let state = 42;
  const draw = (max: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % (max + 1);
  };
  for (let round = 0; round < 40; round++) {
    const organisationId = randomUUID();
    if (draw(3) > 0) for (const store of [script, memory]) await store.restore(organisationId, []);
    const limits = [draw(400), draw(400), draw(30)];
    let sequence = 1000;
    const births = [1, 1, 1];
    for (let step = 0; step < 25; step++) {
      const owner = draw(2);
      if (draw(9) === 0) births[owner] = sequence + 1;
      const counters = shapes.map((shape, index): CounterOrder => {
        const bucket = shape.kind === "sliding" ? Math.floor(Date.now() / shape.bucketMs) : 0;
        const entries =
          shape.kind === "sliding"
            ? [
                { bucket: bucket - 70 + draw(40), amount: 1 + draw(9) },
                { bucket, amount: 1 + draw(20) },
              ]
            : [];
        return {
          quotaId: `quota-${index}`,
          subject: "",
          shape,
          limit: limits[index] ?? 0,
          burst: shape.kind === "sliding" && draw(1) === 1 ? 1 + draw(limits[index] ?? 0) : 0,
          hard: draw(4) > 0,
          spent: shape.kind === "sliding" ? 0 : draw(20),
          entries,
          lease: 5 + draw(5),
          undrawn: shape.kind === "calendar" ? draw(10) : 0,
          drawn: draw(8),
          diedDrawn: draw(12) - 1,
          told: draw(1) * draw(20),
          seen: draw(1) * draw(50),
          more: draw(10),
          leave: draw(12) === 0,
        };
      });
      const calls = Array.from({ length: draw(3) }, () => ({
        needs: Array.from({ length: 1 + draw(2) }, () => ({ counter: draw(2), amount: draw(30) })),
      }));
      const order: SyncOrder = {
        organisationId,
        owner: `owner-${owner}`,
        birth: births[owner] ?? 1,
        sequence: draw(15) === 0 ? sequence - 2 : ++sequence,
        counters,
        calls,
      };
      const said: SyncAnswer = await script.sync(order);
      redisNowMs = said.nowMs;
      expect(memory.sync(order), `round ${round}, step ${step}: ${JSON.stringify(order)}`).toEqual(said);
    }
  }
});
