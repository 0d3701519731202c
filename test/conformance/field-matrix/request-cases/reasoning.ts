/** The form of the answer, and reasoning: how much, and what is in the history. */
import {
  carried,
  earlier,
  envelope,
  grpcSaid,
  grpcText,
  itemSaid,
  type RequestCase,
  said,
  schema,
  sealed,
  signed,
  signedBy,
  strangers,
} from "./wording.ts";

export const reasoningCases: readonly RequestCase[] = [
  {
    field: "structured output, any JSON",
    asked: {
      chat: { ...said, response_format: { type: "json_object" } },
      responses: { ...itemSaid, text: { format: { type: "json_object" } } },
      grpc: { ...grpcSaid, responseFormat: { jsonObject: {} } },
    },
    meaning: [["json_object", "application/json"]],
  },
  {
    field: "structured output, a schema",
    asked: {
      chat: { ...said, response_format: { type: "json_schema", json_schema: { name: "s", schema } } },
      responses: { ...itemSaid, text: { format: { type: "json_schema", name: "s", schema } } },
      messages: { ...said, output_config: { format: { type: "json_schema", schema } } },
      grpc: { ...grpcSaid, responseFormat: { jsonSchema: { name: "s", schema } } },
    },
    meaning: ["schema_a"],
  },
  {
    field: "reasoning effort",
    asked: {
      chat: { ...said, reasoning_effort: "low" },
      responses: { ...itemSaid, reasoning: { effort: "low" } },
      messages: { ...said, output_config: { effort: "low" } },
      grpc: { ...grpcSaid, reasoningEffort: "low" },
    },
    meaning: [['"low"', '"budget_tokens"']],
  },
  {
    field: "reasoning, tokens at most",
    asked: {
      chat: { ...said, reasoning: { max_tokens: 2345 }, max_tokens: 9000 },
      messages: { ...said, thinking: { type: "enabled", budget_tokens: 2345 }, max_tokens: 9000 },
      grpc: { ...grpcSaid, reasoningTokensMax: 2345, sampling: { outputTokensMax: 9000 } },
    },
    meaning: [["2345", '"reasoning_effort":"medium"']],
  },
  {
    field: "reasoning, none",
    asked: {
      chat: { ...said, reasoning_effort: "none" },
      responses: { ...itemSaid, reasoning: { effort: "none" } },
      messages: { ...said, thinking: { type: "disabled" } },
    },
    meaning: [['"none"', '"disabled"', '"thinkingBudget":0', '"enabled":false']],
  },
  {
    field: "summary of the reasoning",
    asked: { responses: { ...itemSaid, reasoning: { summary: "detailed" } } },
    meaning: [['"summary":"detailed"', '"includeThoughts":true']],
    ours: true,
  },
  {
    field: "reasoning, unsigned, in the history",
    asked: earlier({
      chat: { content: "assistant-said", reasoning_content: "thought-so" },
      responses: [
        { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "thought-so" }] },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "assistant-said" }] },
      ],
      messages: {
        content: [
          { type: "thinking", thinking: "thought-so", signature: "" },
          { type: "text", text: "assistant-said" },
        ],
      },
      grpc: { content: [grpcText("assistant-said")], reasoning: "thought-so" },
    }),
    meaning: ["assistant-said", "thought-so"],
  },
  {
    field: "signed reasoning, its own provider's",
    asked: signedBy(signed),
    askedOfItsOwn: earlier({
      responses: [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "c2lnLWFiYw" }],
      messages: { content: [{ type: "thinking", thinking: "thought-so", signature: "c2lnLWFiYw" }] },
    }),
    meaning: ["c2lnLWFiYw"],
  },
  { field: "signed reasoning, another provider's", asked: signedBy(strangers(signed)), meaning: ["c2lnLWFiYw"] },
  {
    field: "sealed reasoning, its own provider's",
    asked: earlier({
      chat: { content: "assistant-said", reasoning_details: [sealed] },
      responses: [
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: envelope([sealed]) },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "assistant-said" }] },
      ],
      messages: {
        content: [
          {
            type: "redacted_thinking",
            data: carried({ kind: "encrypted", value: "c2VhbGVkLWFiYw", id: "", format: sealed.format, provider: "BACKEND" }),
          },
          { type: "text", text: "assistant-said" },
        ],
      },
      grpc: {
        content: [grpcText("assistant-said")],
        reasoningDetails: [
          { kind: "REASONING_DETAIL_KIND_ENCRYPTED", value: "c2VhbGVkLWFiYw", format: sealed.format, provider: "BACKEND" },
        ],
      },
    }),
    askedOfItsOwn: earlier({
      responses: [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "c2VhbGVkLWFiYw" }],
      messages: { content: [{ type: "redacted_thinking", data: "c2VhbGVkLWFiYw" }] },
    }),
    meaning: ["c2VhbGVkLWFiYw"],
  },
];
