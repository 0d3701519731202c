/**
 * A request for each field of the common form, and the words by which its meaning is known again in what a backend is sent. The
 * words are such that nothing else says them.
 */
export interface FieldCase {
  readonly field: string;
  readonly body: Record<string, unknown>;
  /** Each of them stands in what is sent, as JSON would write it there; a list in a list: any one of these. */
  readonly meaning: readonly (string | readonly string[])[];
  /** The gateway acts upon it itself, so that a backend that has no place for it loses nothing. */
  readonly ours?: true;
}

const user = { role: "user", content: "user-said" };
const asked = (content: unknown) => ({ messages: [{ role: "user", content }] });
const tool = {
  type: "function",
  function: { name: "fn-a", description: "fn-described", parameters: { type: "object", properties: { arg_a: { type: "string" } } } },
};
const other = { type: "function", function: { name: "fn-b", parameters: { type: "object", properties: {} } } };
const called = (result: object) => ({
  messages: [
    user,
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "abcDEF123", type: "function", function: { name: "fn-a", arguments: '{"arg_a":"argued"}' } }],
    },
    { role: "tool", tool_call_id: "abcDEF123", ...result },
  ],
  tools: [tool],
});
const reasoned = (details: object[], more: object = {}) => ({
  messages: [
    user,
    { role: "assistant", content: "assistant-said", reasoning_details: details, ...more },
    { role: "user", content: "and?" },
  ],
});
const png = "data:image/png;base64,iVBORw0K";

