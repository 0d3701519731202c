/**
 * Usage records over a Redis stream. A record may arrive twice (a reply was lost) or never (Redis lost it): the node's log
 * keeps it until the watermark, which the ledger's consumer writes after its commit, has passed it.
 */
import { usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import type { UsageStream } from "../usage/usage-stream.ts";
import type { RedisConnections } from "./connect.ts";

export interface RedisUsageStreamOptions {
  readonly redis: Pick<RedisConnections, "stream">;
  /** Names this node's log, and with it the space of its sequence numbers. */
  readonly logName: string;
  /** What the log itself knows to be in the ledger. A Redis that forgot it is told, so that the count goes on from there. */
  readonly confirmed: () => bigint;
}

export function redisUsageStream({ redis, logName, confirmed }: RedisUsageStreamOptions): UsageStream {
  return {
    send: async (records, signal) => {
      signal.throwIfAborted();
      const pipeline = redis.stream.pipeline();
      for (const { sequence, record } of records)
        pipeline.xadd(usageStreamKey, "*", "node", logName, "sequence", sequence.toString(), "record", Buffer.from(record));
      const answers = (await pipeline.exec()) ?? [];
      // Some may have gone in: those are sent again, and the ledger knows each call once.
      for (const [error] of answers) if (error !== null) throw error;
      if (answers.length !== records.length) throw new Error("Redis answered fewer commands than it was sent");
    },
    watermark: async (signal) => {
      signal.throwIfAborted();
      const stored = await redis.stream.hget(usageWatermarkKey, logName);
      if (stored !== null) return BigInt(stored);
      const known = confirmed();
      if (known > 0n) await redis.stream.hsetnx(usageWatermarkKey, logName, known.toString());
      return known;
    },
    close: async () => {},
  };
}
