/**
 * The quota store over Redis: orders into quota-ledger.lua and its answers out. EVALSHA first and EVAL where Redis does not know
 * the script; no MULTI, which fails on a script that was flushed. All keys of an order carry the organisation as their hash tag,
 * so that in a cluster a call's scopes stand in one slot and change together.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Cluster, Redis } from "ioredis";
import { quotaCounterKey, quotaWholeKey } from "#agreements/redis-names.ts";
import { type CounterOrder, leaseMs, type QuotaStore, type SyncAnswer, type SyncOrder } from "../quota/quota-store.ts";
import type { RedisConnections } from "./connect.ts";

const script = readFileSync(new URL("./quota-ledger.lua", import.meta.url), "utf8");
const scriptHash = createHash("sha1").update(script).digest("hex");

export function redisQuotaStore({ breaker }: Pick<RedisConnections, "breaker">): QuotaStore {
  const run = (keys: readonly string[], values: readonly (string | number)[]): Promise<number[]> =>
    breaker.run(async (redis) => integers(await evaluate(redis, keys, values)));
  return {
    get reachable() {
      return breaker.closed;
    },
    sync: async (order) => {
      const { organisationId } = order;
      const keys = [
        quotaWholeKey(organisationId),
        ...order.counters.map((one) => quotaCounterKey(organisationId, one.quotaId, one.subject)),
      ];
      const values: (string | number)[] = [
        "sync",
        order.owner,
        order.birth,
        order.sequence,
        leaseMs,
        order.counters.length,
        order.calls.length,
      ];
      for (const counter of order.counters) pushCounter(values, counter);
      for (const { needs } of order.calls) {
        values.push(needs.length);
        for (const { counter, amount } of needs) values.push(counter + 1, amount);
      }
      return answerOf(await run(keys, values), order);
    },
    restore: async (organisationId, baselines) => {
      const keys = [quotaWholeKey(organisationId), ...baselines.map((one) => quotaCounterKey(organisationId, one.quotaId, one.subject))];
      await run(keys, ["restore", randomUUID(), ...baselines.flatMap(({ startMs, endMs, used }) => [startMs, endMs, used])]);
    },
  };
}

const kinds = { calendar: "c", sliding: "s", level: "l" } as const;

function pushCounter(values: (string | number)[], counter: CounterOrder): void {
  const { shape } = counter;
  values.push(kinds[shape.kind]);
  if (shape.kind === "calendar") values.push(...shape.boundaries);
  else if (shape.kind === "sliding") values.push(shape.lengthMs, shape.bucketMs, 0, 0);
  else values.push(0, 0, 0, 0);
  values.push(
    counter.limit,
    counter.burst,
    counter.hard ? 1 : 0,
    shape.kind === "sliding" ? counter.entries.map(({ bucket, amount }) => `${bucket}:${amount}`).join(",") : counter.spent,
    counter.lease,
    counter.told,
    counter.seen,
    counter.more,
    counter.leave ? 1 : 0,
    counter.undrawn,
    counter.drawn,
    counter.diedDrawn,
  );
}

async function evaluate(redis: Redis | Cluster, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
  try {
    return await redis.evalsha(scriptHash, keys.length, ...keys, ...values);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return await redis.eval(script, keys.length, ...keys, ...values);
  }
}

function integers(answer: unknown): number[] {
  if (!Array.isArray(answer) || !answer.every((value) => typeof value === "number"))
    throw new Error("quota-ledger.lua answered something other than numbers");
  return answer;
}

const outcomes: Readonly<Record<number, SyncAnswer["outcome"]>> = { 1: "done", [-1]: "lost", [-2]: "early", [-3]: "late", [-4]: "stale" };

function answerOf(answer: readonly number[], order: SyncOrder): SyncAnswer {
  const [code = 0, nowMs = 0, waitMs = 0, whole = 0] = answer;
  const outcome = outcomes[code];
  const callsFrom = 4 + order.counters.length * 4;
  if (outcome === undefined || (outcome === "done" && answer.length !== callsFrom + order.calls.length * 3))
    throw new Error("quota-ledger.lua answered another order than it was asked");
  const done = outcome === "done";
  return {
    outcome,
    nowMs,
    waitMs,
    whole: whole === 1,
    counters: done
      ? order.counters.map((_, position) => {
          const [startMs = 0, endMs = 0, others = 0, lease = 0] = answer.slice(4 + position * 4, 8 + position * 4);
          return { startMs, endMs, others, lease };
        })
      : [],
    calls: done
      ? order.calls.map((_, position) => {
          const [granted = 0, binding = 0, retryMs = 0] = answer.slice(callsFrom + position * 3, callsFrom + position * 3 + 3);
          return { granted: granted === 1, binding: binding - 1, retryMs };
        })
      : [],
  };
}
