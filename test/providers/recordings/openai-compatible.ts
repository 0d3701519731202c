/**
 * What servers that speak the OpenAI chat API say in their own way, in the shape and with the members of recorded answers. The
 * source stands above each.
 */
const sse = (...events: (object | string)[]): string =>
  events
    .map((event) =>
      typeof event === "string" && event.startsWith(":")
        ? `${event}\n\n`
        : `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`,
    )
    .join("");
const done = "[DONE]";
const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_760_000_000, model: "m" };
const delta = (said: object, finish_reason: string | null = null, more: object = {}) => ({
  ...head,
  choices: [{ index: 0, delta: said, finish_reason, ...more }],
});
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** learn.microsoft.com, Azure OpenAI, "Content streaming": filter results before, within and behind the text; the last without a delta. */
const filtered = { content_filter_results: { hate: { filtered: false, severity: "safe" } } };
export const azure = sse(
  { id: "", object: "", created: 0, model: "", choices: [], prompt_filter_results: [{ prompt_index: 0, ...filtered }] },
  delta({ role: "assistant", content: "" }, null, { content_filter_results: {} }),
  delta({ content: "The water " }, null, filtered),
  delta({ content: "flows." }, null, filtered),
  delta({}, "stop", { content_filter_results: {} }),
  {
    id: "",
    object: "",
    created: 0,
    model: "",
    choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 0, start_offset: 0, end_offset: 10 }, ...filtered }],
  },
  { ...head, choices: [], usage },
  done,
);

/** ollama/openai/openai.go: `reasoning`, a whole call in one piece without an index, ended by "stop". */
export const ollama = sse(
  delta({ role: "assistant", content: "", reasoning: "Look." }),
  delta({
    role: "assistant",
    content: "",
    tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } }],
  }),
  delta({ role: "assistant", content: "" }, "stop"),
  { ...head, choices: [], usage },
  done,
);

/** llama.cpp tools/server: `timings` behind the usage, content null at first. */
export const llamaCpp = sse(
  delta({ role: "assistant", content: null }),
  delta({ content: "The water " }),
  delta({ content: "flows." }),
  delta({}, "stop"),
  { ...head, choices: [], usage, timings: { prompt_n: 10, predicted_n: 5 } },
  done,
);
export const llamaCppLoading = JSON.stringify({ error: { code: 503, message: "Loading model", type: "unavailable_error" } });
export const llamaCppTooLong = JSON.stringify({
  error: {
    code: 400,
    message: "the request exceeds the available context size, try increasing it",
    type: "exceed_context_size_error",
    n_prompt_tokens: 9000,
    n_ctx: 4096,
  },
});

/** docs.vllm.ai, `stream_options.continuous_usage_stats` and reasoning outputs: usage on each chunk, counting along. */
export const vllm = sse(
  { ...delta({ role: "assistant", content: "" }), usage: { prompt_tokens: 10, total_tokens: 10, completion_tokens: 0 } },
  { ...delta({ reasoning_content: "Look." }), usage: { prompt_tokens: 10, total_tokens: 12, completion_tokens: 2 } },
  { ...delta({ content: "The water flows." }), usage: { prompt_tokens: 10, total_tokens: 14, completion_tokens: 4 } },
  { ...delta({ content: "" }, "stop", { stop_reason: null }), usage },
  { ...head, choices: [], usage },
  done,
);
export const vllmAborted = sse(delta({ role: "assistant", content: "The water" }), delta({ content: "" }, "abort"), done);
export const vllmTooLong = JSON.stringify({
  object: "error",
  message: "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens in the messages.",
  type: "BadRequestError",
  param: null,
  code: 400,
});

/** huggingface/text-generation-inference, router/src/chat.rs and its errors. */
export const tgi = sse(delta({ role: "assistant", content: "The water flows." }), delta({ role: "assistant", content: "" }, "eos_token"), {
  ...head,
  choices: [],
  usage,
});
export const tgiBroken = sse(delta({ role: "assistant", content: "The water" }), {
  error: "Request failed during generation: Server error",
  error_type: "generation",
});
export const tgiTooLong = JSON.stringify({
  error: "Input validation error: `inputs` must have less than 4095 tokens. Given: 9000",
  error_type: "validation",
});

