/** Reads the OpenAI-shaped `usage` object: prompt tokens hold the cached ones, completion tokens hold the reasoning. Pure. */
import type { TokenUsage } from "../../pipeline/completion-event.ts";

/** The provider's own words are kept whole up to this many characters, else not at all: a part of them would not be JSON. */
const rawLengthMax = 4096;

/** undefined: it says nothing that can be used. Numbers that cannot be (negative, fractional, beyond all bounds) count as not said. */
export function usageOf(value: unknown): TokenUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const usage = value as Record<string, unknown>;
  const inputTokens = count(usage["prompt_tokens"]);
  const outputTokens = count(usage["completion_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const said = JSON.stringify(value);
  const input = object(usage["prompt_tokens_details"]);
  const output = object(usage["completion_tokens_details"]);
  const inputs = inputTokens ?? 0;
  const cacheReadTokens = Math.min(count(input["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"]) ?? 0, inputs);
  return {
    inputTokens: inputs,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens,
    cacheWriteTokens: Math.min(count(input["cache_write_tokens"]) ?? 0, inputs - cacheReadTokens),
    reasoningTokens: Math.min(count(output["reasoning_tokens"]) ?? 0, outputTokens ?? 0),
    audioInputTokens: count(input["audio_tokens"]) ?? 0,
    audioOutputTokens: count(output["audio_tokens"]) ?? 0,
    estimated: inputTokens === undefined || outputTokens === undefined,
    raw: said.length > rawLengthMax ? "" : said,
  };
}

/** No call has more tokens than this: a backend that says so is lying, and its word would empty a budget and overflow a bill. */
const tokensMax = 1_000_000_000;

const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= tokensMax ? value : undefined;

const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
