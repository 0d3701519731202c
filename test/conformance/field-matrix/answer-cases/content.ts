/** Text, calls of tools, and reasoning. */
import {
  type AnswerCase,
  bedrock,
  bedrockDelta,
  chat,
  cohere,
  cohereSaid,
  cohereText,
  gemini,
  messages,
  responseDelta,
  responses,
  responseText,
  saidText,
  textBlock,
  textOnly,
} from "./wording.ts";

export const contentCases: readonly AnswerCase[] = [
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
];
