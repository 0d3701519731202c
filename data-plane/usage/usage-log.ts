/**
 * The node's own log of usage records: a record is on this disk before it goes anywhere, and stays until the ledger has it.
 *
 * Segments of 8 MB. What is appended is written within 2 ms, by one writer that takes all that has gathered, and synced at most
 * every 50 ms; only what is synced is shipped, so that a number is never given twice, whatever the machine does.
 * How it fails: open. Appending never waits and never throws. A disk that takes nothing is tried again, while up to 64 MB wait
 * in memory; beyond, records are dropped, counted, and said so once a minute.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { v7 } from "uuid";
import { fillGap, openSegments, readSegment, type Segment, segmentAt, sequencedRecord } from "./usage-segment.ts";
import type { SequencedRecord } from "./usage-stream.ts";

export interface UsageLog {
  /** Node id and a random id that was made with the directory: a wiped disk begins a new space of numbers. */
  readonly name: string;
  /** @param record bytes of a UsageRecord; not to be changed afterwards. */
  append(record: Uint8Array): void;
  /** Synced records above `after`, in order, from one segment at a time. Empty: there is none yet. */
  read(after: bigint, recordsMax: number): Promise<readonly SequencedRecord[]>;
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
/** Rest between two writes: 500 a second cost about a fiftieth of a core, and what a killed process loses is that young. */
const writeMs = 2;
const batchMax = 5000;
const retryMs = 1000;
const dropLogMs = 60_000;
const closeMsMax = 5000;

interface Waiting {
  readonly sequence: bigint;
  readonly bytes: Buffer;
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

  let queue: Waiting[] = [];
  /** Written and not yet synced: written once more, elsewhere, where the sync fails. */
  let unsynced: Waiting[] = [];
  let unsyncedBytes = 0;
  /** Of both. */
  let queuedBytes = 0;
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
  const write = async (batch: readonly Waiting[]) => {
    const [first] = batch;
    if (first === undefined) return;
    const { segment, file } = await openCurrent(first.sequence);
    const bytes = Buffer.concat(batch.map((waiting) => waiting.bytes));
    let written = 0;
    while (written < bytes.length) {
      const at = segment.bytes + unsyncedBytes + written;
      const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at);
      written += bytesWritten;
    }
    unsynced.push(...batch);
    unsyncedBytes += bytes.length;
  };
  const sync = async () => {
    const newest = unsynced.at(-1);
    if (current === undefined || newest === undefined) return;
    const { segment, file } = current;
    await file.datasync();
    segment.bytes += unsyncedBytes;
    segment.last = newest.sequence;
    synced = newest.sequence;
    queuedBytes -= unsyncedBytes;
    unsynced = [];
    unsyncedBytes = 0;
    for (const listener of listeners) listener();
    if (segment.bytes < segmentBytesMax) return;
    current = undefined;
    await file.close();
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
      const batch = queue.slice(0, batchMax);
      queue = queue.slice(batchMax);
      try {
        await write(batch).catch((error: unknown) => {
          queue = [...batch, ...queue];
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
      if (!closing && queue.length < batchMax) await sleep(failing ? retryMs : writeMs);
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
      if (closing || queuedBytes + record.length > memoryBytesMax) return drop();
      last++;
      const bytes = sequencedRecord(last, record);
      queue.push({ sequence: last, bytes });
      queuedBytes += bytes.length;
      keepWriting();
    },
    read: async (after, recordsMax) => {
      const segment = segments.find((candidate) => candidate.last > after);
      if (segment === undefined) return [];
      const offset = reading.after === after && reading.path === segment.path ? reading.offset : 0;
      const read = await readSegment(segment, offset, after, recordsMax);
      reading = { after: read.records.at(-1)?.sequence ?? after, path: segment.path, offset: read.offset };
      return read.records;
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
        logger.error({ records: queue.length }, "usage records are lost: the disk took nothing before the process ended");
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
