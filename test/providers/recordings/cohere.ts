/**
 * What Cohere's v2 chat says, in the shape and with the members of recorded answers.
 * Sources: docs.cohere.com/docs/streaming, /docs/tool-use-streaming, /docs/reasoning; docs.cohere.com/reference/chat, /reference/errors.
 */
const sse = (...events: (Record<string, unknown> & { type: string })[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const start = {
  id: "29f14a5a-11de-4cae-9800-25e4747408ea",
  type: "message-start",
  delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } },
};
const usage = { billed_units: { input_tokens: 3, output_tokens: 7 }, tokens: { input_tokens: 66, output_tokens: 9 }, cached_tokens: 16 };
const end = (finish_reason: string, more: object = {}) => ({ type: "message-end", delta: { finish_reason, usage, ...more } });
const content = (index: number, said: object) => ({ type: "content-delta", index, delta: { message: { content: said } } });

export const text = sse(
  start,
  { type: "content-start", index: 0, delta: { message: { content: { type: "thinking", thinking: "" } } } },
  content(0, { thinking: "It is water." }),
  { type: "content-end", index: 0 },
  { type: "content-start", index: 1, delta: { message: { content: { type: "text", text: "" } } } },
  content(1, { text: "The water " }),
  content(1, { text: "flows 🚰 down." }),
  { type: "content-end", index: 1 },
  {
    type: "citation-start",
    index: 0,
    delta: {
      message: {
        citations: {
          start: 4,
          end: 9,
          text: "water",
          sources: [{ type: "document", id: "doc:0", document: { id: "doc:0", title: "Rivers", url: "https://example.org/rivers" } }],
          type: "TEXT_CONTENT",
        },
      },
    },
  },
  { type: "citation-end", index: 0 },
  end("COMPLETE"),
);

export const calls = sse(
  start,
  { type: "tool-plan-delta", delta: { message: { tool_plan: "I will " } } },
  { type: "tool-plan-delta", delta: { message: { tool_plan: "look." } } },
  {
    type: "tool-call-start",
    index: 0,
    delta: { message: { tool_calls: { id: "weather_1", type: "function", function: { name: "weather", arguments: "" } } } },
  },
  { type: "tool-call-delta", index: 0, delta: { message: { tool_calls: { function: { arguments: '{"city":' } } } } },
  { type: "tool-call-delta", index: 0, delta: { message: { tool_calls: { function: { arguments: '"Köln"}' } } } } },
  { type: "tool-call-end", index: 0 },
  {
    type: "tool-call-start",
    index: 1,
    delta: { message: { tool_calls: { id: "time_2", type: "function", function: { name: "time", arguments: "" } } } },
  },
  { type: "tool-call-end", index: 1 },
  end("TOOL_CALL"),
);

export const failed = sse(
  start,
  { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } },
  content(0, { text: "The water " }),
  end("ERROR", { error: "internal trouble" }),
);

export const answer = JSON.stringify({
  id: "7d7a5e5a",
  message: {
    role: "assistant",
    tool_plan: "I will look.",
    tool_calls: [{ id: "weather_1", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } }],
    content: [{ type: "text", text: "The water" }],
    citations: [{ start: 4, end: 9, text: "water", sources: [], type: "TEXT_CONTENT" }],
  },
  finish_reason: "TOOL_CALL",
  logprobs: [{ text: "The water", token_ids: [1, 2], logprobs: [-0.1, -0.2] }],
  usage,
});
