/**
 * Reads the Messages API's `usage`. Its input tokens leave out what the cache was read from or written to, ours hold them. Pure.
 * Source: the API reference of Messages, "usage"; streaming, "cumulative".
 */
import type { TokenUsage } from "../../pipeline/completion-event.ts";

type Json = Readonly<Record<string, unknown>>;

/** The provider's own words are kept whole up to this many characters, else not at all: a part of them would not be JSON. */
const rawLengthMax = 4096;
/** No call has more tokens than this: a backend that says so is lying, and its word would empty a budget and overflow a bill. */
const tokensMax = 1_000_000_000;

/**
 * What is known after one more report of a stream: counters are totals of the whole message, so a later one replaces the earlier,
 * and one that is absent or null says nothing.
 */
export function mergedUsage(before: Json, later: unknown): Json {
  const merged: Record<string, unknown> = { ...before };
  if (typeof later === "object" && later !== null)
    for (const [name, value] of Object.entries(later)) if (value !== null && value !== undefined) merged[name] = value;
  return merged;
}

/** undefined: it says nothing that can be used. Numbers that cannot be (negative, fractional, beyond all bounds) count as not said. */
export function usageOf(usage: Json): TokenUsage | undefined {
  const uncached = count(usage["input_tokens"]);
  const outputTokens = count(usage["output_tokens"]);
  if (uncached === undefined && outputTokens === undefined) return undefined;
  const cacheReadTokens = count(usage["cache_read_input_tokens"]) ?? 0;
  const cacheWriteTokens = count(usage["cache_creation_input_tokens"]) ?? 0;
  const creation = usage["cache_creation"];
  const kept = typeof creation === "object" && creation !== null ? count((creation as Json)["ephemeral_1h_input_tokens"]) : undefined;
  const oneHour = Math.min(kept ?? 0, cacheWriteTokens);
  const details = usage["output_tokens_details"];
  const thinking = typeof details === "object" && details !== null ? count((details as Json)["thinking_tokens"]) : undefined;
  const said = JSON.stringify(usage);
  return {
    inputTokens: (uncached ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    ...(oneHour > 0 ? { cacheWriteOneHourTokens: oneHour } : {}),
    reasoningTokens: Math.min(thinking ?? 0, outputTokens ?? 0),
    audioInputTokens: 0,
    audioOutputTokens: 0,
    estimated: uncached === undefined || outputTokens === undefined,
    raw: said.length > rawLengthMax ? "" : said,
  };
}

const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= tokensMax ? value : undefined;
