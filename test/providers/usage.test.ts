/** Usage as vendors write it, in one meaning: input holds the cached, output holds the reasoning, and what is not said is not zero. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { usageOf } from "../../data-plane/providers/openai-compatible/usage.ts";

const nothing = {
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
};

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  [
    "OpenAI",
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 256, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
    },
    { inputTokens: 2006, outputTokens: 300, cacheReadTokens: 1920, reasoningTokens: 256 },
  ],
  [
    "OpenAI with audio",
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { audio_tokens: 40 },
      completion_tokens_details: { audio_tokens: 30 },
    },
    { inputTokens: 100, outputTokens: 50, audioInputTokens: 40, audioOutputTokens: 30 },
  ],
  [
    "vLLM",
    { prompt_tokens: 10, total_tokens: 15, completion_tokens: 5, prompt_tokens_details: null },
    { inputTokens: 10, outputTokens: 5 },
  ],
  ["llama.cpp", { completion_tokens: 5, prompt_tokens: 10, total_tokens: 15 }, { inputTokens: 10, outputTokens: 5 }],
  [
    "DeepSeek",
    { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
    { inputTokens: 100, outputTokens: 5, cacheReadTokens: 64 },
  ],
  [
    "OpenRouter",
    { prompt_tokens: 100, completion_tokens: 5, cost: 0.01, prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 30 } },
    { inputTokens: 100, outputTokens: 5, cacheReadTokens: 20, cacheWriteTokens: 30 },
  ],
  [
    "Mistral",
    { prompt_tokens: 10, total_tokens: 15, completion_tokens: 5, prompt_audio_seconds: {} },
    { inputTokens: 10, outputTokens: 5 },
  ],
  ["an answer of nothing", { prompt_tokens: 10, completion_tokens: 0 }, { inputTokens: 10, outputTokens: 0 }],
  [
    "more cached than there was",
    { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 5 } },
    { inputTokens: 10, outputTokens: 1, cacheReadTokens: 10, cacheWriteTokens: 0 },
  ],
  [
    "more reasoning than output",
    { prompt_tokens: 10, completion_tokens: 1, completion_tokens_details: { reasoning_tokens: 9 } },
    { inputTokens: 10, outputTokens: 1, reasoningTokens: 1 },
  ],
  [
    "details that are no numbers",
    { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: "5" }, completion_tokens_details: [] },
    { inputTokens: 10, outputTokens: 1 },
  ],
  ["input alone", { prompt_tokens: 10 }, { inputTokens: 10, outputTokens: 0, estimated: true }],
  ["output alone", { completion_tokens: 10 }, { inputTokens: 0, outputTokens: 10, estimated: true }],
])("%s", (_, said, meant) => {
  expect(usageOf(said)).toEqual({ ...nothing, ...meant, raw: JSON.stringify(said) });
});

describe("nothing that can be used is said by", () => {
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["a text", "5"],
    ["an empty object", {}],
    ["a list", [1, 2]],
    ["negative numbers", { prompt_tokens: -1, completion_tokens: -1 }],
    ["fractions", { prompt_tokens: 1.5, completion_tokens: 0.5 }],
    ["texts", { prompt_tokens: "1", completion_tokens: "2" }],
    ["more than can be counted", { prompt_tokens: 1e300, completion_tokens: Number.POSITIVE_INFINITY }],
    ["null", { prompt_tokens: null, completion_tokens: null, total_tokens: null }],
  ])("%s", (_, said) => {
    expect(usageOf(said)).toBeUndefined();
  });
});

test("the provider's own words are kept whole or not at all, so that what is kept is JSON", () => {
  const long = { prompt_tokens: 1, completion_tokens: 2, note: "x".repeat(5000) };
  expect(usageOf(long)).toMatchObject({ inputTokens: 1, outputTokens: 2, raw: "" });
});

test("input is never less than its parts, nor output, and no count is negative or a fraction", () => {
  const number = fc.oneof(fc.nat(1000), fc.constantFrom(-1, 0.5, null, "7", 2 ** 60), fc.constant(undefined));
  const said = fc.record({
    prompt_tokens: number,
    completion_tokens: number,
    prompt_cache_hit_tokens: number,
    prompt_tokens_details: fc.record({ cached_tokens: number, cache_write_tokens: number }),
    completion_tokens_details: fc.record({ reasoning_tokens: number }),
  });
  fc.assert(
    fc.property(said, (value) => {
      const usage = usageOf(value);
      if (usage === undefined) return;
      expect(usage.cacheReadTokens + usage.cacheWriteTokens).toBeLessThanOrEqual(usage.inputTokens);
      expect(usage.reasoningTokens).toBeLessThanOrEqual(usage.outputTokens);
      for (const count of [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheWriteTokens, usage.reasoningTokens])
        expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
    }),
  );
});
