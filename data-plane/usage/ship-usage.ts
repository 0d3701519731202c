/**
 * Carries the usage log to the ledger: in order, in batches, again and again until the ledger says that it has them.
 *
 * A send that fails is repeated 0.1 s to 5 s later. Each second, while something waits, the watermark is asked for and the log
 * lets go of what is behind it. A pipe that says it lost records gets them again from the watermark; so does one that says
 * nothing while the watermark stands still for 30 s, then for twice as long each time, because the ledger may only be slow.
 */
import type { Logger } from "pino";
import { backOff } from "../back-off.ts";
import type { UsageLog } from "./usage-log.ts";
import { RecordsLost, type UsageStream } from "./usage-stream.ts";

export interface UsageShipping {
  /** Sends what was appended, at most for as long as given, and stops. What is left is sent after the next start. */
  close(drainMs: number): Promise<void>;
}

export interface UsageShippingOptions {
  readonly log: UsageLog;
  readonly stream: UsageStream;
  readonly logger: Logger;
  /** How long the watermark may stand still before all is sent again, in milliseconds; for tests. */
  readonly stillMsMax?: number;
}

/** Records on their way at once: some 60 MB in Redis where the ledger stands still. */
const underwayMax = 100_000n;
const watermarkMs = 1000;
const stillMsLongest = 600_000;
const sendMsMax = 15_000;

export function shipUsage({ log, stream, logger, stillMsMax = 30_000 }: UsageShippingOptions): UsageShipping {
  const closed = new AbortController();
  const wait = backOff();
  let cursor = log.confirmed();
  let stillMs = stillMsMax;
  let movedAtMs = performance.now();
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let failing = false;
  let draining = false;

  const withClock = async <T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error(`no answer within ${sendMsMax / 1000} s`)), sendMsMax);
    const abort = () => limit.abort(closed.signal.reason);
    closed.signal.addEventListener("abort", abort);
    try {
      return await act(limit.signal);
    } finally {
      clearTimeout(timer);
      closed.signal.removeEventListener("abort", abort);
    }
  };
  const sendAgain = (why: string) => {
    logger.warn({ from: String(log.confirmed()), to: String(cursor), why }, "usage records are sent again");
    cursor = log.confirmed();
    movedAtMs = performance.now();
  };
  const askWatermark = async () => {
    const nowMs = performance.now();
    if (nowMs - askedAtMs < watermarkMs || log.waiting() === 0) return;
    askedAtMs = nowMs;
    try {
      const watermark = await withClock((signal) => stream.watermark(signal));
      if (watermark > log.confirmed()) {
        await log.confirm(watermark);
        if (watermark > cursor) cursor = watermark;
        movedAtMs = performance.now();
        stillMs = stillMsMax;
      } else if (cursor === log.confirmed()) movedAtMs = performance.now();
      else if (performance.now() - movedAtMs > stillMs) {
        stillMs = Math.min(stillMsLongest, stillMs * 2);
        sendAgain("the ledger has confirmed nothing for long");
      }
    } catch (error) {
      if (!(error instanceof RecordsLost)) throw error;
      sendAgain(error.message);
    }
  };
  /** @returns whether there was something to send. */
  const sendOne = async (): Promise<boolean> => {
    if (cursor - log.confirmed() >= underwayMax) return false;
    const frames = await log.read(cursor);
    if (frames === undefined) return false;
    if (cursor === log.confirmed()) movedAtMs = performance.now();
    await withClock((signal) => stream.send(frames, signal));
    cursor = frames.last;
    return true;
  };

  const run = async () => {
    while (!closed.signal.aborted) {
      try {
        const sent = await sendOne();
        await askWatermark();
        wait.reset();
        if (failing) logger.info("usage records are shipped again");
        failing = false;
        if (sent) continue;
        if (draining && cursor >= log.last()) return;
        if (cursor < log.synced()) await log.syncedBeyond(log.synced(), watermarkMs, closed.signal);
        // With nothing on its way there is nothing to ask for: sleep until a call ends.
        else await log.syncedBeyond(cursor, log.waiting() === 0 ? 60_000 : watermarkMs, closed.signal);
      } catch (error) {
        if (closed.signal.aborted) return;
        if (!failing) logger.warn({ err: error, waiting: log.waiting() }, "usage records cannot be shipped; they wait on this node's disk");
        failing = true;
        if (draining) return;
        await wait.next(closed.signal);
      }
    }
  };
  const running = run();

  return {
    close: async (drainMs) => {
      draining = true;
      askedAtMs = Number.NEGATIVE_INFINITY;
      const timer = setTimeout(() => closed.abort(new Error("the node shuts down")), drainMs);
      // Whoever sleeps until a record comes is woken.
      const idle = setInterval(() => {
        if (cursor >= log.last()) closed.abort(new Error("the node shuts down"));
      }, 20);
      await running;
      clearTimeout(timer);
      clearInterval(idle);
      await stream.close();
    },
  };
}
