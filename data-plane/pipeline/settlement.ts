/** What a call used of its quotas, known at its end. Pure. */
import type { CallState } from "./call-state.ts";
import type { QuotaGrant, QuotaUse } from "./quota-ledger.ts";

export type Settlement = Parameters<QuotaGrant["settle"]>[0];

export const nothingUsed: QuotaUse = { requests: 1, inputTokens: 0, outputTokens: 0, costNanodollars: 0 };

/**
 * As counted where there is something to count. An answer from the cache was counted when it was made. A backend that refused, or
 * was never reached, generated nothing: zero is known then. One that went silent may have worked for us all the same: unknown, and
 * unknown is never zero.
 */
export function settlementOf({ usage, attempts, cached, costNanodollars }: CallState): Settlement {
  if (cached !== undefined) return nothingUsed;
  if (usage !== undefined)
    return {
      requests: 1,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      costNanodollars: costNanodollars === undefined ? undefined : Number(costNanodollars),
    };
  return attempts.every(generatedNothing) ? nothingUsed : "unknown";
}

export const generatedNothing = ({ result, httpStatus }: { readonly result: string; readonly httpStatus: number }): boolean =>
  httpStatus >= 400 || refusedHere.has(result);

/** Kinds of failures that come before a backend has been asked. */
const refusedHere = new Set(["OVERLOADED", "RATE_LIMITED", "BUDGET_EXHAUSTED", "QUOTA_UNAVAILABLE"]);
