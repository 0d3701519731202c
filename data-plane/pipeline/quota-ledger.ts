/**
 * The port to the counters that all nodes share. A reservation is a hold on someone's quota: taken once before the backend is
 * called, on an estimate; settled once after, on every way out, with what the call really used.
 *
 * How it fails: counters that cannot be reached never make a call wait longer than the adapter's own clock. Soft and shadow
 * quotas then pass; hard ones spend the local lease and what is this node's share, then refuse with "unavailable".
 */
export interface QuotaLedger {
  /** Takes all holds or none. Idempotent by call id. Synchronous where a local lease has room: no promise for the usual call. */
  reserve(callId: string, holds: readonly QuotaHold[], signal: AbortSignal): QuotaDecision | Promise<QuotaDecision>;
  /** Gives unused leases back. */
  close(): Promise<void>;
}

export type QuotaWindow = "second" | "minute" | "hour" | "day" | "month";
export type QuotaEnforcement = "hard" | "soft" | "shadow";

export interface QuotaHold {
  readonly quotaId: string;
  /** What is counted by itself under this quota: "" for the whole scope, an end user's hash for a quota of each end user. */
  readonly subject: string;
  readonly resource: "requests" | "tokens";
  /** Calendar windows in UTC; the time is Redis's where there is one. */
  readonly window: QuotaWindow;
  readonly limit: number;
  readonly enforcement: QuotaEnforcement;
  /** 1 for requests; the estimate for tokens. At least 0. */
  readonly amount: number;
}

export type QuotaDecision = QuotaGrant | QuotaDenial;

export interface QuotaGrant {
  readonly granted: true;
  /** One for each hold, in its order. */
  readonly levels: readonly QuotaLevel[];
  /** Once; more calls have no effect. "unknown" leaves the estimate as it is, because unknown is not zero. Never throws. */
  settle(actual: { readonly requests: number; readonly tokens: number } | "unknown"): void;
}

export interface QuotaDenial {
  readonly granted: false;
  /** Index of the binding hold. */
  readonly hold: number;
  /** exhausted: there is no room in this window. unavailable: the counters cannot be reached and the local share is spent. */
  readonly reason: "exhausted" | "unavailable";
  readonly levels: readonly QuotaLevel[];
  /** Until the window turns, in milliseconds. */
  readonly retryAfterMs: number;
}

export interface QuotaLevel {
  /** What is left as far as this node knows; never negative. */
  readonly remaining: number;
  readonly resetMs: number;
}
