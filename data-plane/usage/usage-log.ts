/**
 * The node's own log of usage records: a record is on this disk before it goes anywhere, and stays until the ledger has it.
 *
 * Segments of 8 MB. What is appended is written within 5 ms, by one writer that takes all that has gathered, and synced at most
 * every 50 ms; only what is synced is shipped, so that a number is never given twice, whatever the machine does. What was synced
 * a moment ago is shipped from memory, in the very bytes that were written; what waits for longer is read back from the disk.
 * How it fails: open. Appending never waits and never throws. A disk that takes nothing is tried again, while up to 64 MB wait
 * in memory; beyond, records are dropped, counted, and said so once a minute.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { v7 } from "uuid";
import { frameBytes, type UsageFrames, writeFrame } from "#agreements/usage-frames.ts";
import { fillGap, openSegments, readSegment, type Segment, segmentAt } from "./usage-segment.ts";

export interface UsageLog {
  /** Node id and a random id that was made with the directory: a wiped disk begins a new space of numbers. */
  readonly name: string;
  /** @param record bytes of a UsageRecord; not to be changed afterwards. */
  append(record: Uint8Array): void;
  /** Synced records above `after`, in order, some 256 KB at a time. undefined: there is none yet. */
  read(after: bigint): Promise<UsageFrames | undefined>;
  /** The ledger has all up to here: whole segments behind it are deleted. */
  confirm(upTo: bigint): Promise<void>;
  confirmed(): bigint;
  /** Up to here all is synced. */
  synced(): bigint;
  /** The newest number that was given. */
  last(): bigint;
  /** Resolves when more has been synced than `after`, or at the time limit. */
  syncedBeyond(after: bigint, limitMs: number, signal: AbortSignal): Promise<void>;
  /** Records that the ledger has not confirmed. */
  waiting(): number;
  /** Records that were dropped since the start, because the disk took nothing. */
  dropped(): number;
  /** Writes and syncs what was appended, and lets go of the files. */
  close(): Promise<void>;
}

export interface UsageLogOptions {
  /** Made where it is missing. One process only: see data-directory.ts. */
  readonly directory: string;
  readonly nodeId: string;
  readonly logger: Logger;
  readonly segmentBytesMax?: number;
  readonly memoryBytesMax?: number;
}

const syncMs = 50;
/** Rest between two writes: 200 a second cost about a hundredth of a core, and what a killed process loses is that young. */
const writeMs = 5;
const retryMs = 1000;
const dropLogMs = 60_000;
const closeMsMax = 5000;

/** Records are written one behind the other into pieces of memory of this size, from which they go to the disk and into the queue. */
const pieceBytes = 256 * 1024;
/** Synced records kept for the queue; what it has not taken by then it gets from the disk. */
const freshBytesMax = 4 * 1024 * 1024;

/** Frames without a gap in one piece of memory. */
interface Batch {
  readonly piece: Buffer;
  readonly start: number;
  end: number;
  readonly first: bigint;
  last: bigint;
}