/** docs.mistral.ai/capabilities/reasoning and /citations: content as a list. Usage on the last choice, unasked. */
export const mistral = sse(
  delta({ role: "assistant", content: "" }),
  delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Look" }] }] }),
  delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "." }] }] }),
  delta({
    content: [
      { type: "text", text: "The water " },
      { type: "reference", reference_ids: [1] },
    ],
  }),
  { ...delta({ content: "flows." }, "model_length"), usage },
  done,
);
export const mistralRefusal = JSON.stringify({
  object: "error",
  message: { detail: [{ type: "extra_forbidden", loc: ["body", "logit_bias"], msg: "Extra inputs are not permitted", input: {} }] },
  type: "invalid_request_invalid_args",
  param: null,
  code: null,
});
export const mistralTooLong = JSON.stringify({
  object: "error",
  message: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
  type: "invalid_request_message",
  code: "3051",
});

/** api-docs.deepseek.com, "Rate limit" (keep-alive comments) and "Thinking mode". */
export const deepseek = sse(
  ": keep-alive",
  delta({ role: "assistant", content: null, reasoning_content: "" }),
  ": keep-alive",
  delta({ content: null, reasoning_content: "Look." }),
  delta({ content: "The water flows.", reasoning_content: null }),
  {
    ...delta({ content: "", reasoning_content: null }, "stop"),
    usage: { ...usage, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6, completion_tokens_details: { reasoning_tokens: 2 } },
  },
  done,
);
export const deepseekInterrupted = sse(
  delta({ role: "assistant", content: "The water" }),
  delta({ content: "" }, "insufficient_system_resource"),
  done,
);

/** console.groq.com/docs/api-reference: usage and failures in `x_groq`. */
export const groq = sse(
  { ...delta({ role: "assistant", content: "" }), x_groq: { id: "req_1" } },
  delta({ reasoning: "Look." }),
  delta({ content: "The water flows." }),
  { ...delta({}, "stop"), x_groq: { id: "req_1", usage: { queue_time: 0.01, ...usage, total_time: 0.02 } } },
  done,
);
export const groqBroken = sse(
  { ...delta({ role: "assistant", content: "The water" }), x_groq: { id: "req_1" } },
  { ...delta({}), x_groq: { id: "req_1", error: "over capacity" } },
  done,
);

/** openrouter.ai/docs, "Streaming" (comments, errors on the way) and "Reasoning tokens" (details with their signature). */
export const openrouter = sse(
  ": OPENROUTER PROCESSING",
  ": OPENROUTER PROCESSING",
  delta({
    role: "assistant",
    content: "",
    reasoning: "Look.",
    reasoning_details: [{ type: "reasoning.text", text: "Look.", format: "anthropic-claude-v1", index: 0 }],
  }),
  delta({
    role: "assistant",
    content: "",
    reasoning_details: [{ type: "reasoning.text", signature: "EqQB", format: "anthropic-claude-v1", index: 0 }],
  }),
  delta({ role: "assistant", content: "The water flows." }),
  delta({
    role: "assistant",
    content: "",
    annotations: [
      { type: "url_citation", url_citation: { url: "https://example.org", title: "t", content: "c", start_index: 4, end_index: 9 } },
    ],
  }),
  delta({ role: "assistant", content: "", images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] }),
  delta({ role: "assistant", content: "" }, "stop", { native_finish_reason: "end_turn" }),
  { ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }], usage: { ...usage, cost: 0.0001 } },
  done,
);
export const openrouterBroken = sse(delta({ role: "assistant", content: "The water" }), {
  ...delta({ content: "" }, "error"),
  error: { code: 429, message: "Rate limit exceeded", metadata: { provider_name: "X" } },
});
export const openrouterRefusal = JSON.stringify({
  error: { code: 400, message: "Provider returned error", metadata: { raw: "temperature must be at most 1", provider_name: "X" } },
});

const call = (more: object, piece: object) => delta({ tool_calls: [{ ...more, function: piece }] });

