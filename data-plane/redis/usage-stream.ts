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
      if (typeof entryId !== "string" || sequence === undefined) return;
      // Sent again from further back: what was known of later batches no longer matters.
      underway = underway.filter((batch) => batch.sequence < sequence);
      // The oldest tells of a loss; those between may be forgotten.
      if (underway.length >= batchesMax) underway.splice(1, 1);
      underway.push({ sequence, entryId });
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
