/**
 * A request for each field, as a caller of each dialect writes it, and the words by which its meaning is known again in what a
 * backend is sent. The words are such that nothing else says them. A dialect that has no word for a field is absent.
 */
import type { Ingress } from "./callers.ts";

type Json = Record<string, unknown>;

export interface RequestCase {
  readonly field: string;
  readonly asked: Partial<Record<Ingress, Json>>;
  /** In place of it where the backend's own dialect is the caller's: what only it writes is not carried in an envelope there. */
  readonly askedOfItsOwn?: Partial<Record<Ingress, Json>>;
  /** Each of them stands in what is sent, as JSON would write it there; a list in a list: any one of these. */
  readonly meaning: readonly (string | readonly string[])[];
  /** The gateway acts upon it itself, so that a backend that has no place for it loses nothing. */
  readonly ours?: true;
}

const png = "data:image/png;base64,iVBORw0K";
const pdf = "data:application/pdf;base64,JVBERi0=";
const user = { role: "user", content: "user-said" };
const said = { messages: [user] };
const itemSaid = { input: "user-said" };
const prompted = { prompt: "user-said" };
const schema = { type: "object", properties: { schema_a: { type: "string" } }, required: ["schema_a"], additionalProperties: false };
const parameters = { type: "object", properties: { arg_a: { type: "string" } } };

const chatTool = (name: string, more: Json = {}) => ({
  type: "function",
  function: { name, description: "fn-described", parameters, ...more },
});
const responsesTool = (name: string, more: Json = {}) => ({ type: "function", name, description: "fn-described", parameters, ...more });
const messagesTool = (name: string, more: Json = {}) => ({ name, description: "fn-described", input_schema: parameters, ...more });
const grpcTool = (name: string, more: Json = {}) => ({ function: { name, description: "fn-described", parameters, ...more } });

const grpcText = (text: string) => ({ text: { text } });
const grpcUser = { role: "ROLE_USER", content: [grpcText("user-said")] };
const grpcSaid = { messages: [grpcUser] };

/** The same member at the top of every body that has it. */
const everywhere = (members: Json): RequestCase["asked"] => ({
  chat: { ...said, ...members },
  responses: { ...itemSaid, ...members },
  messages: { ...said, ...members },
  completions: { ...prompted, ...members },
});

/** A user's parts, in each dialect's words. */
const parts = (asked: { chat?: Json[]; responses?: Json[]; messages?: Json[]; grpc?: Json[] }): RequestCase["asked"] => ({
  ...(asked.chat === undefined ? {} : { chat: { messages: [{ role: "user", content: asked.chat }] } }),
  ...(asked.responses === undefined ? {} : { responses: { input: [{ role: "user", content: asked.responses }] } }),
  ...(asked.messages === undefined ? {} : { messages: { messages: [{ role: "user", content: asked.messages }] } }),
  ...(asked.grpc === undefined ? {} : { grpc: { messages: [{ role: "ROLE_USER", content: asked.grpc }] } }),
});

/** All dialects with tools: two functions, and what more is asked of them. */
const withTools = (asked: { chat?: Json; responses?: Json; messages?: Json; grpc?: Json }): RequestCase["asked"] => ({
  ...(asked.chat === undefined ? {} : { chat: { ...said, tools: [chatTool("fn-a"), chatTool("fn-b")], ...asked.chat } }),
  ...(asked.responses === undefined
    ? {}
    : { responses: { ...itemSaid, tools: [responsesTool("fn-a"), responsesTool("fn-b")], ...asked.responses } }),
  ...(asked.messages === undefined
    ? {}
    : { messages: { ...said, tools: [messagesTool("fn-a"), messagesTool("fn-b")], ...asked.messages } }),
  ...(asked.grpc === undefined ? {} : { grpc: { ...grpcSaid, tools: [grpcTool("fn-a"), grpcTool("fn-b")], ...asked.grpc } }),
});

