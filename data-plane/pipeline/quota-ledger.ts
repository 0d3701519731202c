/**
 * The port to the counters that all nodes share. A reservation is a hold on someone's quota: taken once before the backend is
 * called, on an estimate; settled once after, on every way out, with what the call really used.
 *
 * How it fails: counters that cannot be reached never make a call wait longer than the adapter's own clock. Soft and shadow
 * quotas then pass; hard ones spend the local lease and what is this node's share, then refuse with "unavailable".
 */
import type { QuotaWindow } from "#agreements/quota-window.ts";

export interface QuotaLedger {
  /** Takes all holds or none. Idempotent by call id. Synchronous where a local lease has room: no promise for the usual call. */
  reserve(callId: string, holds: readonly QuotaHold[], signal: AbortSignal): QuotaDecision | Promise<QuotaDecision>;
  /** How each stands as far as this node knows. Takes nothing. */
  levels(holds: readonly QuotaHold[]): readonly QuotaLevel[];
  /** Gives unused leases back. */
  close(): Promise<void>;
}

export type QuotaEnforcement = "hard" | "soft" | "shadow";
export type QuotaResource = "requests" | "tokens" | "input_tokens" | "output_tokens" | "cost" | "concurrent_calls";

/** What is counted, and how far it may go. */
export interface MeteredQuota {
  readonly id: string;
  /** Counters of one organisation change together, whatever they count. */
  readonly organisationId: string;
  readonly resource: QuotaResource;
  /** "none" for concurrent calls, which are counted at a moment. */
  readonly window: QuotaWindow;
  readonly timeZone: string;
  /** Cost is in nano-dollars. */
  readonly limit: number;
  /** For sliding windows: at most this much at once, refilled evenly at `limit` a window. 0: as much as the limit. */
  readonly burst: number;
  readonly enforcement: QuotaEnforcement;
}

export interface QuotaHold {
  readonly quota: MeteredQuota;
  /** What is counted by itself under this quota: "" for the whole scope, an end user's hash for a quota of each end user. */
  readonly subject: string;
  /** 1 for requests and concurrent calls; the estimate for the others. At least 0. */
  readonly amount: number;
}

export type QuotaDecision = QuotaGrant | QuotaDenial;

/** What a call used. */
export interface QuotaUse {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** undefined: no price is known. What was reserved stays. */
  readonly costNanodollars: number | undefined;
}

export interface QuotaGrant {
  readonly granted: true;
  /** One for each hold, in its order. */
  readonly levels: readonly QuotaLevel[];
  /** How much of each hold is held now. */
  amounts(): readonly number[];
  /** Once; more calls have no effect. "unknown" leaves the estimate as it is, because unknown is not zero. Never throws. */
  settle(actual: QuotaUse | "unknown"): void;
  /** Holds as much as the call has used by now, where that is more than it holds. undefined: it may go on. Never throws. */
  extend(used: QuotaUse): QuotaDenial | undefined | Promise<QuotaDenial | undefined>;
}

export interface QuotaDenial {
  readonly granted: false;
  /** Index of the binding hold. */
  readonly hold: number;
  /** exhausted: there is no room in this window. unavailable: the counters cannot be reached and the local share is spent. */
  readonly reason: "exhausted" | "unavailable";
  readonly levels: readonly QuotaLevel[];
  /** Until there may be room again, in milliseconds. */
  readonly retryAfterMs: number;
}

export interface QuotaLevel {
  /** What is left as far as this node knows; never negative. */
  readonly remaining: number;
  /** Until nothing of what is used now counts any more. */
  readonly resetMs: number;
  /** More is used than the limit, which only soft and shadow quotas let happen. */
  readonly exceeded: boolean;
}

export function usedOf(resource: QuotaResource, use: QuotaUse): number | undefined {
  switch (resource) {
    case "requests":
      return use.requests;
    case "tokens":
      return use.inputTokens + use.outputTokens;
    case "input_tokens":
      return use.inputTokens;
    case "output_tokens":
      return use.outputTokens;
    case "cost":
      return use.costNanodollars;
    case "concurrent_calls":
      return 0;
    default:
      return resource satisfies never;
  }
}