/** @throws Error where the directory cannot be made or read. */
export async function openUsageLog(options: UsageLogOptions): Promise<UsageLog> {
  const { directory, logger, segmentBytesMax = 8 * 1024 * 1024, memoryBytesMax = 64 * 1024 * 1024 } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const name = await readOrWrite(join(directory, "name"), `${options.nodeId}.${v7()}`);
  const confirmedPath = join(directory, "confirmed");
  let confirmed = BigInt(await readOrWrite(confirmedPath, "0"));
  const segments = await openSegments(directory, (path, bytes) =>
    logger.warn({ path, bytes }, "a torn tail of the usage log is cut off: it was being written when the process was killed"),
  );
  for (let index = 0, expected = confirmed + 1n; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined) break;
    if (segment.first > expected) {
      logger.error(
        { first: String(expected), last: String(segment.first - 1n) },
        "usage records are missing from the disk; they count as lost",
      );
      segments.splice(index++, 0, await fillGap(directory, expected, segment.first - 1n));
    }
    expected = segment.last + 1n;
  }
  let last = segments.at(-1)?.last ?? confirmed;
  if (last < confirmed) last = confirmed;
  let synced = last;

  /** Appended, not yet written. The last may still grow. */
  let queue: Batch[] = [];
  /** Written and not yet synced: written once more, elsewhere, where the sync fails. */
  let unsynced: Batch[] = [];
  let unsyncedBytes = 0;
  /** Of both. */
  let queuedBytes = 0;
  /** Synced and not yet read. */
  let fresh: Batch[] = [];
  let freshBytes = 0;
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let pieceUsed = 0;
  let dropped = 0;
  let droppedLogged = { count: 0, atMs: Number.NEGATIVE_INFINITY };
  let current: { readonly segment: Segment; readonly file: FileHandle } | undefined;
  let writing: Promise<void> | undefined;
  let closing = false;
  const listeners = new Set<() => void>();
  let reading = { after: -1n, path: "", offset: 0 };

  const openCurrent = async (first: bigint) => {
    if (current !== undefined) return current;
    const segment = segmentAt(directory, first);
    current = { segment, file: await open(segment.path, "w", 0o600) };
    segments.push(segment);
    return current;
  };
  const write = async (batches: readonly Batch[]) => {
    const [earliest] = batches;
    if (earliest === undefined) return;
    const { segment, file } = await openCurrent(earliest.first);
    let at = segment.bytes + unsyncedBytes;
    for (const batch of batches) {
      for (let written = batch.start; written < batch.end; ) {
        const { bytesWritten } = await file.write(batch.piece, written, batch.end - written, at);
        written += bytesWritten;
        at += bytesWritten;
      }
    }
    unsynced.push(...batches);
    unsyncedBytes = at - segment.bytes;
  };
  const sync = async () => {
    const newest = unsynced.at(-1);
    if (current === undefined || newest === undefined) return;
    const { segment, file } = current;
    await file.datasync();
    segment.bytes += unsyncedBytes;
    segment.last = newest.last;
    synced = newest.last;
    queuedBytes -= unsyncedBytes;
    for (const batch of unsynced) keepFresh(batch);
    unsynced = [];
    unsyncedBytes = 0;
    for (const listener of listeners) listener();
    if (segment.bytes < segmentBytesMax) return;
    current = undefined;
    await file.close();
  };
  const keepFresh = (batch: Batch) => {
    const before = fresh.at(-1);
    if (before?.piece === batch.piece && before.end === batch.start && before.last + 1n === batch.first) {
      before.end = batch.end;
      before.last = batch.last;
    } else fresh.push(batch);
    freshBytes += batch.end - batch.start;
    if (freshBytes <= freshBytesMax) return;
    fresh = [];
    freshBytes = 0;
  };
  const takeFresh = (after: bigint): UsageFrames | undefined => {
    while (fresh[0] !== undefined && fresh[0].first <= after) dropFresh();
    const [next] = fresh;
    if (next === undefined || next.first !== after + 1n) return undefined;
    dropFresh();
    return { first: next.first, last: next.last, bytes: next.piece.subarray(next.start, next.end) };
  };
  const dropFresh = () => {
    const taken = fresh.shift();
    if (taken !== undefined) freshBytes -= taken.end - taken.start;
  };
  /** After a failed write or sync the file cannot be trusted: it is cut back to the last good sync and gets no more. */
  const abandonCurrent = async () => {
    queue = [...unsynced, ...queue];
    unsynced = [];
    unsyncedBytes = 0;
    if (current === undefined) return;
    const { segment, file } = current;
    current = undefined;
    await file.truncate(segment.bytes).catch(() => undefined);
    await file.close().catch(() => undefined);
    if (segment.bytes === 0) segments.splice(segments.indexOf(segment), 1);
  };
  const writeQueue = async () => {
    // What one turn of the event loop appends goes out in one write.
    await undefined;
    let failing = false;
    let syncedAtMs = Number.NEGATIVE_INFINITY;
    while (queue.length > 0 || unsynced.length > 0) {
      const batches = queue;
      queue = [];
      try {
        await write(batches).catch((error: unknown) => {
          queue = [...batches, ...queue];
          throw error;
        });
        if (closing || performance.now() - syncedAtMs >= syncMs) {
          await sync();
          syncedAtMs = performance.now();
        }
        if (failing) logger.info("the usage log is written again");
        failing = false;
      } catch (error) {
        await abandonCurrent();
        if (!failing)
          logger.error({ err: error, directory }, "the usage log cannot be written; records wait in memory until the disk takes them");
        failing = true;
        if (closing) return;
      }
      if (!closing) await sleep(failing ? retryMs : writeMs);
    }
  };
  const keepWriting = () => {
    writing ??= writeQueue().finally(() => {
      writing = undefined;
      if (queue.length > 0 && !closing) keepWriting();
    });
  };
  const drop = () => {
    dropped++;
    const nowMs = performance.now();
    if (nowMs - droppedLogged.atMs < dropLogMs) return;
    logger.error(
      { dropped: dropped - droppedLogged.count, memoryBytesMax },
      "usage records are dropped: the disk takes nothing and memory is full",
    );
    droppedLogged = { count: dropped, atMs: nowMs };
  };

  return {
    name,
    append: (record) => {
      const bytes = frameBytes(record);
      if (closing || queuedBytes + bytes > memoryBytesMax) return drop();
      if (pieceUsed + bytes > piece.length) {
        piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, bytes));
        pieceUsed = 0;
      }
      const start = pieceUsed;
      last++;
      pieceUsed = writeFrame(piece, start, Number(last), record);
      const newest = queue.at(-1);
      if (newest?.piece === piece && newest.last + 1n === last) {
        newest.end = pieceUsed;
        newest.last = last;
      } else queue.push({ piece, start, end: pieceUsed, first: last, last });
      queuedBytes += bytes;
      keepWriting();
    },
    read: async (after) => {
      const next = takeFresh(after);
      if (next !== undefined) return next;
      const segment = segments.find((candidate) => candidate.last > after);
      if (segment === undefined) return undefined;
      const offset = reading.after === after && reading.path === segment.path ? reading.offset : 0;
      const read = await readSegment(segment, offset, after);
      reading = { after: read.frames?.last ?? after, path: segment.path, offset: read.offset };
      return read.frames;
    },
    confirm: async (upTo) => {
      if (upTo <= confirmed) return;
      if (upTo > last) {
        // Numbers that are confirmed already must not be given again: their records would pass for being in the ledger.
        logger.error(
          { upTo: String(upTo), last: String(last) },
          "the ledger knows more of this usage log than its disk does; numbers go on from there",
        );
        last = upTo;
        synced = upTo;
      }
      confirmed = upTo;
      await replace(confirmedPath, confirmed.toString());
      for (const segment of segments.filter((candidate) => candidate.last <= upTo && candidate !== current?.segment)) {
        segments.splice(segments.indexOf(segment), 1);
        await rm(segment.path, { force: true });
      }
    },
    confirmed: () => confirmed,
    synced: () => synced,
    last: () => last,
    syncedBeyond: async (after, limitMs, signal) => {
      if (synced > after || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          listeners.delete(onSync);
          resolve();
        };
        const onSync = () => {
          if (synced > after) done();
        };
        const timer = setTimeout(done, limitMs);
        timer.unref();
        signal.addEventListener("abort", done);
        listeners.add(onSync);
      });
    },
    waiting: () => Number(last - confirmed),
    dropped: () => dropped,
    close: async () => {
      closing = true;
      const limit = new Promise<void>((resolve) => setTimeout(resolve, closeMsMax).unref());
      await Promise.race([Promise.resolve(writing).then(writeQueue), limit]);
      if (queue.length > 0)
        logger.error({ records: Number(last - synced) }, "usage records are lost: the disk took nothing before the process ended");
      await current?.file.close();
      current = undefined;
    },
  };
}

async function readOrWrite(path: string, fallback: string): Promise<string> {
  const read = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  // Empty: the machine went down just after it was made.
  if (read.trim() !== "") return read.trim();
  await replace(path, fallback);
  return fallback;
}

async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.tmp`, content, { mode: 0o600, flush: true });
  await rename(`${path}.tmp`, path);
}
