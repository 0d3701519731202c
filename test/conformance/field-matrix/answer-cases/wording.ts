/** How each wire writes an answer, whole and streamed, for the cases beside this file. */
import type { Json, Wire, WireAnswer } from "../backends.ts";
import type { Ingress } from "../callers.ts";

export interface AnswerCase {
  readonly feature: string;
  /** A wire that has no word for it is absent. */
  readonly said: Partial<Record<Wire, WireAnswer>>;
  /** Each of them stands in what the caller is told; a list in a list: any one of these. */
  readonly meaning: readonly (string | readonly string[])[];
  /** Callers' dialects that have no word for it, and why that loses nobody anything. */
  readonly noWord?: Partial<Record<Ingress, string>>;
}

export const usage = {
  chat: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
  messages: { input_tokens: 5, output_tokens: 1 },
  bedrock: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
  gemini: { promptTokenCount: 5, candidatesTokenCount: 1, totalTokenCount: 6 },
  cohere: { tokens: { input_tokens: 5, output_tokens: 1 } },
};

/** @param deltas those of the stream; @param message the same, whole. */
export function chat(
  message: Json,
  deltas: readonly Json[],
  more: { finish?: string; logprobs?: Json; usage?: Json; head?: Json; choice?: Json } = {},
): WireAnswer {
  const head = { id: "chatcmpl-up", object: "chat.completion.chunk", created: 1_700_000_000, model: "m", ...more.head };
  const finish = more.finish ?? "stop";
  const chunk = (choice: Json) => ({ ...head, choices: [{ index: 0, finish_reason: null, ...choice }] });
  const said = more.usage ?? usage.chat;
  return {
    whole: {
      ...head,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: null, ...message },
          finish_reason: finish,
          ...(more.logprobs === undefined ? {} : { logprobs: more.logprobs }),
          ...more.choice,
        },
      ],
      usage: said,
    },
    events: [
      chunk({ delta: { role: "assistant", content: "" } }),
      ...deltas.map((delta) => chunk({ delta, ...(more.logprobs === undefined ? {} : { logprobs: more.logprobs }) })),
      chunk({ delta: {}, finish_reason: finish, ...more.choice }),
      { ...head, choices: [], usage: said },
    ],
  };
}

export function messages(
  blocks: readonly { start: Json; deltas: readonly Json[]; whole: Json }[],
  end: Json = { stop_reason: "end_turn" },
  counted: Json = usage.messages,
): WireAnswer {
  const head = { id: "msg_up", type: "message", role: "assistant", model: "claude-sonnet-4-5" };
  return {
    whole: { ...head, content: blocks.map(({ whole }) => whole), stop_sequence: null, ...end, usage: counted },
    events: [
      {
        type: "message_start",
        message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...counted, output_tokens: 1 } },
      },
      ...blocks.flatMap(({ start, deltas }, index) => [
        { type: "content_block_start", index, content_block: start },
        ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
        { type: "content_block_stop", index },
      ]),
      { type: "message_delta", delta: { stop_sequence: null, ...end }, usage: counted },
      { type: "message_stop" },
    ],
  };
}
export const textBlock = (text: string) => ({
  start: { type: "text", text: "" },
  deltas: [{ type: "text_delta", text }],
  whole: { type: "text", text },
});

export const gemini = (parts: readonly Json[], candidate: Json = {}, more: Json = {}): WireAnswer => {
  const of = (said: readonly Json[], end: Json) => ({
    candidates: [{ content: { role: "model", parts: said }, index: 0, ...end }],
    usageMetadata: usage.gemini,
    modelVersion: "gemini-3-pro",
    responseId: "r-up",
    ...more,
  });
  const end = { finishReason: "STOP", ...candidate };
  return { whole: of(parts, end), events: [...parts.map((part) => of([part], {})), of([{ text: "" }], end)] };
};

export function bedrock(
  content: readonly Json[],
  events: readonly Json[],
  stop: Json = { stopReason: "end_turn" },
  counted: Json = usage.bedrock,
): WireAnswer {
  return {
    whole: { output: { message: { role: "assistant", content } }, ...stop, usage: counted },
    events: [
      { messageStart: { role: "assistant" } },
      ...events,
      { messageStop: stop },
      { metadata: { usage: counted, metrics: { latencyMs: 1 } } },
    ],
  };
}
export const bedrockDelta = (delta: Json, contentBlockIndex = 0): Json => ({ contentBlockDelta: { contentBlockIndex, delta } });

export function cohere(message: Json, events: readonly Json[], more: { finish?: string; counted?: Json; whole?: Json } = {}): WireAnswer {
  const end = { finish_reason: more.finish ?? "COMPLETE", usage: more.counted ?? usage.cohere };
  return {
    whole: { id: "c-up", ...end, message: { role: "assistant", ...message }, ...more.whole },
    events: [
      { type: "message-start", id: "c-up", delta: { message: { role: "assistant" } } },
      ...events,
      { type: "message-end", delta: end },
    ],
  };
}
export const cohereSaid = (type: string, message: Json, more: Json = {}): Json => ({ type, index: 0, delta: { message }, ...more });
export const cohereText = (text: string): Json[] => [
  cohereSaid("content-start", { content: { type: "text", text: "" } }),
  cohereSaid("content-delta", { content: { text } }),
  { type: "content-end", index: 0 },
];

/** A response with these items, and the events that tell of the last one's deltas. */
export function responses(output: readonly Json[], deltas: readonly Json[], more: Json = {}): WireAnswer {
  const begun = { id: "resp_up", object: "response", created_at: 1_700_000_000, model: "gpt-5", output: [], status: "in_progress" };
  const whole = { ...begun, status: "completed", output, usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 }, ...more };
  const terminal = whole["status"] === "incomplete" ? "response.incomplete" : "response.completed";
  const events = [{ type: "response.created", response: begun }, ...deltas, { type: terminal, response: whole }];
  return { whole, events: events.map((event, i) => ({ ...event, sequence_number: i })) };
}
export const responseText = (text: string, part: Json = {}): Json => ({
  id: "msg_1",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [], ...part }],
});
export const responseDelta = (delta: string): Json => ({
  type: "response.output_text.delta",
  item_id: "msg_1",
  output_index: 0,
  content_index: 0,
  delta,
});

export const completions = (choices: readonly Json[], counted: Json = usage.chat): WireAnswer => {
  const head = { id: "cmpl-up", object: "text_completion", created: 1_700_000_000, model: "m" };
  return {
    whole: { ...head, choices, usage: counted },
    events: [...choices.map((choice) => ({ ...head, choices: [choice] })), { ...head, choices: [], usage: counted }],
  };
};
export const saidText = {
  chat: chat({ content: "said-so" }, [{ content: "said-so" }]),
  messages: messages([textBlock("said-so")]),
  gemini: gemini([{ text: "said-so" }]),
  bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })]),
  cohere: cohere({ content: [{ type: "text", text: "said-so" }] }, cohereText("said-so")),
  responses: responses([responseText("said-so")], [responseDelta("said-so")]),
  completions: completions([{ index: 0, text: "said-so", finish_reason: "stop" }]),
};

export const textOnly = "text completions hold text; what answers in it was asked for nothing else";
export const noChoices = "its callers cannot ask for several answers";
export const noLogprobs = "its callers cannot ask for them";
