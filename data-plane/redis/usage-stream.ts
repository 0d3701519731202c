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

export function redisUsageStream({ redis, logName, confirmed }: RedisUsageStreamOptions): UsageStream {
  let last: { readonly sequence: bigint; readonly entryId: string } | undefined;
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
      const entryId = answers.at(-1)?.[1];
      const sequence = records.at(-1)?.sequence;
      if (typeof entryId === "string" && sequence !== undefined) last = { sequence, entryId };
    },
    watermark: async (signal) => {
      signal.throwIfAborted();
      // In this order: what the consumer trimmed before the first question it had counted before the second.
      const lastIsThere = last === undefined || (await redis.stream.xrange(usageStreamKey, last.entryId, last.entryId)).length > 0;
      const stored = await redis.stream.hget(usageWatermarkKey, logName);
      const known = confirmed();
      if (stored === null && known > 0n) await redis.stream.hsetnx(usageWatermarkKey, logName, known.toString());
      const watermark = stored === null ? known : BigInt(stored);
      if (!lastIsThere && last !== undefined && watermark < last.sequence) {
        const lost = last.sequence;
        last = undefined;
        throw new RecordsLost(`Redis lost usage records up to ${lost}, of which the ledger has those up to ${watermark}`);
      }
      return watermark;
    },
    close: async () => {},
  };
}
