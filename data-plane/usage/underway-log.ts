/**
 * What this node's disk knows of calls that run: for each that runs for longer than a moment, the record by which it will be
 * told if the node is killed before the call ends. Short calls pay nothing.
 *
 * One file after another. A call that ends is not struck out: its own record stands in the usage log by then, and of two records
 * of one call the ledger keeps the first. So that a file does not grow for ever, the next one begins with the calls that run
 * still, and the one before is deleted. How it fails: open. Nothing waits for it; a disk that takes nothing is said once.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { framesOf, readFrames } from "#agreements/usage-frames.ts";
import type { UsageLog } from "./usage-log.ts";

export interface UnderwayLog {
  /** There are calls again after there were none. */
  wake(): void;
  /** Forgets what it knows, where all calls have ended: their records stand in the usage log. */
  close(): Promise<void>;
}

/** The calls that run. */
export interface RunningCalls {
  any(): boolean;
  /** Records of those that began before then, in milliseconds since 1970, by which they are told if they never end: of all, or of those that were not asked for before. */
  records(startedBeforeMs: number, which: "all" | "new"): readonly Uint8Array[];
}

export interface UnderwayLogOptions {
  /** Made where it is missing. One process only. */
  readonly directory: string;
  readonly usageLog: UsageLog;
  readonly calls: RunningCalls;
  readonly logger: Logger;
}

/** Calls that are over by then are not written: those that a killed node loses were that young, in milliseconds. */
const noteAfterMs = 50;
const fileBytesMin = 1024 * 1024;
const recoverMsMax = 10_000;

/** First hands what the process before left behind to the usage log. @throws Error where the directory cannot be made or read. */
export async function openUnderwayLog({ directory, usageLog, calls, logger }: UnderwayLogOptions): Promise<UnderwayLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await recover(directory, usageLog, logger);
  let file: { readonly path: string; readonly handle: FileHandle; bytes: number; readonly bytesMax: number } | undefined;
  const openedAtMs = Date.now();
  let files = 0;
  let armed = false;
  let closed = false;
  let failing = false;
  let noting: Promise<void> = Promise.resolve();

  const wake = () => {
    if (armed || closed) return;
    armed = true;
    setTimeout(() => {
      noting = note().then(() => {
        armed = false;
        if (calls.any()) wake();
      });
    }, noteAfterMs).unref();
  };
  const note = async () => {
    try {
      const records = calls.records(Date.now() - noteAfterMs, failing ? "all" : "new");
      if (records.length === 0) return;
      const { bytes } = framesOf(1n, records);
      if (file !== undefined && file.bytes + bytes.length > file.bytesMax) await turnOver();
      else await write(bytes);
      failing = false;
    } catch (error) {
      if (!failing) logger.error({ err: error, directory }, "calls that run cannot be noted; if this node is killed, they are on no bill");
      failing = true;
      await file?.handle.close().catch(() => undefined);
      file = undefined;
    }
  };
  const write = async (bytes: Buffer) => {
    file ??= await begin(fileBytesMin);
    await file.handle.write(bytes, 0, bytes.length, file.bytes);
    file.bytes += bytes.length;
  };
  const begin = async (bytesMax: number) => {
    const path = join(directory, `${openedAtMs}-${String(files++).padStart(8, "0")}.calls`);
    return { path, handle: await open(path, "w", 0o600), bytes: 0, bytesMax };
  };
  const turnOver = async () => {
    const before = file;
    const { bytes } = framesOf(1n, calls.records(Date.now() - noteAfterMs, "all"));
    file = await begin(Math.max(fileBytesMin, bytes.length * 4));
    await write(bytes);
    await before?.handle.close();
    if (before !== undefined) await rm(before.path, { force: true });
  };

  return {
    wake,
    close: async () => {
      closed = true;
      await noting;
      await file?.handle.close().catch(() => undefined);
      if (!calls.any()) await removeAll(directory);
    },
  };
}

const fileName = /\.calls$/;

/** Newest first: of two records of a call the ledger keeps the first, and the later one knew more. */
async function recover(directory: string, usageLog: UsageLog, logger: Logger): Promise<void> {
  const names = (await readdir(directory)).filter((name) => fileName.test(name)).sort();
  let records = 0;
  for (const name of names.reverse()) {
    for (const { record } of readFrames(await readFile(join(directory, name))).frames.toReversed()) {
      usageLog.append(record);
      records++;
    }
  }
  if (records === 0) return removeAll(directory);
  logger.warn({ records }, "this node was killed: calls that ran are told as lost, at their estimates, where their ends are not known");
  const limit = AbortSignal.timeout(recoverMsMax);
  while (usageLog.synced() < usageLog.last() && !limit.aborted) await usageLog.syncedBeyond(usageLog.synced(), recoverMsMax, limit);
  // What is not on the disk yet is tried again after the next start: twice told is told once.
  if (usageLog.synced() >= usageLog.last()) await removeAll(directory);
}

async function removeAll(directory: string): Promise<void> {
  for (const name of await readdir(directory)) if (fileName.test(name)) await rm(join(directory, name), { force: true });
}
