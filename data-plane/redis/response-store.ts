/** Stored responses in Redis, for every node of an installation. On a connection of its own clocks, off the path of quotas. */
import { storedResponseKey } from "#agreements/redis-names.ts";
import { type ResponseStore, recordLengthMax, storedMs } from "../pipeline/response-store.ts";
import type { RedisConnections } from "./connect.ts";

export function redisResponseStore({ stream: redis }: Pick<RedisConnections, "stream">): ResponseStore {
  return {
    put: async (owner, id, record) => {
      if (record.length > recordLengthMax) return false;
      try {
        await redis.set(storedResponseKey(owner, id), record, "PX", storedMs);
        return true;
      } catch {
        return false;
      }
    },
    get: async (owner, id) => (await redis.get(storedResponseKey(owner, id))) ?? undefined,
    delete: async (owner, id) => (await redis.del(storedResponseKey(owner, id))) > 0,
  };
}
