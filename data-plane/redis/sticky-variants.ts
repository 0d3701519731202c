/** What units were given, in Redis, so that every node knows it. Behind the breaker: a call waits 50 ms for it at the most. */
import { stickyVariantKey } from "#agreements/redis-names.ts";
import type { StickyVariants } from "../pipeline/sticky-variant.ts";
import type { RedisConnections } from "./connect.ts";

/** A unit that was not seen for so long may be drawn anew. */
const keptSeconds = 90 * 86_400;

export function redisStickyVariants({ breaker }: Pick<RedisConnections, "breaker">): StickyVariants {
  return {
    find: async (experimentId, keys) => {
      try {
        const values = await breaker.run((redis) => redis.mget(keys.map((key) => stickyVariantKey(experimentId, key))));
        return values.map((value) => value ?? undefined);
      } catch {
        return keys.map(() => undefined);
      }
    },
    keep: (experimentId, key, value) => {
      // Lost where Redis is away: then the next call keeps it.
      breaker.run((redis) => redis.set(stickyVariantKey(experimentId, key), value, "EX", keptSeconds)).catch(() => {});
    },
  };
}
