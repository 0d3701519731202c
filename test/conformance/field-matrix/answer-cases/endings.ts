/** Why it ended, what was used, and what only some providers have. */
import {
  type AnswerCase,
  bedrock,
  bedrockDelta,
  chat,
  cohere,
  cohereText,
  completions,
  gemini,
  messages,
  responseDelta,
  responses,
  responseText,
  textBlock,
  textOnly,
  usage,
} from "./wording.ts";

export const endingCases: readonly AnswerCase[] = [
  {
    feature: "ended by its length",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], { finish: "length" }),
      messages: messages([textBlock("said-so")], { stop_reason: "max_tokens" }),
      gemini: gemini([{ text: "said-so" }], { finishReason: "MAX_TOKENS" }),
      bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })], { stopReason: "max_tokens" }),
      cohere: cohere({ content: [{ type: "text", text: "said-so" }] }, cohereText("said-so"), { finish: "MAX_TOKENS" }),
      responses: responses([responseText("said-so")], [responseDelta("said-so")], {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
      }),
      completions: completions([{ index: 0, text: "said-so", finish_reason: "length" }]),
    },
    meaning: ["said-so", ['"length"', '"max_tokens"', '"max_output_tokens"', "FINISH_REASON_LENGTH"]],
  },
  {
    feature: "ended by a filter",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], { finish: "content_filter" }),
      messages: messages([textBlock("said-so")], { stop_reason: "refusal" }),
      gemini: gemini([{ text: "said-so" }], { finishReason: "SAFETY" }),
      bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })], { stopReason: "guardrail_intervened" }),
      completions: completions([{ index: 0, text: "said-so", finish_reason: "content_filter" }]),
    },
    meaning: ["said-so", ['"content_filter"', '"refusal"', "FINISH_REASON_CONTENT_FILTER"]],
  },
  {
    feature: "a reason that nobody knows",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], { finish: "brand_new" }),
      messages: messages([textBlock("said-so")], { stop_reason: "brand_new" }),
      gemini: gemini([{ text: "said-so" }], { finishReason: "brand_new" }),
      bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })], { stopReason: "brand_new" }),
      cohere: cohere({ content: [{ type: "text", text: "said-so" }] }, cohereText("said-so"), { finish: "brand_new" }),
    },
    meaning: ["brand_new"],
  },
  {
    feature: "which stop sequence ended it",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], { choice: { stop_reason: "STOP-HERE" } }),
      messages: messages([textBlock("said-so")], { stop_reason: "stop_sequence", stop_sequence: "STOP-HERE" }),
      bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })], {
        stopReason: "stop_sequence",
        additionalModelResponseFields: { stop_sequence: "STOP-HERE" },
      }),
    },
    meaning: ["STOP-HERE"],
    noWord: { responses: "its callers cannot ask for one", completions: "it tells only that one ended it, as OpenAI's does" },
  },
  {
    feature: "usage, with cache and reasoning",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], {
        usage: {
          prompt_tokens: 1234,
          completion_tokens: 567,
          total_tokens: 1801,
          prompt_tokens_details: { cached_tokens: 1000 },
          completion_tokens_details: { reasoning_tokens: 89 },
        },
      }),
      messages: messages(
        [textBlock("said-so")],
        { stop_reason: "end_turn" },
        {
          input_tokens: 234,
          cache_read_input_tokens: 1000,
          cache_creation_input_tokens: 0,
          output_tokens: 567,
          output_tokens_details: { thinking_tokens: 89 },
        },
      ),
      gemini: gemini(
        [{ text: "said-so" }],
        {},
        {
          usageMetadata: {
            promptTokenCount: 1234,
            cachedContentTokenCount: 1000,
            candidatesTokenCount: 478,
            thoughtsTokenCount: 89,
            totalTokenCount: 1801,
          },
        },
      ),
    },
    meaning: [["1234", "234"], "567", "1000", "89"],
    noWord: { completions: "it has three counters, and those are told" },
  },
  {
    feature: "usage, without more",
    said: {
      ...Object.fromEntries(
        Object.entries({
          bedrock: bedrock(
            [{ text: "said-so" }],
            [bedrockDelta({ text: "said-so" })],
            { stopReason: "end_turn" },
            { inputTokens: 1234, outputTokens: 567, totalTokens: 1801 },
          ),
          cohere: cohere({ content: [{ type: "text", text: "said-so" }] }, cohereText("said-so"), {
            counted: { tokens: { input_tokens: 1234, output_tokens: 567 } },
          }),
          completions: completions([{ index: 0, text: "said-so", finish_reason: "stop" }], {
            prompt_tokens: 1234,
            completion_tokens: 567,
            total_tokens: 1801,
          }),
          responses: responses([responseText("said-so")], [responseDelta("said-so")], {
            usage: { input_tokens: 1234, output_tokens: 567, total_tokens: 1801 },
          }),
        }),
      ),
    },
    meaning: ["1234", "567"],
  },
  {
    feature: "service tier that served",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], { head: { service_tier: "tiered-so" } }),
      messages: messages([textBlock("said-so")], { stop_reason: "end_turn" }, { ...usage.messages, service_tier: "tiered-so" }),
      responses: responses([responseText("said-so")], [responseDelta("said-so")], { service_tier: "tiered-so" }),
    },
    meaning: ["tiered-so"],
    noWord: { completions: "it has no member for it" },
  },
  {
    feature: "picture",
    said: {
      chat: chat({ content: "said-so", images: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0K" } }] }, [
        { content: "said-so" },
        { images: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0K" } }] },
      ]),
      gemini: gemini([{ text: "said-so" }, { inlineData: { mimeType: "image/png", data: "iVBORw0K" } }]),
    },
    meaning: ["iVBORw0K"],
    noWord: { completions: textOnly },
  },
  {
    feature: "speech",
    said: {
      chat: chat({ audio: { id: "audio_1", data: "UklGRg==", transcript: "spoken-so", expires_at: 1_800_000_000 } }, [
        { audio: { id: "audio_1", transcript: "spoken-so" } },
        { audio: { data: "UklGRg==" } },
        { audio: { expires_at: 1_800_000_000 } },
      ]),
    },
    meaning: ["spoken-so"],
    noWord: { completions: textOnly },
  },
  {
    feature: "custom tool's call",
    said: {
      chat: chat(
        { tool_calls: [{ id: "call_one", type: "custom", custom: { name: "custom-a", input: "input-so" } }] },
        [
          { tool_calls: [{ index: 0, id: "call_one", type: "custom", custom: { name: "custom-a", input: "" } }] },
          { tool_calls: [{ index: 0, custom: { input: "input-so" } }] },
        ],
        { finish: "tool_calls" },
      ),
    },
    meaning: ["call_one", "custom-a", "input-so"],
    noWord: { completions: textOnly, messages: "its callers cannot offer one" },
  },
  {
    feature: "part that only its provider has",
    said: {
      messages: messages([
        {
          start: {
            type: "web_search_tool_result",
            tool_use_id: "srvtoolu_1",
            content: [{ type: "web_search_result", url: "https://example.org/found" }],
          },
          deltas: [],
          whole: {
            type: "web_search_tool_result",
            tool_use_id: "srvtoolu_1",
            content: [{ type: "web_search_result", url: "https://example.org/found" }],
          },
        },
        textBlock("said-so"),
      ]),
      gemini: gemini([{ executableCode: { language: "PYTHON", code: "https://example.org/found" } }, { text: "said-so" }]),
      responses: responses(
        [
          { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "https://example.org/found" } },
          responseText("said-so"),
        ],
        [responseDelta("said-so")],
      ),
    },
    meaning: ["https://example.org/found"],
    noWord: {
      completions: textOnly,
      responses: "its callers are refused another provider's own tools",
      messages: "its callers are refused another provider's own tools",
    },
  },
];
