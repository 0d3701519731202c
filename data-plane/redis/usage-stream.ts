/**
 * Usage records over a Redis stream. A record may arrive twice (a reply was lost) or never (Redis lost it): the node's log
 * keeps it until the watermark, which the ledger's consumer writes after its commit, has passed it. The consumer trims the
 * stream only behind that watermark, so an entry that is gone before was lost, by a FLUSHALL or a restart.
 */
import { usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import { RecordsLost, type UsageStream } from "../usage/usage-stream.ts";
import type { RedisConnections } from "./connect.ts";

export interface RedisUsageStreamOptions {
  readonly redis: Pick<RedisConnections, "stream">;
  /** Names this node's log, and with it the space of its sequence numbers. */
  readonly logName: string;
  /** What the log itself knows to be in the ledger. A Redis that forgot it is told, so that the count goes on from there. */
  readonly confirmed: () => bigint;
}

/** Batches remembered: those of underway records at the usual size, and a little. */
const batchesMax = 1000;

export function redisUsageStream({ redis, logName, confirmed }: RedisUsageStreamOptions): UsageStream {
  /** The last record of each batch that the ledger has not yet, the oldest first. */
  let underway: { readonly sequence: bigint; readonly entryId: string }[] = [];
  return {
    send: async ({ last, bytes }, signal) => {
      signal.throwIfAborted();
      const entryId = await redis.stream.xadd(usageStreamKey, "*", "node", logName, "frames", bytes);
      if (entryId === null) throw new Error("Redis did not take the usage records");
      // Sent again from further back: what was known of later batches no longer matters.
      underway = underway.filter((batch) => batch.sequence < last);
      // The oldest tells of a loss; those between may be forgotten.
      if (underway.length >= batchesMax) underway.splice(1, 1);
      underway.push({ sequence: last, entryId });
    },
    watermark: async (signal) => {
      signal.throwIfAborted();
      // In this order: what the consumer trimmed before the first question it had counted before the second.
      const oldest = underway[0];
      const oldestIsThere = oldest === undefined || (await redis.stream.xrange(usageStreamKey, oldest.entryId, oldest.entryId)).length > 0;
      const stored = await redis.stream.hget(usageWatermarkKey, logName);
      const known = confirmed();
      if (stored === null && known > 0n) await redis.stream.hsetnx(usageWatermarkKey, logName, known.toString());
      const watermark = stored === null ? known : BigInt(stored);
      if (!oldestIsThere && watermark < oldest.sequence) {
        underway = [];
        throw new RecordsLost(`Redis lost usage records from ${watermark + 1n} on before the ledger had them`);
      }
      underway = underway.filter((batch) => batch.sequence > watermark);
      return watermark;
    },
    close: async () => {},
  };
}
