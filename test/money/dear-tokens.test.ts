/** Tokens that cost something else are told apart as the providers say them. */
import { expect, test } from "vitest";
import { usageOf as anthropicUsage } from "../../data-plane/providers/anthropic/usage.ts";
import { usageOf as geminiUsage } from "../../data-plane/providers/gemini/usage.ts";

test("Anthropic's cache for an hour, which costs more than the one for five minutes", () => {
  const written = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 300 };
  const usage = anthropicUsage({ ...written, cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 } });
  expect(usage).toMatchObject({ inputTokens: 310, cacheWriteTokens: 300, cacheWriteOneHourTokens: 200 });
  expect(anthropicUsage(written)?.cacheWriteOneHourTokens).toBeUndefined();
  // More than were written at all cannot be.
  expect(anthropicUsage({ ...written, cache_creation: { ephemeral_1h_input_tokens: 900 } })?.cacheWriteOneHourTokens).toBe(300);
});

test("Gemini's sound and pictures, in and out", () => {
  const usage = geminiUsage({
    promptTokenCount: 1000,
    candidatesTokenCount: 1300,
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: 10 },
      { modality: "IMAGE", tokenCount: 258 },
      { modality: "AUDIO", tokenCount: 732 },
    ],
    candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
  });
  expect(usage).toMatchObject({ audioInputTokens: 732, imageInputTokens: 258, imageOutputTokens: 1290 });
});