/** A function's call, as each of them streams it: in pieces or whole, with ids here and there, ended in its own word. */
export const calls = {
  /** platform.openai.com/docs/guides/function-calling, "Streaming"; with what the API adds to each chunk. */
  openai: sse(
    { ...delta({ role: "assistant", content: null }), service_tier: "default", system_fingerprint: "fp_1", obfuscation: "aB3" },
    call({ index: 0, id: "call_1", type: "function" }, { name: "weather", arguments: "" }),
    call({ index: 0 }, { arguments: '{"city":' }),
    call({ index: 0 }, { arguments: '"Köln"}' }),
    delta({}, "tool_calls"),
    { ...head, choices: [], usage },
    done,
  ),
  azure: sse(
    { id: "", object: "", created: 0, model: "", choices: [], prompt_filter_results: [{ prompt_index: 0, ...filtered }] },
    delta({ role: "assistant", content: null }, null, { content_filter_results: {} }),
    call({ index: 0, id: "call_1", type: "function" }, { name: "weather", arguments: "" }),
    call({ index: 0 }, { arguments: '{"city":"Köln"}' }),
    delta({}, "tool_calls", { content_filter_results: {} }),
    done,
  ),
  /** docs.vllm.ai/en/latest/features/tool_calling: the name alone, then pieces. */
  vllm: sse(
    delta({ role: "assistant", content: "" }),
    delta({ reasoning_content: "Look." }),
    call({ id: "chatcmpl-tool-1f", type: "function", index: 0 }, { name: "weather" }),
    call({ index: 0 }, { arguments: '{"city": "' }),
    call({ index: 0 }, { arguments: 'Köln"}' }),
    delta({ content: "" }, "tool_calls", { stop_reason: null }),
    done,
  ),
  /** llama.cpp tools/server/README.md, --jinja: reasoning apart, the first piece with its name and a brace. */
  llamaCpp: sse(
    delta({ role: "assistant", content: null }),
    delta({ reasoning_content: "Look." }),
    call({ index: 0, id: "4kQm", type: "function" }, { name: "weather", arguments: "{" }),
    call({ index: 0 }, { arguments: '"city":"Köln"}' }),
    delta({}, "tool_calls"),
    { ...head, choices: [], usage, timings: { prompt_n: 10 } },
    done,
  ),
  /** huggingface/text-generation-inference 2.x, router/src/lib.rs, ToolCallDelta: one call instead of a list, its name on each piece. */
  tgi: sse(
    delta({ role: "assistant", tool_calls: { index: 0, id: "", type: "function", function: { name: "weather", arguments: '{"city":' } } }),
    delta({ role: "assistant", tool_calls: { index: 0, id: "", type: "function", function: { name: "weather", arguments: '"Köln"}' } } }),
    delta({ role: "assistant", content: "" }, "eos_token"),
    done,
  ),
  /** docs.mistral.ai/capabilities/function_calling: whole, with an id of nine. */
  mistral: sse(
    delta({ role: "assistant", content: "" }),
    delta({ tool_calls: [{ id: "D681PevKs", function: { name: "weather", arguments: '{"city": "Köln"}' }, index: 0 }] }, "tool_calls"),
    done,
  ),
  /** api-docs.deepseek.com, "Function Calling" and "Thinking mode". */
  deepseek: sse(
    ": keep-alive",
    delta({ role: "assistant", content: null, reasoning_content: "Look." }),
    call({ index: 0, id: "call_00_x", type: "function" }, { name: "weather", arguments: "" }),
    call({ index: 0 }, { arguments: '{"city": "Köln"}' }),
    { ...delta({ content: "", reasoning_content: null }, "tool_calls"), usage },
    done,
  ),
  /** console.groq.com/docs/tool-use: whole in one piece. */
  groq: sse(
    { ...delta({ role: "assistant", content: null, reasoning: "Look." }), x_groq: { id: "req_1" } },
    delta({ tool_calls: [{ id: "fc_1", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' }, index: 0 }] }),
    { ...delta({}, "tool_calls"), x_groq: { id: "req_1", usage } },
    done,
  ),
  /** openrouter.ai/docs/features/tool-calling: comments before, the native word for the end beside. */
  openrouter: sse(
    ": OPENROUTER PROCESSING",
    call({ index: 0, id: "toolu_1", type: "function" }, { name: "weather", arguments: "" }),
    call({ index: 0, type: "function" }, { arguments: '{"city": "Köln"}' }),
    delta({ role: "assistant", content: "" }, "tool_calls", { native_finish_reason: "tool_use" }),
    { ...head, choices: [], usage },
    done,
  ),
} as const;

/** As TGI 2.x answers without a stream: arguments as an object (its issue 2010). */
export const tgiWholeCall = JSON.stringify({
  ...head,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        tool_calls: [{ id: "0", type: "function", function: { description: null, name: "weather", arguments: { city: "Köln" } } }],
      },
      finish_reason: "stop",
    },
  ],
  usage,
});

/** platform.openai.com/docs/api-reference/chat-streaming: a refusal, and an answer that broke off. */
export const openaiRefusal = sse(
  delta({ role: "assistant", content: null, refusal: null }),
  delta({ refusal: "I cannot " }),
  delta({ refusal: "help." }),
  delta({}, "stop"),
  done,
);
export const openaiTruncated = sse(delta({ role: "assistant", content: "" }), delta({ content: "The water" }));
