/** How a call can end and what it can cost, and what people call it. Pure. */
import { money } from "../../format/numbers.ts";

export const outcomes = ["OK", "CLIENT_ERROR", "DENIED", "UPSTREAM_ERROR", "TIMEOUT", "CANCELLED", "INTERNAL_ERROR", "NODE_LOST"] as const;
export type OutcomeName = (typeof outcomes)[number];

export const outcomeWords = (outcome: string): string => outcome.toLowerCase().replaceAll("_", " ");

interface Cost {
  readonly costNanodollars: string | null;
  readonly priceVersion: unknown;
  /** Null: nobody counted any. */
  readonly inputTokens: string | null;
  readonly outputTokens: string | null;
  readonly attempts: readonly { readonly result: string }[];
}

/** A price is missing only where there are tokens that it would be for. */
export function costWords({ costNanodollars, priceVersion, inputTokens, outputTokens, attempts }: Cost): string {
  if (costNanodollars !== null) return `${money(costNanodollars)} (price version ${priceVersion})`;
  if ([inputTokens, outputTokens].some((tokens) => tokens !== null && tokens !== "0")) return "not known: the backend has no price";
  return attempts.some(({ result }) => result === "ok") ? "not known: no tokens were counted" : "none: no backend answered";
}
