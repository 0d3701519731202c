/**
 * Speaks to quota-ledger.lua: what goes in, what comes out, and what is to be done where an answer was lost.
 *
 * A reply that did not come says nothing about whether the script ran. So each order has an id under which its effect is
 * remembered: a lost `take` is cancelled, a lost `adjust` is repeated, until Redis has answered or has forgotten the id.
 * EVALSHA first and EVAL where Redis does not know the script; no MULTI, which fails on a script that was flushed.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { v7 } from "uuid";
import { quotaCounterKey, quotaEffectKey } from "#agreements/redis-names.ts";
import type { QuotaWindow } from "../pipeline/quota-ledger.ts";
import type { RedisConnections } from "./connect.ts";

const script = readFileSync(new URL("./quota-ledger.lua", import.meta.url), "utf8");
const scriptHash = createHash("sha1").update(script).digest("hex");

export interface CounterName {
  readonly quotaId: string;
  readonly subject: string;
  readonly window: QuotaWindow;
}

export interface TakeOrder extends CounterName {
  readonly limit: number;
  readonly hard: boolean;
  /** Without which nothing is taken of any counter. */
  readonly need: number;
  /** What would be welcome on top, as a lease. */
  readonly more: number;
  /** Used already without having been taken, in window `index`. */
  readonly debt: number;
  readonly index: number;
  /** What the counter stood at when it was last seen, in window `index`; restores it after a FLUSHALL. */
  readonly seen: number;
}

export interface CounterAnswer {
  readonly index: number;
  readonly leftMs: number;
  /** All nodes together, with leases. */
  readonly used: number;
  readonly taken: number;
}

export type TakeAnswer = { readonly granted: boolean; readonly binding: number; readonly counters: readonly CounterAnswer[] };

export interface AdjustOrder extends CounterName {
  readonly index: number;
  /** Above 0: was used. Below: is given back. */
  readonly amount: number;
  readonly seen: number;
}

export interface QuotaScript {
  /** Rejects where Redis did not answer; what it may have done by then is undone. */
  take(orders: readonly TakeOrder[]): Promise<TakeAnswer>;
  /** Never rejects: it is repeated until it has been done once. */
  adjust(orders: readonly AdjustOrder[]): Promise<void>;
  /** Sends what was lost once more. Every second or so while Redis can be reached. */
  repeatLost(): Promise<void>;
  /** Orders whose outcome is not known. */
  lost(): number;
}

/** How long Redis remembers the effect of a take and of an adjustment, in milliseconds. */
const takeRememberedMs = 60_000;
const adjustRememberedMs = 600_000;
/** Before it forgets: a repeat after that could count twice. */
const adjustGivenUpMs = 540_000;
const lostMax = 1000;

interface LostOrder {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
  readonly sinceMs: number;
}

export function quotaScript({ breaker }: Pick<RedisConnections, "breaker">, logger: Logger): QuotaScript {
  let lost: LostOrder[] = [];

  const run = (keys: readonly string[], values: readonly (string | number)[]): Promise<number[]> =>
    breaker.run(async (redis) => integers(await evaluate(redis, keys, values)));
  const lose = (order: LostOrder) => {
    lost.push(order);
    if (lost.length <= lostMax) return;
    lost.shift();
    logger.warn({ lostMax }, "too many quota corrections wait for Redis; the oldest is given up and counts as used");
  };

  return {
    take: async (orders) => {
      const effect = quotaEffectKey(v7());
      const keys = [effect, ...orders.map((order) => quotaCounterKey(order.quotaId, order.subject))];
      const values: (string | number)[] = ["take", takeRememberedMs];
      for (const { window, limit, hard, need, more, debt, index, seen } of orders)
        values.push(window, limit, hard ? 1 : 0, need, Math.floor(more), debt, index, seen, index);
      try {
        return takeAnswer(await run(keys, values), orders.length);
      } catch (error) {
        lose({ keys, values: ["cancel", takeRememberedMs, ...orders.map((order) => order.window)], sinceMs: performance.now() });
        throw error;
      }
    },
    adjust: async (orders) => {
      if (orders.length === 0) return;
      const keys = [quotaEffectKey(v7()), ...orders.map((order) => quotaCounterKey(order.quotaId, order.subject))];
      const values: (string | number)[] = ["adjust", adjustRememberedMs];
      for (const { window, index, amount, seen } of orders) values.push(window, index, amount, seen);
      try {
        await run(keys, values);
      } catch {
        lose({ keys, values, sinceMs: performance.now() });
      }
    },
    repeatLost: async () => {
      const now = performance.now();
      const again = lost.filter((order) => now - order.sinceMs < adjustGivenUpMs);
      lost = [];
      for (const [position, order] of again.entries()) {
        try {
          await run(order.keys, order.values);
        } catch {
          // Redis is away again: the rest waits with this one.
          lost = [...again.slice(position), ...lost].slice(-lostMax);
          return;
        }
      }
    },
    lost: () => lost.length,
  };
}

async function evaluate(redis: Redis, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
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

function takeAnswer(answer: readonly number[], counters: number): TakeAnswer {
  const [outcome, binding] = answer;
  if (outcome === -1) throw new Error("this take was cancelled before it ran");
  if (answer.length !== 2 + counters * 5) throw new Error("quota-ledger.lua answered for other counters than it was asked for");
  return {
    granted: outcome === 1,
    binding: (binding ?? 0) - 1,
    counters: Array.from({ length: counters }, (_, position) => {
      const [index = 0, leftMs = 0, used = 0, taken = 0] = answer.slice(2 + position * 5);
      return { index, leftMs, used, taken };
    }),
  };
}