const callId = "abcDEF123";
/** Two calls at once and what came of the first; the second answers "other-result". */
const called = (result: { chat: Json; responses?: Json; messages: Json; grpc: Json }): RequestCase["asked"] => ({
  chat: {
    messages: [
      user,
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: callId, type: "function", function: { name: "fn-a", arguments: '{"arg_a":"argued"}' } },
          { id: "abcDEF456", type: "function", function: { name: "fn-b", arguments: '{"arg_a":"argued-too"}' } },
        ],
      },
      { role: "tool", tool_call_id: callId, ...result.chat },
      { role: "tool", tool_call_id: "abcDEF456", content: "other-result" },
    ],
    tools: [chatTool("fn-a"), chatTool("fn-b")],
  },
  ...(result.responses === undefined
    ? {}
    : {
        responses: {
          input: [
            user,
            { type: "function_call", call_id: callId, name: "fn-a", arguments: '{"arg_a":"argued"}' },
            { type: "function_call", call_id: "abcDEF456", name: "fn-b", arguments: '{"arg_a":"argued-too"}' },
            { type: "function_call_output", call_id: callId, ...result.responses },
            { type: "function_call_output", call_id: "abcDEF456", output: "other-result" },
          ],
          tools: [responsesTool("fn-a"), responsesTool("fn-b")],
        },
      }),
  messages: {
    messages: [
      user,
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: callId, name: "fn-a", input: { arg_a: "argued" } },
          { type: "tool_use", id: "abcDEF456", name: "fn-b", input: { arg_a: "argued-too" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: callId, ...result.messages },
          { type: "tool_result", tool_use_id: "abcDEF456", content: "other-result" },
        ],
      },
    ],
    tools: [messagesTool("fn-a"), messagesTool("fn-b")],
  },
  grpc: {
    messages: [
      grpcUser,
      {
        role: "ROLE_ASSISTANT",
        toolCalls: [
          { id: callId, function: { name: "fn-a", arguments: '{"arg_a":"argued"}' } },
          { id: "abcDEF456", function: { name: "fn-b", arguments: '{"arg_a":"argued-too"}' } },
        ],
      },
      { role: "ROLE_TOOL", toolCallId: callId, ...result.grpc },
      { role: "ROLE_TOOL", toolCallId: "abcDEF456", content: [grpcText("other-result")] },
    ],
    tools: [grpcTool("fn-a"), grpcTool("fn-b")],
  },
});

/** An earlier turn of the assistant's, and a question after it. */
const earlier = (turn: { chat?: Json; responses?: readonly Json[]; messages?: Json; grpc?: Json }): RequestCase["asked"] => ({
  ...(turn.chat === undefined
    ? {}
    : { chat: { messages: [user, { role: "assistant", ...turn.chat }, { role: "user", content: "and?" }] } }),
  ...(turn.responses === undefined ? {} : { responses: { input: [user, ...turn.responses, { role: "user", content: "and?" }] } }),
  ...(turn.messages === undefined
    ? {}
    : { messages: { messages: [user, { role: "assistant", ...turn.messages }, { role: "user", content: "and?" }] } }),
  ...(turn.grpc === undefined
    ? {}
    : { grpc: { messages: [grpcUser, { role: "ROLE_ASSISTANT", ...turn.grpc }, { role: "ROLE_USER", content: [grpcText("and?")] }] } }),
});

const envelope = (details: readonly Json[]) => `psr1.${Buffer.from(JSON.stringify(details)).toString("base64url")}`;
const carried = (detail: Json) => `penstock.reasoning.1.${Buffer.from(JSON.stringify(detail)).toString("base64url")}`;
const signed = { type: "reasoning.text", text: "thought-so", signature: "c2lnLWFiYw", format: "anthropic-claude-v1", provider: "BACKEND" };
const sealed = { type: "reasoning.encrypted", data: "c2VhbGVkLWFiYw", format: "google-gemini-v1", provider: "BACKEND" };
const strangers = (detail: Json) => ({ ...detail, provider: "another" });

