/** How a call can end, and what people call it. */
export const outcomes = ["OK", "CLIENT_ERROR", "DENIED", "UPSTREAM_ERROR", "TIMEOUT", "CANCELLED", "INTERNAL_ERROR", "NODE_LOST"] as const;
export type OutcomeName = (typeof outcomes)[number];

export const outcomeWords = (outcome: string): string => outcome.toLowerCase().replaceAll("_", " ");
