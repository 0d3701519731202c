/** How long a call may live, and who may end it. */
import { GatewayError } from "../gateway-error.ts";

/** One for each call, made by the edge that took it. */
export interface CallLifetime {
  /** Aborts when the caller leaves, its deadline passes, the node shuts down or a clock runs out; the reason says which. */
  readonly signal: AbortSignal;
  /** Ends the call from within. The first reason holds. */
  end(reason: GatewayError): void;
}

/** The clock over a whole call. @returns what stops it. */
export function startTotalClock(totalMs: number, lifetime: CallLifetime): () => void {
  const timer = setTimeout(
    () => lifetime.end(new GatewayError("UPSTREAM_TIMEOUT", `the call took longer than its route allows (${totalMs} ms)`)),
    totalMs,
  );
  return () => clearTimeout(timer);
}