export const cases: readonly FieldCase[] = [
  {
    field: "system message",
    body: { messages: [{ role: "system", content: "system-said" }, user] },
    meaning: ["system-said", "user-said"],
  },
  { field: "developer message", body: { messages: [{ role: "developer", content: "developer-said" }, user] }, meaning: ["developer-said"] },
  {
    field: "several text parts",
    body: asked([
      { type: "text", text: "part-one" },
      { type: "text", text: "part-two" },
    ]),
    meaning: ["part-one", "part-two"],
  },
  {
    field: "assistant message",
    body: { messages: [user, { role: "assistant", content: "assistant-said" }, user] },
    meaning: ["assistant-said"],
  },
  {
    field: "refusal in the history",
    body: { messages: [user, { role: "assistant", content: null, refusal: "refused-so" }, user] },
    meaning: ["refused-so"],
  },
  { field: "name of a message's author", body: { messages: [{ ...user, name: "ann" }] }, meaning: ['"ann"'] },
  {
    field: "image, inline",
    body: asked([
      { type: "text", text: "x" },
      { type: "image_url", image_url: { url: png } },
    ]),
    meaning: ["iVBORw0K"],
  },
  {
    field: "image, by address",
    body: asked([
      { type: "text", text: "x" },
      { type: "image_url", image_url: { url: "https://example.org/a.png" } },
    ]),
    meaning: ["https://example.org/a.png"],
  },
  { field: "audio", body: asked([{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }]), meaning: ["UklGRg=="] },
  {
    field: "document, inline",
    body: asked([
      { type: "text", text: "x" },
      { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "a.pdf" } },
    ]),
    meaning: ["JVBERi0="],
  },
  { field: "document, by id", body: asked([{ type: "file", file: { file_id: "file-abc" } }]), meaning: ["file-abc"] },
  { field: "tools", body: { messages: [user], tools: [tool] }, meaning: ["fn-a", "fn-described", "arg_a"] },
  {
    field: "tools, strict",
    body: { messages: [user], tools: [{ ...tool, function: { ...tool.function, strict: true } }] },
    meaning: [['"strict":true', '"strict_tools":true', '"parametersJsonSchema"']],
  },
  { field: "tool_choice auto", body: { messages: [user], tools: [tool], tool_choice: "auto" }, meaning: ["fn-a"] },
  {
    field: "tool_choice none",
    body: { messages: [user], tools: [tool], tool_choice: "none" },
    meaning: [['"none"', '"NONE"', '"messages":[{"role":"user"']],
  },
  {
    field: "tool_choice required",
    body: { messages: [user], tools: [tool], tool_choice: "required" },
    meaning: [['"required"', '"any"', '"ANY"', '"REQUIRED"']],
  },
  {
    field: "tool_choice of one function",
    body: { messages: [user], tools: [tool, other], tool_choice: { type: "function", function: { name: "fn-b" } } },
    meaning: [
      [
        '"tool_choice":{"type":"function"',
        '"tool_choice":{"type":"tool"',
        '"allowedFunctionNames":["fn-b"]',
        '"toolChoice":{"tool"',
        '"REQUIRED"',
      ],
    ],
  },
  {
    field: "tool_choice of several",
    body: {
      messages: [user],
      tools: [tool, other],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "fn-b" } }] },
      },
    },
    meaning: ["fn-b", ['"allowed_tools"', '"any"', '"allowedFunctionNames"', '"toolChoice":{"tool"', '"REQUIRED"']],
  },
  {
    field: "parallel_tool_calls false",
    body: { messages: [user], tools: [tool], parallel_tool_calls: false },
    meaning: [['"parallel_tool_calls":false', '"disable_parallel_tool_use":true']],
  },
  { field: "tool call and its result", body: called({ content: "resulted" }), meaning: ["argued", "resulted", "abcDEF123"] },
  {
    field: "tool result that failed",
    body: called({ content: "resulted", is_error: true }),
    meaning: ["resulted", ['"is_error":true', '"status":"error"', '"error":"resulted"']],
  },
  {
    field: "image in a tool result",
    body: called({
      content: [
        { type: "text", text: "resulted" },
        { type: "image_url", image_url: { url: png } },
      ],
    }),
    meaning: ["resulted", "iVBORw0K"],
  },
  {
    field: "response_format json_object",
    body: { messages: [user], response_format: { type: "json_object" } },
    meaning: [["json_object", "application/json"]],
  },
  {
    field: "response_format json_schema",
    body: {
      messages: [user],
      response_format: {
        type: "json_schema",
        json_schema: { name: "s", schema: { type: "object", properties: { schema_a: { type: "string" } } } },
      },
    },
    meaning: ["schema_a"],
  },
  { field: "reasoning_effort", body: { messages: [user], reasoning_effort: "low" }, meaning: [['"low"', '"budget_tokens"']] },
  { field: "reasoning.max_tokens", body: { messages: [user], reasoning: { max_tokens: 2345 }, max_tokens: 9000 }, meaning: ["2345"] },
  {
    field: "signed reasoning, its own provider's",
    body: reasoned([{ type: "reasoning.text", text: "thought-so", signature: "sig-abc", format: "anthropic-claude-v1", provider: "p" }]),
    meaning: ["sig-abc"],
  },
  {
    field: "sealed reasoning, its own provider's",
    body: reasoned([{ type: "reasoning.encrypted", data: "sealed-abc", format: "google-gemini-v1", provider: "p" }]),
    meaning: ["sealed-abc"],
  },
  { field: "max_tokens", body: { messages: [user], max_tokens: 4321 }, meaning: ["4321"] },
  { field: "temperature", body: { messages: [user], temperature: 0.625 }, meaning: ["0.625"] },
  { field: "top_p", body: { messages: [user], top_p: 0.875 }, meaning: ["0.875"] },
  { field: "top_k", body: { messages: [user], top_k: 37 }, meaning: ["37"] },
  { field: "stop", body: { messages: [user], stop: ["STOP-HERE"] }, meaning: ["STOP-HERE"] },
  { field: "seed", body: { messages: [user], seed: 7654 }, meaning: ["7654"] },
  { field: "presence_penalty", body: { messages: [user], presence_penalty: 0.375 }, meaning: ["0.375"] },
  { field: "frequency_penalty", body: { messages: [user], frequency_penalty: 0.375 }, meaning: ["0.375"] },
  { field: "logit_bias", body: { messages: [user], logit_bias: { "4242": 5 } }, meaning: ["4242"] },
  { field: "n", body: { messages: [user], n: 3 }, meaning: [['"n":3', '"candidateCount":3']] },
  { field: "logprobs", body: { messages: [user], logprobs: true }, meaning: [['"logprobs":true', '"responseLogprobs":true']] },
  { field: "top_logprobs", body: { messages: [user], logprobs: true, top_logprobs: 4 }, meaning: [['"top_logprobs":4', '"logprobs":4']] },
  {
    field: "cache_control",
    body: asked([{ type: "text", text: "x", cache_control: { type: "ephemeral" } }]),
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  { field: "prompt_cache_key", body: { messages: [user], prompt_cache_key: "k" }, meaning: ['"prompt_cache_key":'] },
  { field: "service_tier flex", body: { messages: [user], service_tier: "flex" }, meaning: ['"flex"'] },
  { field: "user", body: { messages: [user], user: "user-1" }, meaning: ["user-1"], ours: true },
  { field: "metadata", body: { messages: [user], metadata: { a: "meta-1" } }, meaning: ["meta-1"], ours: true },
  { field: "store", body: { messages: [user], store: true }, meaning: ['"store":true'] },
  { field: "verbosity", body: { messages: [user], verbosity: "low" }, meaning: ['"verbosity":"low"'] },
  {
    field: "modalities, audio",
    body: { messages: [user], modalities: ["text", "audio"], audio: { voice: "Kore", format: "pcm16" } },
    meaning: ["Kore"],
  },
  { field: "prediction", body: { messages: [user], prediction: { type: "content", content: "predicted" } }, meaning: ["predicted"] },
  { field: "web_search_options", body: { messages: [user], web_search_options: {} }, meaning: [["web_search_options", "googleSearch"]] },
  { field: "a member that nobody knows", body: { messages: [user], brand_new: "unheard" }, meaning: ["unheard"] },
];
