/**
 * Hands what was said in calls to whoever keeps it. Beside the usage log and never in it: usage is money and waits on this disk for as
 * long as it takes; what was said is large, private and no money, so it is in memory alone and never on this node's disk. Up to 32 MiB
 * wait; what comes then is dropped and counted. How it fails: open.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { toBinary } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { type CallContent, CallContentSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { backOff } from "../back-off.ts";

/** Rejects where nobody took them; the same are given again later. Whoever takes them knows each call once. */
export type SendContent = (contents: readonly CallContent[], signal: AbortSignal) => Promise<void>;

export interface ContentShipping {
  /** Never waits and never throws. */
  keep(content: CallContent): void;
  /** Since the start. */
  dropped(): number;
  /** Sends what waits, at most for as long as given. */
  close(drainMs: number): Promise<void>;
}

const waitingBytesMax = 32 * 1024 * 1024;
/** Of one message, and so of one call: gRPC takes twice as much. */
const sendBytesMax = 2 * 1024 * 1024;
const sendCountMax = 100;
/** What one turn gathers goes in one message. */
const gatherMs = 50;
const sendMsMax = 10_000;
const dropLogMs = 60_000;

export function shipContent(send: SendContent, logger: Logger): ContentShipping {
  const closed = new AbortController();
  const wait = backOff();
  let waiting: { readonly content: CallContent; readonly bytes: number }[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let droppedLoggedAtMs = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  let draining = false;

  const drop = () => {
    dropped++;
    const nowMs = performance.now();
    if (nowMs - droppedLoggedAtMs < dropLogMs) return;
    droppedLoggedAtMs = nowMs;
    logger.warn(
      { dropped, waitingBytesMax },
      "what is said in calls is not kept: nobody takes it from this node, and memory for it is full",
    );
  };
  const sendAll = async () => {
    let failing = false;
    while (waiting.length > 0 && !closed.signal.aborted) {
      if (!draining) await sleep(gatherMs);
      const some = firstOf(waiting);
      try {
        await withClock(closed.signal, (signal) =>
          send(
            some.map(({ content }) => content),
            signal,
          ),
        );
        waiting = waiting.slice(some.length);
        for (const { bytes } of some) waitingBytes -= bytes;
        wait.reset();
        if (failing) logger.info("what is said in calls is kept again");
        failing = false;
      } catch (error) {
        if (!failing && !closed.signal.aborted)
          logger.warn({ err: error, waiting: waiting.length }, "what is said in calls cannot be handed on; it waits in memory");
        failing = true;
        await wait.next(closed.signal);
      }
    }
  };
  return {
    keep: (content) => {
      const bytes = toBinary(CallContentSchema, content).length;
      if (draining || bytes > sendBytesMax || waitingBytes + bytes > waitingBytesMax) return drop();
      waiting.push({ content, bytes });
      waitingBytes += bytes;
      sending ??= sendAll().finally(() => {
        sending = undefined;
      });
    },
    dropped: () => dropped,
    close: async (drainMs) => {
      draining = true;
      const timer = setTimeout(() => closed.abort(new Error("the node shuts down")), drainMs);
      await sending;
      clearTimeout(timer);
      dropped += waiting.length;
    },
  };
}

function firstOf<Waiting extends { readonly bytes: number }>(waiting: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = waiting.slice(0, sendCountMax).findIndex((one) => {
    bytes += one.bytes;
    return bytes > sendBytesMax;
  });
  return waiting.slice(0, end === -1 ? sendCountMax : Math.max(1, end));
}

async function withClock(closed: AbortSignal, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${sendMsMax / 1000} s`)), sendMsMax);
  const abort = () => limit.abort(closed.reason);
  closed.addEventListener("abort", abort);
  try {
    await act(limit.signal);
  } finally {
    clearTimeout(timer);
    closed.removeEventListener("abort", abort);
  }
}
