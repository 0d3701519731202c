/**
 * Takes usage records from the queue into the ledger: read, commit, advance the watermarks, acknowledge. In this order, so
 * that whatever dies in between, a record is given again and not lost; the ledger knows each call once, so given again is
 * harmless.
 *
 * With the database away nothing is read on, acknowledged or claimed: the batch in hand is tried again, from 0.1 to 5 s
 * apart. A record that can never be written (not a record, or refused for its content) goes to the dead letters at once,
 * because another delivery changes nothing about it. A delivery that was given out more than five times without an end
 * probably holds one that ends whoever takes it: its records are handed in again one by one, and the one that gets there
 * again goes to the dead letters too. Either counts as done, or its node would keep it for ever.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { Database } from "../database/orm.ts";
import type { Logger } from "../logger.ts";
import type { CallFeed } from "./call-feed.ts";
import { recordUsage } from "./record-usage.ts";
import type { QueuedRecord, UsageQueue } from "./usage-queue.ts";
import { watermarks } from "./watermarks.ts";

/** Deliveries taken at once, of up to 256 KB and some hundreds of records each: the more, the fewer sums are written. */
const entriesMax = 20;
const deliveriesMax = 5;
const claimEveryMs = 5_000;
const trimEveryMs = 5_000;
/** What a batch in hand gets to be written and acknowledged in, when we close. */
const closeMsMax = 2_000;
const pauseMsMin = 100;
const pauseMsMax = 5_000;

export interface LedgerConsumer {
  /** Ends after the batch in hand, or at once where it cannot be written. What is not acknowledged is given to others. */
  close(): Promise<void>;
}

export function consumeUsage(queue: UsageQueue, database: Database, feed: Pick<CallFeed, "publish">, logger: Logger): LedgerConsumer {
  const closing = new AbortController();
  const marks = watermarks(queue);
  let claimedAtMs = 0;
  let trimmedAtMs = Date.now();

  const write = async (given: readonly QueuedRecord[]): Promise<void> => {
    const batch = await withoutSuspects(given);
    const { records, dead } = readable(batch);
    const written = await recordUsage(
      database,
      records.map(({ record }) => record),
    );
    feed.publish(written.calls);
    for (const { index, reason } of written.rejected) {
      const rejected = records[index]?.queued;
      if (rejected !== undefined) dead.push({ queued: rejected, reason });
    }
    for (const { queued, reason } of dead) {
      logger.error({ log: queued.log, sequence: queued.sequence?.toString(), reason }, "a usage record went to the dead letters");
      await queue.bury(queued, reason);
    }
    await marks.done(batch);
    await queue.acknowledge([...new Set(batch.map(({ id }) => id))]);
  };

  /** Without the deliveries that were given out too often and hold several records: those are taken apart. */
  const withoutSuspects = async (given: readonly QueuedRecord[]): Promise<readonly QueuedRecord[]> => {
    const isSuspect = ({ deliveries, alone }: QueuedRecord) => deliveries > deliveriesMax && !alone;
    if (!given.some(isSuspect)) return given;
    for (const suspects of Map.groupBy(given.filter(isSuspect), ({ id }) => id).values()) await queue.separate(suspects);
    return given.filter((record) => !isSuspect(record));
  };

  const turn = async (): Promise<void> => {
    if (Date.now() - claimedAtMs >= claimEveryMs) {
      // Only with a database that answers: each claim counts as a delivery, and an outage must not make dead letters.
      await database.system((em) => em.execute("select 1"));
      const claimed = await queue.claim(entriesMax);
      if (claimed.length > 0) await write(claimed);
      // As long as there is more, the next turn claims again.
      if (claimed.length === 0) claimedAtMs = Date.now();
    }
    const batch = await queue.read(entriesMax);
    if (batch.length > 0) await retried(() => write(batch));
    else await marks.retry();
    if (Date.now() - trimmedAtMs >= trimEveryMs) {
      trimmedAtMs = Date.now();
      await queue.trim();
    }
  };

  /** Until it succeeds or we close: giving the batch up would leave it pending until somebody claims it. */
  const retried = async (work: () => Promise<void>): Promise<void> => {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (closing.signal.aborted || !queue.ready()) throw error;
        if (failures === 0) logger.warn({ err: error }, "usage records wait for the ledger; trying until they are written");
        await pause(failures, closing.signal);
      }
    }
  };

  const run = async () => {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        if (queue.ready()) {
          await turn();
          if (failures > 0) logger.info("usage records are written to the ledger again");
          failures = 0;
        } else await pause(0, closing.signal);
      } catch (error) {
        if (failures === 0 && !closing.signal.aborted)
          logger.warn({ err: error }, "usage records cannot be taken to the ledger; trying until they can");
        await pause(failures++, closing.signal);
      }
    }
  };
  const running = run();
  return {
    close: async () => {
      closing.abort();
      queue.stopReading();
      await settledWithin(running, closeMsMax);
      await queue.close();
      await running;
    },
  };
}

interface DeadRecord {
  readonly queued: QueuedRecord;
  readonly reason: string;
}

/** Those that are records, and those that never will be. */
function readable(batch: readonly QueuedRecord[]): {
  readonly records: readonly { readonly queued: QueuedRecord; readonly record: UsageRecord }[];
  readonly dead: DeadRecord[];
} {
  const dead: DeadRecord[] = [];
  const records = batch.flatMap((queued) => {
    if (queued.deliveries > deliveriesMax) {
      dead.push({ queued, reason: `it was given out ${queued.deliveries} times and never acknowledged` });
      return [];
    }
    try {
      return [{ queued, record: fromBinary(UsageRecordSchema, queued.record) }];
    } catch (error) {
      dead.push({ queued, reason: `it is not a usage record: ${error instanceof Error ? error.message : String(error)}` });
      return [];
    }
  });
  return { records, dead };
}

const pause = (failures: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(pauseMsMin * 2 ** Math.min(failures, 10), pauseMsMax) * (0.8 + Math.random() * 0.4));
    signal.addEventListener("abort", end);
  });

async function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