const signedBy = (detail: Json): RequestCase["asked"] => ({
  ...earlier({
    chat: { content: "assistant-said", reasoning_details: [detail] },
    responses: [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: envelope([detail]) },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "assistant-said" }] },
    ],
    messages: {
      content: [
        {
          type: "thinking",
          thinking: "thought-so",
          signature: carried({ kind: "signature", value: "c2lnLWFiYw", id: "", format: detail["format"], provider: detail["provider"] }),
        },
        { type: "text", text: "assistant-said" },
      ],
    },
    grpc: {
      content: [grpcText("assistant-said")],
      reasoningDetails: [
        {
          kind: "REASONING_DETAIL_KIND_SIGNATURE",
          text: "thought-so",
          value: "c2lnLWFiYw",
          format: detail["format"],
          provider: detail["provider"],
        },
      ],
    },
  }),
});

export const requestCases: readonly RequestCase[] = [
  {
    field: "text",
    asked: { ...everywhere({}), grpc: grpcSaid },
    meaning: ["user-said"],
  },
  {
    field: "several text parts",
    asked: parts({
      chat: [
        { type: "text", text: "part-one" },
        { type: "text", text: "part-two" },
      ],
      responses: [
        { type: "input_text", text: "part-one" },
        { type: "input_text", text: "part-two" },
      ],
      messages: [
        { type: "text", text: "part-one" },
        { type: "text", text: "part-two" },
      ],
      grpc: [grpcText("part-one"), grpcText("part-two")],
    }),
    meaning: ["part-one", "part-two"],
  },
  {
    field: "system message",
    asked: {
      chat: { messages: [{ role: "system", content: "system-said" }, user] },
      responses: { input: [{ role: "system", content: "system-said" }, user] },
      messages: { ...said, system: "system-said" },
      grpc: { messages: [{ role: "ROLE_SYSTEM", content: [grpcText("system-said")] }, grpcUser] },
    },
    meaning: ["system-said", "user-said"],
  },
  {
    field: "system message, in parts",
    asked: {
      chat: {
        messages: [
          {
            role: "system",
            content: [
              { type: "text", text: "system-one" },
              { type: "text", text: "system-two" },
            ],
          },
          user,
        ],
      },
      messages: {
        ...said,
        system: [
          { type: "text", text: "system-one" },
          { type: "text", text: "system-two" },
        ],
      },
    },
    meaning: ["system-one", "system-two"],
  },
  {
    field: "system message in mid-conversation",
    asked: {
      chat: { messages: [user, { role: "system", content: "system-said" }, user] },
      responses: { input: [user, { role: "system", content: "system-said" }, user] },
      messages: { messages: [user, { role: "system", content: "system-said" }, user] },
    },
    meaning: ["system-said"],
  },
  { field: "instructions", asked: { responses: { ...itemSaid, instructions: "instructed-so" } }, meaning: ["instructed-so"] },
  {
    field: "developer message",
    asked: {
      chat: { messages: [{ role: "developer", content: "developer-said" }, user] },
      responses: { input: [{ role: "developer", content: "developer-said" }, user] },
      grpc: { messages: [{ role: "ROLE_DEVELOPER", content: [grpcText("developer-said")] }, grpcUser] },
    },
    meaning: ["developer-said"],
  },
  {
    field: "assistant message",
    asked: earlier({
      chat: { content: "assistant-said" },
      responses: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "assistant-said", annotations: [] }] }],
      messages: { content: [{ type: "text", text: "assistant-said" }] },
      grpc: { content: [grpcText("assistant-said")] },
    }),
    meaning: ["assistant-said"],
  },
  {
    field: "refusal in the history",
    asked: earlier({
      chat: { content: null, refusal: "refused-so" },
      responses: [{ type: "message", role: "assistant", content: [{ type: "refusal", refusal: "refused-so" }] }],
      grpc: { refusal: "refused-so" },
    }),
    meaning: ["refused-so"],
  },
  {
    field: "citations in the history",
    asked: earlier({
      chat: {
        content: "assistant-said",
        annotations: [
          { type: "url_citation", url_citation: { url: "https://example.org/cited", title: "t", start_index: 0, end_index: 4 } },
        ],
      },
      responses: [
        {
          type: "message",
          role: "assistant",
          content: [
            {
              type: "output_text",
              text: "assistant-said",
              annotations: [{ type: "url_citation", url: "https://example.org/cited", title: "t", start_index: 0, end_index: 4 }],
            },
          ],
        },
      ],
      messages: {
        content: [
          {
            type: "text",
            text: "assistant-said",
            citations: [
              {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "t",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            ],
          },
        ],
      },
    }),
    meaning: ["assistant-said", "https://example.org/cited"],
  },
  {
    field: "name of a message's author",
    asked: { chat: { messages: [{ ...user, name: "ann" }] }, grpc: { messages: [{ ...grpcUser, name: "ann" }] } },
    meaning: ['"ann"'],
  },
  {
    field: "image, inline",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: png } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: png },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" } },
      ],
      grpc: [grpcText("x"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" } } }],
    }),
    meaning: ["iVBORw0K"],
  },
  {
    field: "image, by address",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: "https://example.org/a.png" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: "https://example.org/a.png" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "url", url: "https://example.org/a.png" } },
      ],
      grpc: [grpcText("x"), { image: { url: "https://example.org/a.png" } }],
    }),
    meaning: ["https://example.org/a.png"],
  },
  {
    field: "image, by id",
    asked: parts({
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", file_id: "file-abc" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "file", file_id: "file-abc" } },
      ],
    }),
    meaning: ["file-abc"],
  },
  {
    field: "detail of an image",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: png, detail: "low" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: png, detail: "low" },
      ],
      grpc: [grpcText("x"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" }, detail: "low" } }],
    }),
    meaning: ['"detail":"low"'],
  },
  {
    field: "audio",
    asked: parts({
      chat: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }],
      responses: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }],
      grpc: [{ audio: { data: "UklGRg==", format: "wav" } }],
    }),
    meaning: ["UklGRg=="],
  },
  {
    field: "document, inline",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "file", file: { file_data: pdf, filename: "a.pdf" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_file", file_data: pdf, filename: "a.pdf" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" }, title: "a.pdf" },
      ],
      grpc: [grpcText("x"), { file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, filename: "a.pdf" } }],
    }),
    meaning: ["JVBERi0="],
  },
  {
    field: "document, as text",
    asked: parts({
      messages: [
        { type: "document", source: { type: "text", media_type: "text/plain", data: "documented-so" }, title: "titled-so" },
        { type: "text", text: "x" },
      ],
    }),
    meaning: [["documented-so", Buffer.from("documented-so").toString("base64")], "titled-so"],
  },
  {
    field: "document, in blocks",
    asked: parts({
      messages: [
        { type: "document", source: { type: "content", content: [{ type: "text", text: "documented-so" }] }, title: "titled-so" },
        { type: "text", text: "x" },
      ],
    }),
    meaning: ["documented-so", "titled-so"],
  },
  {
    field: "document, by address",
    asked: parts({
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_file", file_url: "https://example.org/a.pdf" },
      ],
      messages: [
        { type: "document", source: { type: "url", url: "https://example.org/a.pdf" } },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { url: "https://example.org/a.pdf" } }, grpcText("x")],
    }),
    meaning: ["https://example.org/a.pdf"],
  },
  {
    field: "document, by id",
    asked: parts({
      chat: [{ type: "file", file: { file_id: "file-abc" } }],
      responses: [{ type: "input_file", file_id: "file-abc" }],
      messages: [
        { type: "document", source: { type: "file", file_id: "file-abc" } },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { fileId: "file-abc" } }],
    }),
    meaning: ["file-abc"],
  },
  {
    field: "citations of a document",
    asked: parts({
      messages: [
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
          citations: { enabled: true },
        },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, cited: true } }, grpcText("x")],
    }),
    meaning: ['"citations":{"enabled":true}'],
  },
  {
    field: "context of a document",
    asked: parts({
      messages: [
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" }, context: "context-said" },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, context: "context-said" } }, grpcText("x")],
    }),
    meaning: ["context-said"],
  },
  {
    field: "search result",
    asked: parts({
      messages: [
        { type: "search_result", source: "https://example.org/s", title: "t", content: [{ type: "text", text: "found-so" }] },
        { type: "text", text: "x" },
      ],
    }),
    meaning: ["found-so", "https://example.org/s"],
  },
  {
    field: "tools",
    asked: withTools({ chat: {}, responses: {}, messages: {}, grpc: {} }),
    meaning: ["fn-a", "fn-described", "arg_a", "fn-b"],
  },
  {
    field: "tools, strict",
    asked: {
      chat: { ...said, tools: [chatTool("fn-a", { strict: true })] },
      responses: { ...itemSaid, tools: [responsesTool("fn-a", { strict: true })] },
      messages: { ...said, tools: [messagesTool("fn-a", { strict: true })] },
      grpc: { ...grpcSaid, tools: [grpcTool("fn-a", { strict: true })] },
    },
    meaning: [['"strict":true', '"strict_tools":true', '"parametersJsonSchema"']],
  },
  {
    field: "custom tool",
    asked: {
      chat: { ...said, tools: [{ type: "custom", custom: { name: "custom-a", description: "d" } }] },
      responses: { ...itemSaid, tools: [{ type: "custom", name: "custom-a", description: "d" }] },
      grpc: { ...grpcSaid, tools: [{ custom: { name: "custom-a", description: "d" } }] },
    },
    meaning: ["custom-a"],
  },
  {
    field: "provider's own tool",
    asked: {
      responses: { ...itemSaid, tools: [{ type: "web_search" }] },
      messages: { ...said, tools: [{ type: "web_search_20250305", name: "web_search" }] },
    },
    meaning: ["web_search"],
  },
  {
    field: "examples of a tool's input",
    asked: { messages: { ...said, tools: [messagesTool("fn-a", { input_examples: [{ arg_a: "exampled" }] })] } },
    meaning: ["exampled"],
  },
  {
    field: "tool's member that nobody knows",
    asked: {
      chat: { ...said, tools: [{ ...chatTool("fn-a"), brand_new: "unheard" }] },
      responses: { ...itemSaid, tools: [responsesTool("fn-a", { brand_new: "unheard" })] },
      messages: { ...said, tools: [messagesTool("fn-a", { brand_new: "unheard" })] },
    },
    meaning: ["unheard"],
  },
  {
    field: "tool_choice auto",
    asked: withTools({
      chat: { tool_choice: "auto" },
      responses: { tool_choice: "auto" },
      messages: { tool_choice: { type: "auto" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_AUTO" } },
    }),
    meaning: ["fn-a"],
  },
  {
    field: "tool_choice none",
    asked: withTools({
      chat: { tool_choice: "none" },
      responses: { tool_choice: "none" },
      messages: { tool_choice: { type: "none" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_NONE" } },
    }),
    meaning: [['"none"', '"NONE"', "NO fn-a"]],
  },
  {
    field: "tool_choice required",
    asked: withTools({
      chat: { tool_choice: "required" },
      responses: { tool_choice: "required" },
      messages: { tool_choice: { type: "any" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_REQUIRED" } },
    }),
    meaning: [['"required"', '"any"', '"ANY"', '"REQUIRED"']],
  },
  {
    field: "tool_choice of one function",
    asked: withTools({
      chat: { tool_choice: { type: "function", function: { name: "fn-b" } } },
      responses: { tool_choice: { type: "function", name: "fn-b" } },
      messages: { tool_choice: { type: "tool", name: "fn-b" } },
      grpc: { toolChoice: { functionName: "fn-b" } },
    }),
    meaning: [
      [
        '"tool_choice":{"type":"function","function":{"name":"fn-b"}}',
        '"tool_choice":{"type":"function","name":"fn-b"}',
        '"tool_choice":{"type":"tool","name":"fn-b"}',
        '"allowedFunctionNames":["fn-b"]',
        '"toolChoice":{"tool":{"name":"fn-b"}}',
        '"tool_choice":"REQUIRED"',
      ],
    ],
  },
  {
    field: "tool_choice of several",
    asked: withTools({
      chat: {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "fn-b" } }] },
        },
      },
      responses: { tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "fn-b" }] } },
      grpc: { toolChoice: { allowed: { mode: "TOOL_CHOICE_MODE_REQUIRED", functionNames: ["fn-b"] } } },
    }),
    meaning: ["fn-b", ['"allowed_tools"', '"any"', '"allowedFunctionNames"', '"toolChoice":{"tool"', '"REQUIRED"']],
  },
  {
    field: "parallel_tool_calls false",
    asked: withTools({
      chat: { parallel_tool_calls: false },
      responses: { parallel_tool_calls: false },
      messages: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      grpc: { parallelToolCalls: false },
    }),
    meaning: [['"parallel_tool_calls":false', '"disable_parallel_tool_use":true']],
  },
  {
    field: "parallel tool calls and their results",
    asked: called({
      chat: { content: "resulted" },
      responses: { output: "resulted" },
      messages: { content: "resulted" },
      grpc: { content: [grpcText("resulted")] },
    }),
    meaning: ["argued", "argued-too", "resulted", "other-result", callId, "abcDEF456"],
  },
  {
    field: "tool result that failed",
    asked: called({
      chat: { content: "resulted", is_error: true },
      messages: { content: "resulted", is_error: true },
      grpc: { content: [grpcText("resulted")], toolFailed: true },
    }),
    meaning: ["resulted", ['"is_error":true', '"status":"error"', '"error":"resulted"', "Error: resulted"]],
  },
  {
    field: "image in a tool result",
    asked: called({
      chat: {
        content: [
          { type: "text", text: "resulted" },
          { type: "image_url", image_url: { url: png } },
        ],
      },
      responses: {
        output: [
          { type: "input_text", text: "resulted" },
          { type: "input_image", image_url: png },
        ],
      },
      messages: {
        content: [
          { type: "text", text: "resulted" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" } },
        ],
      },
      grpc: { content: [grpcText("resulted"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" } } }] },
    }),
    meaning: ["resulted", "iVBORw0K"],
  },
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
  {
    field: "output tokens at most",
    asked: {
      chat: { ...said, max_tokens: 4321 },
      responses: { ...itemSaid, max_output_tokens: 4321 },
      messages: { ...said, max_tokens: 4321 },
      completions: { ...prompted, max_tokens: 4321 },
      grpc: { ...grpcSaid, sampling: { outputTokensMax: 4321 } },
    },
    meaning: ["4321"],
  },
  {
    field: "temperature",
    asked: { ...everywhere({ temperature: 0.625 }), grpc: { ...grpcSaid, sampling: { temperature: 0.625 } } },
    meaning: ["0.625"],
  },
  { field: "top_p", asked: { ...everywhere({ top_p: 0.875 }), grpc: { ...grpcSaid, sampling: { topP: 0.875 } } }, meaning: ["0.875"] },
  {
    field: "top_k",
    asked: {
      chat: { ...said, top_k: 37 },
      messages: { ...said, top_k: 37 },
      completions: { ...prompted, top_k: 37 },
      grpc: { ...grpcSaid, sampling: { topK: 37 } },
    },
    meaning: ["37"],
  },
  {
    field: "stop",
    asked: {
      chat: { ...said, stop: ["STOP-HERE"] },
      messages: { ...said, stop_sequences: ["STOP-HERE"] },
      completions: { ...prompted, stop: "STOP-HERE" },
      grpc: { ...grpcSaid, sampling: { stop: ["STOP-HERE"] } },
    },
    meaning: ["STOP-HERE"],
  },
  {
    field: "seed",
    asked: { chat: { ...said, seed: 7654 }, completions: { ...prompted, seed: 7654 }, grpc: { ...grpcSaid, sampling: { seed: "7654" } } },
    meaning: ["7654"],
  },
  ...(["presence_penalty", "frequency_penalty"] as const).map((name) => ({
    field: name,
    asked: {
      chat: { ...said, [name]: 0.375 },
      completions: { ...prompted, [name]: 0.375 },
      grpc: { ...grpcSaid, sampling: { [name === "presence_penalty" ? "presencePenalty" : "frequencyPenalty"]: 0.375 } },
    },
    meaning: ["0.375"],
  })),
  {
    field: "logit_bias",
    asked: {
      chat: { ...said, logit_bias: { "4242": 5 } },
      completions: { ...prompted, logit_bias: { "4242": 5 } },
      grpc: { ...grpcSaid, sampling: { logitBias: { "4242": 5 } } },
    },
    meaning: ["4242"],
  },
  {
    field: "n",
    asked: { chat: { ...said, n: 3 }, completions: { ...prompted, n: 3 }, grpc: { ...grpcSaid, sampling: { n: 3 } } },
    meaning: [['"n":3', '"candidateCount":3']],
  },
  {
    field: "logprobs",
    asked: {
      chat: { ...said, logprobs: true },
      responses: { ...itemSaid, include: ["message.output_text.logprobs"] },
      grpc: { ...grpcSaid, sampling: { logprobs: true } },
    },
    meaning: [['"logprobs":true', '"responseLogprobs":true', "message.output_text.logprobs"]],
  },
  {
    field: "top_logprobs",
    asked: {
      chat: { ...said, logprobs: true, top_logprobs: 4 },
      responses: { ...itemSaid, top_logprobs: 4 },
      completions: { ...prompted, logprobs: 4 },
      grpc: { ...grpcSaid, sampling: { logprobs: true, topLogprobs: 4 } },
    },
    meaning: [['"top_logprobs":4', '"logprobs":4']],
  },
  ...(["echo", "suffix", "best_of"] as const).map((name) => ({
    field: name,
    asked: { completions: { ...prompted, [name]: name === "echo" ? true : name === "suffix" ? "suffixed" : 3 } },
    meaning: [`"${name}":`],
  })),
  { field: "prompt as tokens", asked: { completions: { prompt: [4242, 4243] } }, meaning: ["[4242,4243]"] },
  { field: "several prompts", asked: { completions: { prompt: ["prompt-one", "prompt-two"] } }, meaning: ['["prompt-one","prompt-two"]'] },
  {
    field: "caching hint on a part",
    asked: parts({
      chat: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
      messages: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
      grpc: [{ ...grpcText("x"), cacheHint: {} }],
    }),
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "caching hint on a tool",
    asked: {
      chat: { ...said, tools: [{ ...chatTool("fn-a"), cache_control: { type: "ephemeral" } }] },
      messages: { ...said, tools: [messagesTool("fn-a", { cache_control: { type: "ephemeral" } })] },
      grpc: { ...grpcSaid, tools: [{ ...grpcTool("fn-a"), cacheHint: {} }] },
    },
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "caching hint on the whole",
    asked: {
      chat: { ...said, cache_control: { type: "ephemeral" } },
      messages: { ...said, cache_control: { type: "ephemeral" } },
      grpc: { ...grpcSaid, cacheHint: {} },
    },
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "prompt_cache_key",
    asked: {
      chat: { ...said, prompt_cache_key: "k" },
      responses: { ...itemSaid, prompt_cache_key: "k" },
      grpc: { ...grpcSaid, promptCacheKey: "k" },
    },
    meaning: ['"prompt_cache_key":'],
  },
  {
    field: "service tier flex",
    asked: {
      chat: { ...said, service_tier: "flex" },
      responses: { ...itemSaid, service_tier: "flex" },
      grpc: { ...grpcSaid, serviceTier: "flex" },
    },
    meaning: ['"flex"'],
  },
  {
    field: "service tier standard_only",
    asked: { messages: { ...said, service_tier: "standard_only" } },
    meaning: [['"standard_only"', '"service_tier":"default"', "NO service"]],
  },
  {
    field: "end-user id",
    asked: {
      chat: { ...said, user: "user-1" },
      responses: { ...itemSaid, user: "user-1" },
      messages: { ...said, metadata: { user_id: "user-1" } },
      completions: { ...prompted, user: "user-1" },
      grpc: { ...grpcSaid, endUserId: "user-1" },
    },
    meaning: ["user-1"],
    ours: true,
  },
  {
    field: "metadata",
    asked: {
      chat: { ...said, metadata: { a: "meta-1" } },
      responses: { ...itemSaid, metadata: { a: "meta-1" } },
      grpc: { ...grpcSaid, metadata: { a: "meta-1" } },
    },
    meaning: ["meta-1"],
    ours: true,
  },
  {
    field: "metadata beside the user's id",
    asked: { messages: { ...said, metadata: { user_id: "user-1", brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "store",
    asked: { chat: { ...said, store: true }, grpc: { ...grpcSaid, store: true } },
    meaning: ['"store":true'],
  },
  {
    field: "store (responses)",
    asked: { responses: { ...itemSaid, store: true } },
    meaning: ['"store":true'],
    ours: true,
  },
  {
    field: "verbosity",
    asked: {
      chat: { ...said, verbosity: "low" },
      responses: { ...itemSaid, text: { verbosity: "low" } },
      grpc: { ...grpcSaid, verbosity: "low" },
    },
    meaning: ['"verbosity":"low"'],
  },
  {
    field: "spoken answer",
    asked: {
      chat: { ...said, modalities: ["text", "audio"], audio: { voice: "Kore", format: "pcm16" } },
      grpc: { ...grpcSaid, modalities: ["text", "audio"], audioOutput: { voice: "Kore", format: "pcm16" } },
    },
    meaning: ["Kore"],
  },
  {
    field: "prediction",
    asked: {
      chat: { ...said, prediction: { type: "content", content: "predicted" } },
      grpc: { ...grpcSaid, predictedContent: "predicted" },
    },
    meaning: ["predicted"],
  },
  {
    field: "web_search_options",
    asked: { chat: { ...said, web_search_options: {} }, grpc: { ...grpcSaid, webSearchOptions: {} } },
    meaning: [["web_search_options", "googleSearch"]],
  },
  { field: "truncation auto", asked: { responses: { ...itemSaid, truncation: "auto" } }, meaning: ['"truncation":"auto"'] },
  { field: "max_tool_calls", asked: { responses: { ...itemSaid, max_tool_calls: 17 } }, meaning: ["17"] },
  {
    field: "include of a provider's tool",
    asked: { responses: { ...itemSaid, include: ["web_search_call.action.sources"] } },
    meaning: ["web_search_call.action.sources"],
  },
  {
    field: "item of a provider's tool",
    asked: {
      responses: {
        input: [user, { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "searched-so" } }],
      },
    },
    meaning: ["searched-so"],
  },
  {
    field: "context_management",
    asked: { messages: { ...said, context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } } },
    meaning: ["clear_tool_uses"],
  },
  {
    field: "mcp_servers",
    asked: { messages: { ...said, mcp_servers: [{ type: "url", url: "https://example.org/mcp", name: "m" }] } },
    meaning: ["https://example.org/mcp"],
  },
  {
    field: "output_config's member that nobody knows",
    asked: { messages: { ...said, output_config: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "thinking's member that nobody knows",
    asked: { messages: { ...said, max_tokens: 9000, thinking: { type: "enabled", budget_tokens: 2000, brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  { field: "text's member that nobody knows", asked: { responses: { ...itemSaid, text: { brand_new: "unheard" } } }, meaning: ["unheard"] },
  {
    field: "reasoning's member that nobody knows",
    asked: { chat: { ...said, reasoning: { brand_new: "unheard" } }, responses: { ...itemSaid, reasoning: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "message's member that nobody knows",
    asked: {
      chat: { messages: [{ ...user, brand_new: "unheard" }] },
      responses: { input: [{ ...user, brand_new: "unheard" }] },
      messages: { messages: [{ ...user, brand_new: "unheard" }] },
    },
    meaning: ["unheard"],
  },
  {
    field: "part's member that nobody knows",
    asked: parts({
      chat: [{ type: "text", text: "x", brand_new: "unheard" }],
      responses: [{ type: "input_text", text: "x", brand_new: "unheard" }],
      messages: [{ type: "text", text: "x", brand_new: "unheard" }],
    }),
    meaning: ["unheard"],
  },
  {
    field: "part that nobody knows",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
    }),
    meaning: ["unheard"],
  },
  {
    field: "member that nobody knows",
    asked: { ...everywhere({ brand_new: "unheard" }), grpc: { ...grpcSaid, backendExtensions: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
];
