/**
 * Reads Cohere's `usage`. `tokens` is what the model read and wrote; `billed_units` is what the bill counts, and is less. Pure.
 * Source: docs.cohere.com/reference/chat.
 */
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { objectOf } from "../common-form.ts";
import { rawUsage, tokenCount } from "../token-count.ts";

/** undefined: it says nothing that can be used. */
export function usageOf(value: unknown): TokenUsage | undefined {
  const { tokens, billed_units: billed, cached_tokens: cached } = objectOf(value);
  const counted = objectOf(tokens ?? billed);
  const inputTokens = tokenCount(counted["input_tokens"]);
  const outputTokens = tokenCount(counted["output_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens: Math.min(tokenCount(cached) ?? 0, inputTokens ?? 0),
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    estimated: inputTokens === undefined || outputTokens === undefined,
    raw: rawUsage(value),
  };
}
