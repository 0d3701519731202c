/**
 * What OpenAI's Responses API streams, in the shape and with the members of the examples in its API reference ("Streaming events")
 * and its guides to reasoning and to function calling: named events with their numbers, the whole response in the first and the last.
 */
type Json = Readonly<Record<string, unknown>>;

const sse = (...events: readonly Json[]): string =>
  events.map((event, i) => `event: ${String(event["type"])}\ndata: ${JSON.stringify({ ...event, sequence_number: i })}\n\n`).join("");

const response = { id: "resp_67cb", object: "response", created_at: 1_741_290_958, model: "gpt-5-2025-08-07", error: null, store: false };
const begun = [
  { type: "response.created", response: { ...response, status: "in_progress", output: [], usage: null } },
  { type: "response.in_progress", response: { ...response, status: "in_progress", output: [], usage: null } },
];
const usage = {
  input_tokens: 37,
  input_tokens_details: { cached_tokens: 8 },
  output_tokens: 11,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 48,
};
const ended = (status: "completed" | "incomplete", output: readonly Json[], more: Json = {}) => ({
  type: `response.${status}`,
  response: { ...response, status, output, usage, ...more },
});

const part = { type: "output_text", text: "The water flows 🚰.", annotations: [], logprobs: [] };
const message = { id: "msg_67c9", type: "message", status: "completed", role: "assistant", content: [part] };
const at = { item_id: "msg_67c9", output_index: 0, content_index: 0 };
const said = [
  { type: "response.output_item.added", output_index: 0, item: { ...message, status: "in_progress", content: [] } },
  { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
  { type: "response.output_text.delta", ...at, delta: "The water ", logprobs: [], obfuscation: "x1" },
  { type: "response.output_text.delta", ...at, delta: "flows 🚰.", logprobs: [], obfuscation: "x2y" },
  { type: "response.output_text.done", ...at, text: part.text, logprobs: [] },
  { type: "response.content_part.done", ...at, part },
  { type: "response.output_item.done", output_index: 0, item: message },
];

export const text = sse(...begun, ...said, ended("completed", [message]));

const reasoning = { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "Look." }], encrypted_content: "gAAAAABo" };
const call = { id: "fc_1", type: "function_call", status: "completed", call_id: "call_1", name: "weather", arguments: '{"city":"Köln"}' };
const callAt = { item_id: "fc_1", output_index: 1 };

/** Thought with a summary and its sealed content, then a call. */
export const reasoningAndCall = sse(
  ...begun,
  { type: "response.output_item.added", output_index: 0, item: { ...reasoning, summary: [] } },
  {
    type: "response.reasoning_summary_part.added",
    item_id: "rs_1",
    output_index: 0,
    summary_index: 0,
    part: { type: "summary_text", text: "" },
  },
  { type: "response.reasoning_summary_text.delta", item_id: "rs_1", output_index: 0, summary_index: 0, delta: "Look." },
  { type: "response.reasoning_summary_text.done", item_id: "rs_1", output_index: 0, summary_index: 0, text: "Look." },
  { type: "response.output_item.done", output_index: 0, item: reasoning },
  { type: "response.output_item.added", output_index: 1, item: { ...call, status: "in_progress", arguments: "" } },
  { type: "response.function_call_arguments.delta", ...callAt, delta: '{"city":' },
  { type: "response.function_call_arguments.delta", ...callAt, delta: '"Köln"}' },
  { type: "response.function_call_arguments.done", ...callAt, arguments: call.arguments },
  { type: "response.output_item.done", output_index: 1, item: call },
  ended("completed", [reasoning, call]),
);

export const cutByItsLength = sse(
  ...begun,
  ...said,
  ended("incomplete", [message], { incomplete_details: { reason: "max_output_tokens" } }),
);

/** After the answer has begun. */
export const failed = sse(...begun, ...said.slice(0, 3), {
  type: "response.failed",
  response: { ...response, status: "failed", output: [], usage: null, error: { code: "server_error", message: "The model failed." } },
});
export const errorEvent = sse(...begun, { type: "error", code: "rate_limit_exceeded", message: "Rate limit reached", param: null });

export const truncated = sse(...begun, ...said.slice(0, 4));
