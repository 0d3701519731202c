/** What a call used of its quotas, known at its end. Pure. */
import type { CallState } from "./call-state.ts";
import type { QuotaGrant } from "./quota-ledger.ts";

export type Settlement = Parameters<QuotaGrant["settle"]>[0];

/**
 * As counted where there is something to count. A backend that refused, or was never reached, generated nothing: zero is known
 * then. One that went silent may have worked for us all the same: unknown, and unknown is never zero.
 */
export function settlementOf({ usage, attempts }: CallState): Settlement {
  if (usage !== undefined) return { requests: 1, tokens: usage.inputTokens + usage.outputTokens };
  const nothingGenerated = attempts.every(({ result, httpStatus }) => httpStatus >= 400 || result === "OVERLOADED");
  return nothingGenerated ? { requests: 1, tokens: 0 } : "unknown";
}
