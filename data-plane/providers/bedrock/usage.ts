/**
 * Reads Converse's `usage`: its input tokens leave out what the cache was read from or written to, ours hold them. Pure.
 * Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html.
 */
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { objectOf } from "../common-form.ts";
import { rawUsage, tokenCount } from "../token-count.ts";

/** undefined: it says nothing that can be used. */
export function usageOf(value: unknown): TokenUsage | undefined {
  const usage = objectOf(value);
  const uncached = tokenCount(usage["inputTokens"]);
  const outputTokens = tokenCount(usage["outputTokens"]);
  if (uncached === undefined && outputTokens === undefined) return undefined;
  // Older answers call them …TokenCount.
  const cacheReadTokens = tokenCount(usage["cacheReadInputTokens"] ?? usage["cacheReadInputTokenCount"]) ?? 0;
  const cacheWriteTokens = tokenCount(usage["cacheWriteInputTokens"] ?? usage["cacheWriteInputTokenCount"]) ?? 0;
  return {
    inputTokens: (uncached ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    estimated: uncached === undefined || outputTokens === undefined,
    raw: rawUsage(value),
  };
}
