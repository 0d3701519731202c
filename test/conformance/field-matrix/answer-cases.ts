/**
 * What each wire answers, whole and streamed, for each thing that an answer may hold, and the words by which it is known again in
 * what a caller is told. The shapes are those of test/providers/recordings, where their sources stand.
 */
import type { Json, Wire, WireAnswer } from "./backends.ts";
import type { Ingress } from "./callers.ts";

export interface AnswerCase {
  readonly feature: string;
  /** A wire that has no word for it is absent. */
  readonly said: Partial<Record<Wire, WireAnswer>>;
  /** Each of them stands in what the caller is told; a list in a list: any one of these. */
  readonly meaning: readonly (string | readonly string[])[];
  /** Callers' dialects that have no word for it, and why that loses nobody anything. */
  readonly noWord?: Partial<Record<Ingress, string>>;
}

const usage = {
  chat: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
  messages: { input_tokens: 5, output_tokens: 1 },
  bedrock: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
  gemini: { promptTokenCount: 5, candidatesTokenCount: 1, totalTokenCount: 6 },
  cohere: { tokens: { input_tokens: 5, output_tokens: 1 } },
};

/** @param deltas those of the stream; @param message the same, whole. */
function chat(
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

function messages(
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
const textBlock = (text: string) => ({
  start: { type: "text", text: "" },
  deltas: [{ type: "text_delta", text }],
  whole: { type: "text", text },
});

const gemini = (parts: readonly Json[], candidate: Json = {}, more: Json = {}): WireAnswer => {
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

function bedrock(
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
const bedrockDelta = (delta: Json, contentBlockIndex = 0): Json => ({ contentBlockDelta: { contentBlockIndex, delta } });

function cohere(message: Json, events: readonly Json[], more: { finish?: string; counted?: Json; whole?: Json } = {}): WireAnswer {
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
const cohereSaid = (type: string, message: Json, more: Json = {}): Json => ({ type, index: 0, delta: { message }, ...more });
const cohereText = (text: string): Json[] => [
  cohereSaid("content-start", { content: { type: "text", text: "" } }),
  cohereSaid("content-delta", { content: { text } }),
  { type: "content-end", index: 0 },
];

/** A response with these items, and the events that tell of the last one's deltas. */
function responses(output: readonly Json[], deltas: readonly Json[], more: Json = {}): WireAnswer {
  const begun = { id: "resp_up", object: "response", created_at: 1_700_000_000, model: "gpt-5", output: [], status: "in_progress" };
  const whole = { ...begun, status: "completed", output, usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 }, ...more };
  const terminal = whole["status"] === "incomplete" ? "response.incomplete" : "response.completed";
  const events = [{ type: "response.created", response: begun }, ...deltas, { type: terminal, response: whole }];
  return { whole, events: events.map((event, i) => ({ ...event, sequence_number: i })) };
}
const responseText = (text: string, part: Json = {}): Json => ({
  id: "msg_1",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [], ...part }],
});
const responseDelta = (delta: string): Json => ({
  type: "response.output_text.delta",
  item_id: "msg_1",
  output_index: 0,
  content_index: 0,
  delta,
});

const completions = (choices: readonly Json[], counted: Json = usage.chat): WireAnswer => {
  const head = { id: "cmpl-up", object: "text_completion", created: 1_700_000_000, model: "m" };
  return {
    whole: { ...head, choices, usage: counted },
    events: [...choices.map((choice) => ({ ...head, choices: [choice] })), { ...head, choices: [], usage: counted }],
  };
};
const saidText = {
  chat: chat({ content: "said-so" }, [{ content: "said-so" }]),
  messages: messages([textBlock("said-so")]),
  gemini: gemini([{ text: "said-so" }]),
  bedrock: bedrock([{ text: "said-so" }], [bedrockDelta({ text: "said-so" })]),
  cohere: cohere({ content: [{ type: "text", text: "said-so" }] }, cohereText("said-so")),
  responses: responses([responseText("said-so")], [responseDelta("said-so")]),
  completions: completions([{ index: 0, text: "said-so", finish_reason: "stop" }]),
};

const textOnly = "text completions hold text; what answers in it was asked for nothing else";
const noChoices = "its callers cannot ask for several answers";
const noLogprobs = "its callers cannot ask for them";

export const answerCases: readonly AnswerCase[] = [
  { feature: "text", said: saidText, meaning: ["said-so"] },
  {
    feature: "several text parts",
    said: {
      chat: chat(
        {
          content: [
            { type: "text", text: "part-one" },
            { type: "text", text: "part-two" },
          ],
        },
        [{ content: "part-one" }, { content: "part-two" }],
      ),
      messages: messages([textBlock("part-one"), textBlock("part-two")]),
      gemini: gemini([{ text: "part-one" }, { text: "part-two" }]),
      bedrock: bedrock(
        [{ text: "part-one" }, { text: "part-two" }],
        [bedrockDelta({ text: "part-one" }), bedrockDelta({ text: "part-two" }, 1)],
      ),
      cohere: cohere(
        {
          content: [
            { type: "text", text: "part-one" },
            { type: "text", text: "part-two" },
          ],
        },
        [...cohereText("part-one"), ...cohereText("part-two")],
      ),
    },
    meaning: ["part-one", "part-two"],
  },
  {
    feature: "parallel tool calls",
    said: {
      chat: chat(
        {
          tool_calls: [
            { id: "call_one", type: "function", function: { name: "fn-a", arguments: '{"a":"argued-one"}' } },
            { id: "call_two", type: "function", function: { name: "fn-b", arguments: '{"a":12345678901234567890}' } },
          ],
        },
        [
          { tool_calls: [{ index: 0, id: "call_one", type: "function", function: { name: "fn-a", arguments: "" } }] },
          { tool_calls: [{ index: 1, id: "call_two", type: "function", function: { name: "fn-b", arguments: "" } }] },
          { tool_calls: [{ index: 0, function: { arguments: '{"a":"argued-one"}' } }] },
          { tool_calls: [{ index: 1, function: { arguments: '{"a":12345678901234567890}' } }] },
        ],
        { finish: "tool_calls" },
      ),
      messages: messages(
        [
          {
            start: { type: "tool_use", id: "call_one", name: "fn-a", input: {} },
            deltas: [{ type: "input_json_delta", partial_json: '{"a":"argued-one"}' }],
            whole: { type: "tool_use", id: "call_one", name: "fn-a", input: { a: "argued-one" } },
          },
          {
            start: { type: "tool_use", id: "call_two", name: "fn-b", input: {} },
            deltas: [{ type: "input_json_delta", partial_json: '{"a":12345678901234567890}' }],
            whole: { type: "tool_use", id: "call_two", name: "fn-b", input: { a: "RAW 12345678901234567890" } },
          },
        ],
        { stop_reason: "tool_use" },
      ),
      gemini: gemini([
        { functionCall: { id: "call_one", name: "fn-a", args: { a: "argued-one" } } },
        { functionCall: { id: "call_two", name: "fn-b", args: { a: "RAW 12345678901234567890" } } },
      ]),
      bedrock: bedrock(
        [
          { toolUse: { toolUseId: "call_one", name: "fn-a", input: { a: "argued-one" } } },
          { toolUse: { toolUseId: "call_two", name: "fn-b", input: { a: "RAW 12345678901234567890" } } },
        ],
        [
          { contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: "call_one", name: "fn-a" } } } },
          bedrockDelta({ toolUse: { input: '{"a":"argued-one"}' } }),
          { contentBlockStop: { contentBlockIndex: 0 } },
          { contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: "call_two", name: "fn-b" } } } },
          bedrockDelta({ toolUse: { input: '{"a":12345678901234567890}' } }, 1),
        ],
        { stopReason: "tool_use" },
      ),
      cohere: cohere(
        {
          tool_calls: [
            { id: "call_one", type: "function", function: { name: "fn-a", arguments: '{"a":"argued-one"}' } },
            { id: "call_two", type: "function", function: { name: "fn-b", arguments: '{"a":12345678901234567890}' } },
          ],
        },
        [
          cohereSaid("tool-call-start", { tool_calls: { id: "call_one", type: "function", function: { name: "fn-a", arguments: "" } } }),
          cohereSaid("tool-call-delta", { tool_calls: { function: { arguments: '{"a":"argued-one"}' } } }),
          { type: "tool-call-end", index: 0 },
          cohereSaid(
            "tool-call-start",
            { tool_calls: { id: "call_two", type: "function", function: { name: "fn-b", arguments: "" } } },
            { index: 1 },
          ),
          cohereSaid("tool-call-delta", { tool_calls: { function: { arguments: '{"a":12345678901234567890}' } } }, { index: 1 }),
        ],
        { finish: "TOOL_CALL" },
      ),
      responses: responses(
        [
          { id: "fc_1", type: "function_call", status: "completed", call_id: "call_one", name: "fn-a", arguments: '{"a":"argued-one"}' },
          {
            id: "fc_2",
            type: "function_call",
            status: "completed",
            call_id: "call_two",
            name: "fn-b",
            arguments: '{"a":12345678901234567890}',
          },
        ],
        [],
      ),
    },
    meaning: [
      "call_one",
      "call_two",
      "fn-a",
      "fn-b",
      "argued-one",
      "12345678901234567890",
      ["tool_calls", "tool_use", "FINISH_REASON_TOOL_CALLS", "function_call"],
    ],
    noWord: { completions: textOnly },
  },
  {
    feature: "reasoning",
    said: {
      chat: chat({ content: "said-so", reasoning_content: "thought-so" }, [{ reasoning_content: "thought-so" }, { content: "said-so" }]),
      messages: messages([
        {
          start: { type: "thinking", thinking: "", signature: "" },
          deltas: [{ type: "thinking_delta", thinking: "thought-so" }],
          whole: { type: "thinking", thinking: "thought-so", signature: "" },
        },
        textBlock("said-so"),
      ]),
      gemini: gemini([{ text: "thought-so", thought: true }, { text: "said-so" }]),
      bedrock: bedrock(
        [{ reasoningContent: { reasoningText: { text: "thought-so" } } }, { text: "said-so" }],
        [bedrockDelta({ reasoningContent: { text: "thought-so" } }), bedrockDelta({ text: "said-so" }, 1)],
      ),
      cohere: cohere(
        {
          content: [
            { type: "thinking", thinking: "thought-so" },
            { type: "text", text: "said-so" },
          ],
        },
        [
          cohereSaid("content-start", { content: { type: "thinking", thinking: "" } }),
          cohereSaid("content-delta", { content: { thinking: "thought-so" } }),
          ...cohereText("said-so"),
        ],
      ),
    },
    meaning: ["thought-so", "said-so"],
    noWord: { completions: textOnly },
  },
  {
    feature: "signed reasoning",
    said: {
      chat: chat(
        {
          content: "said-so",
          reasoning: "thought-so",
          reasoning_details: [
            { type: "reasoning.text", text: "thought-so", signature: "c2lnLWFiYw", format: "anthropic-claude-v1", index: 0 },
          ],
        },
        [
          {
            reasoning: "thought-so",
            reasoning_details: [{ type: "reasoning.text", text: "thought-so", format: "anthropic-claude-v1", index: 0 }],
          },
          { reasoning_details: [{ type: "reasoning.text", signature: "c2lnLWFiYw", format: "anthropic-claude-v1", index: 0 }] },
          { content: "said-so" },
        ],
      ),
      messages: messages([
        {
          start: { type: "thinking", thinking: "", signature: "" },
          deltas: [
            { type: "thinking_delta", thinking: "thought-so" },
            { type: "signature_delta", signature: "c2lnLWFiYw" },
          ],
          whole: { type: "thinking", thinking: "thought-so", signature: "c2lnLWFiYw" },
        },
        textBlock("said-so"),
      ]),
      gemini: gemini([
        { text: "thought-so", thought: true },
        { text: "said-so", thoughtSignature: "c2lnLWFiYw" },
      ]),
      bedrock: bedrock(
        [{ reasoningContent: { reasoningText: { text: "thought-so", signature: "c2lnLWFiYw" } } }, { text: "said-so" }],
        [
          bedrockDelta({ reasoningContent: { text: "thought-so" } }),
          bedrockDelta({ reasoningContent: { signature: "c2lnLWFiYw" } }),
          bedrockDelta({ text: "said-so" }, 1),
        ],
      ),
    },
    meaning: ["thought-so", "c2lnLWFiYw"],
    noWord: { completions: textOnly },
  },
  {
    feature: "sealed reasoning",
    said: {
      chat: chat(
        {
          content: "said-so",
          reasoning_details: [{ type: "reasoning.encrypted", data: "c2VhbGVk", format: "openai-responses-v1", id: "rs_up", index: 0 }],
        },
        [
          { reasoning_details: [{ type: "reasoning.encrypted", data: "c2VhbGVk", format: "openai-responses-v1", id: "rs_up", index: 0 }] },
          { content: "said-so" },
        ],
      ),
      messages: messages([
        { start: { type: "redacted_thinking", data: "c2VhbGVk" }, deltas: [], whole: { type: "redacted_thinking", data: "c2VhbGVk" } },
        textBlock("said-so"),
      ]),
      gemini: gemini([{ functionCall: { id: "call_one", name: "fn-a", args: {} }, thoughtSignature: "c2VhbGVk" }]),
      bedrock: bedrock(
        [{ reasoningContent: { redactedContent: "c2VhbGVk" } }, { text: "said-so" }],
        [bedrockDelta({ reasoningContent: { redactedContent: "c2VhbGVk" } }), bedrockDelta({ text: "said-so" }, 1)],
      ),
      responses: responses(
        [{ id: "rs_1", type: "reasoning", summary: [], encrypted_content: "c2VhbGVk" }, responseText("said-so")],
        [responseDelta("said-so")],
      ),
    },
    meaning: ["c2VhbGVk"],
    noWord: { completions: textOnly },
  },
  {
    feature: "refusal",
    said: {
      chat: chat({ refusal: "refused-so" }, [{ refusal: "refused-so" }]),
      messages: messages([], { stop_reason: "refusal", stop_details: { type: "refusal", category: null, explanation: "refused-so" } }),
      responses: responses([{ ...responseText(""), content: [{ type: "refusal", refusal: "refused-so" }] }], []),
    },
    meaning: ["refused-so"],
  },
  {
    feature: "citations",
    said: {
      chat: chat(
        {
          content: "said-so",
          annotations: [
            { type: "url_citation", url_citation: { url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 } },
          ],
        },
        [
          { content: "said-so" },
          {
            annotations: [
              {
                type: "url_citation",
                url_citation: { url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 },
              },
            ],
          },
        ],
      ),
      messages: messages([
        {
          start: { type: "text", text: "", citations: [] },
          deltas: [
            { type: "text_delta", text: "said-so" },
            {
              type: "citations_delta",
              citation: {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "titled-so",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            },
          ],
          whole: {
            type: "text",
            text: "said-so",
            citations: [
              {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "titled-so",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            ],
          },
        },
      ]),
      gemini: gemini([{ text: "said-so" }], {
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://example.org/cited", title: "titled-so" } }],
          groundingSupports: [{ segment: { endIndex: 4 }, groundingChunkIndices: [0] }],
        },
      }),
      bedrock: bedrock(
        [
          {
            citationsContent: {
              content: [{ text: "said-so" }],
              citations: [{ title: "titled-so", location: { web: { url: "https://example.org/cited" } } }],
            },
          },
        ],
        [
          bedrockDelta({ text: "said-so" }),
          bedrockDelta({ citation: { title: "titled-so", location: { web: { url: "https://example.org/cited" } } } }),
        ],
      ),
      cohere: cohere(
        {
          content: [{ type: "text", text: "said-so" }],
          citations: [
            {
              start: 0,
              end: 4,
              text: "said",
              sources: [{ type: "document", id: "d", document: { url: "https://example.org/cited", title: "titled-so" } }],
            },
          ],
        },
        [
          ...cohereText("said-so"),
          cohereSaid("citation-start", {
            citations: {
              start: 0,
              end: 4,
              text: "said",
              sources: [{ type: "document", id: "d", document: { url: "https://example.org/cited", title: "titled-so" } }],
            },
          }),
        ],
      ),
      responses: responses(
        [
          responseText("said-so", {
            annotations: [{ type: "url_citation", url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 }],
          }),
        ],
        [responseDelta("said-so")],
      ),
    },
    meaning: ["said-so", "https://example.org/cited", "titled-so"],
    noWord: { completions: textOnly },
  },
  {
    feature: "logprobs",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], {
        logprobs: {
          content: [{ token: "said-so", logprob: -0.3125, bytes: null, top_logprobs: [{ token: "other", logprob: -1.4375, bytes: null }] }],
          refusal: null,
        },
      }),
      gemini: gemini([], {
        content: { role: "model", parts: [{ text: "said-so" }] },
        logprobsResult: {
          chosenCandidates: [{ token: "said-so", logProbability: -0.3125 }],
          topCandidates: [{ candidates: [{ token: "other", logProbability: -1.4375 }] }],
        },
      }),
      completions: completions([
        {
          index: 0,
          text: "said-so",
          finish_reason: "stop",
          logprobs: { tokens: ["said-so"], token_logprobs: [-0.3125], top_logprobs: [{ other: -1.4375 }], text_offset: [0] },
        },
      ]),
    },
    meaning: ["-0.3125", "-1.4375"],
    noWord: { messages: noLogprobs },
  },
  {
    feature: "several choices",
    said: {
      chat: {
        whole: {
          ...saidText.chat.whole,
          choices: [
            { index: 0, message: { role: "assistant", content: "choice-one" }, finish_reason: "stop" },
            { index: 1, message: { role: "assistant", content: "choice-two" }, finish_reason: "length" },
          ],
        },
        events: [0, 1].flatMap((index) =>
          saidText.chat.events.slice(0, -1).map((event) => ({
            ...event,
            choices: (event["choices"] as Json[]).map((choice) => ({
              ...choice,
              index,
              ...(JSON.stringify(choice).includes("said-so") ? { delta: { content: index === 0 ? "choice-one" : "choice-two" } } : {}),
            })),
          })),
        ),
      },
      gemini: {
        whole: {
          ...saidText.gemini.whole,
          candidates: [
            { index: 0, content: { parts: [{ text: "choice-one" }] }, finishReason: "STOP" },
            { index: 1, content: { parts: [{ text: "choice-two" }] }, finishReason: "STOP" },
          ],
        },
        events: [
          {
            ...saidText.gemini.whole,
            candidates: [
              { index: 0, content: { parts: [{ text: "choice-one" }] }, finishReason: "STOP" },
              { index: 1, content: { parts: [{ text: "choice-two" }] }, finishReason: "STOP" },
            ],
          },
        ],
      },
      completions: completions([
        { index: 0, text: "choice-one", finish_reason: "stop" },
        { index: 1, text: "choice-two", finish_reason: "stop" },
      ]),
    },
    meaning: ["choice-one", "choice-two"],
    noWord: { messages: noChoices, responses: noChoices },
  },
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
