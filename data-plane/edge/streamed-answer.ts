/** What all answers that are streamed over HTTP have in common: their headers, and waiting for a caller that reads slowly. */
import { GatewayError } from "../gateway-error.ts";
import type { RestCall } from "./rest-server.ts";

export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Waits until the caller has read, at most `writeStallMs`; then the call ends as stalled. */
export function drained({ response, signal, end }: RestCall, writeStallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      response.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
    };
    const onDrain = () => {
      settle();
      resolve();
    };
    const onAbort = () => {
      settle();
      reject(signal.reason);
    };
    const timer = setTimeout(() => end(new GatewayError("CALLER_STALLED", "the caller did not read its answer")), writeStallMs);
    response.once("drain", onDrain);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
