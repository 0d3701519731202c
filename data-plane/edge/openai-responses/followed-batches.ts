/**
 * What a call brings, for a caller that watches and may leave: the call goes on without it. A caller that reads too slowly is let
 * go of, because nothing else holds the call back for it.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { CompletionEvent } from "../../pipeline/completion-event.ts";

/** Batches that wait for the caller. */
const waitingMax = 10_000;

export function followedBatches() {
  let waiting: (readonly CompletionEvent[])[] = [];
  let over = false;
  let failure: GatewayError | undefined;
  let wake: (() => void) | undefined;
  const notify = () => {
    wake?.();
    wake = undefined;
  };
  const fail = (error: GatewayError) => {
    failure ??= error;
    notify();
  };
  return {
    push(batch: readonly CompletionEvent[]): void {
      if (over || failure !== undefined) return;
      if (waiting.push(batch) > waitingMax) fail(new GatewayError("CALLER_STALLED", "the caller did not read its answer"));
      notify();
    },
    fail,
    end(): void {
      over = true;
      notify();
    },
    /** @throws GatewayError what ended the call, or the caller's leaving. */
    async *batches(signal: AbortSignal): AsyncGenerator<readonly CompletionEvent[], void> {
      const onAbort = () => fail(GatewayError.from(signal.reason));
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      try {
        for (;;) {
          const batches = waiting;
          waiting = [];
          yield* batches;
          if (waiting.length > 0) continue;
          if (failure !== undefined) throw failure;
          if (over) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
        failure ??= gone;
        waiting = [];
      }
    },
  };
}

const gone = new GatewayError("CANCELLED", "nobody watches any more");
