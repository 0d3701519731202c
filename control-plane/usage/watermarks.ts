/**
 * Advances each node's watermark: up to which number of its log every record is in the ledger. Two control planes take
 * parts of one log in turns, so a later part may be done before an earlier one. It is then remembered here and tried again
 * until it follows on. What is forgotten (this process ends, or the bound is reached) does no harm: the node finds its
 * watermark standing still, hands the records in again, and the ledger knows them.
 */
import type { QueuedRecord, UsageQueue } from "./usage-queue.ts";

/** Parts that wait for what comes before them, over all logs. */
const waitingMax = 10_000;
/** A node hands in again after 30 s; a part that waits for longer will come again by itself. */
const waitingMsMax = 120_000;

interface Part {
  readonly log: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly doneAtMs: number;
}

export interface Watermarks {
  /** These are in the ledger, or in the dead letters. */
  done(batch: readonly QueuedRecord[]): Promise<void>;
  /** Tries again those parts that did not follow on. */
  retry(): Promise<void>;
}

export function watermarks(queue: Pick<UsageQueue, "advance">, now: () => number = Date.now): Watermarks {
  let waiting: readonly Part[] = [];
  const advance = async (parts: readonly Part[]): Promise<void> => {
    // Kept until all went well: a Redis that goes away in the middle must not cost us the rest.
    waiting = parts;
    const left: Part[] = [];
    for (const part of parts) if ((await queue.advance(part.log, part.from, part.to)) < part.to) left.push(part);
    waiting = left.filter((part) => now() - part.doneAtMs < waitingMsMax).slice(-waitingMax);
  };
  return {
    done: (batch) => advance(joined([...waiting, ...partsOf(batch, now())])),
    retry: async () => {
      if (waiting.length > 0) await advance(waiting);
    },
  };
}

/** Pure: runs of numbers without a gap, for each log. */
export function partsOf(batch: readonly Pick<QueuedRecord, "log" | "sequence">[], doneAtMs: number): readonly Part[] {
  return joined(batch.flatMap(({ log, sequence }) => (sequence === undefined ? [] : [{ log, from: sequence, to: sequence, doneAtMs }])));
}

/** Sorted by log and number; parts that touch or overlap become one. */
function joined(parts: readonly Part[]): readonly Part[] {
  const sorted = [...parts].sort((one, other) => (one.log === other.log ? Number(one.from - other.from) : one.log < other.log ? -1 : 1));
  const result: Part[] = [];
  for (const part of sorted) {
    const last = result.at(-1);
    if (last !== undefined && last.log === part.log && part.from <= last.to + 1n) {
      const joinedSoFar = { ...last, doneAtMs: Math.max(last.doneAtMs, part.doneAtMs) };
      result[result.length - 1] = part.to > last.to ? { ...joinedSoFar, to: part.to } : joinedSoFar;
    } else result.push(part);
  }
  return result;
}
