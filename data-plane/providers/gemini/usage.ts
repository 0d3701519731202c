/**
 * Reads `usageMetadata`. The prompt's count holds what came from the cache; thoughts are counted beside the answer's tokens and not
 * among them; what a tool of the provider's own put before the model is counted apart from both. Pure.
 *
 * Source: ai.google.dev/api/generate-content#UsageMetadata.
 */
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { listOf, objectOf } from "../common-form.ts";
import { rawUsage, tokenCount } from "../token-count.ts";

/** undefined: it says nothing that can be used. */
export function usageOf(value: unknown): TokenUsage | undefined {
  const usage = objectOf(value);
  const prompt = tokenCount(usage["promptTokenCount"]);
  const candidates = tokenCount(usage["candidatesTokenCount"]);
  const thoughts = tokenCount(usage["thoughtsTokenCount"]);
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined;
  const inputTokens = (prompt ?? 0) + (tokenCount(usage["toolUsePromptTokenCount"]) ?? 0);
  const imageInput = ofModality(usage["promptTokensDetails"], "IMAGE");
  const imageOutput = ofModality(usage["candidatesTokensDetails"], "IMAGE");
  return {
    inputTokens,
    outputTokens: (candidates ?? 0) + (thoughts ?? 0),
    cacheReadTokens: Math.min(tokenCount(usage["cachedContentTokenCount"]) ?? 0, inputTokens),
    cacheWriteTokens: 0,
    reasoningTokens: thoughts ?? 0,
    audioInputTokens: ofModality(usage["promptTokensDetails"], "AUDIO"),
    audioOutputTokens: ofModality(usage["candidatesTokensDetails"], "AUDIO"),
    ...(imageInput > 0 ? { imageInputTokens: imageInput } : {}),
    ...(imageOutput > 0 ? { imageOutputTokens: imageOutput } : {}),
    // A prompt that was blocked has no candidates, and its count of them is absent because it is zero.
    estimated: prompt === undefined,
    raw: rawUsage(value),
  };
}

const ofModality = (details: unknown, modality: string): number =>
  listOf(details).reduce<number>((sum, entry) => {
    const { modality: of, tokenCount: tokens } = objectOf(entry);
    return of === modality ? sum + (tokenCount(tokens) ?? 0) : sum;
  }, 0);
