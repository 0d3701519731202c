/** The clock over a whole call, as a signal that also aborts when the call's own does. Cheaper and leak-free beside AbortSignal.any. */
import { GatewayError } from "../gateway-error.ts";

export interface TotalClock {
  readonly signal: AbortSignal;
  stop(): void;
}

export function totalClock(totalMs: number, parent: AbortSignal): TotalClock {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent.reason);
  const timer = setTimeout(
    () => controller.abort(new GatewayError("UPSTREAM_TIMEOUT", `the call took longer than its route allows (${totalMs} ms)`)),
    totalMs,
  );
  if (parent.aborted) onAbort();
  else parent.addEventListener("abort", onAbort);
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      parent.removeEventListener("abort", onAbort);
    },
  };
}
