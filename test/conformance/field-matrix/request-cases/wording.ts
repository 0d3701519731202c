/** How a caller of each dialect writes things, for the cases beside this file. */
import type { Ingress } from "../callers.ts";

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

export const png = "data:image/png;base64,iVBORw0K";
export const pdf = "data:application/pdf;base64,JVBERi0=";
export const user = { role: "user", content: "user-said" };
export const said = { messages: [user] };
export const itemSaid = { input: "user-said" };
export const prompted = { prompt: "user-said" };
export const schema = { type: "object", properties: { schema_a: { type: "string" } }, required: ["schema_a"], additionalProperties: false };
export const parameters = { type: "object", properties: { arg_a: { type: "string" } } };

export const chatTool = (name: string, more: Json = {}) => ({
  type: "function",
  function: { name, description: "fn-described", parameters, ...more },
});
export const responsesTool = (name: string, more: Json = {}) => ({
  type: "function",
  name,
  description: "fn-described",
  parameters,
  ...more,
});
export const messagesTool = (name: string, more: Json = {}) => ({ name, description: "fn-described", input_schema: parameters, ...more });
export const grpcTool = (name: string, more: Json = {}) => ({ function: { name, description: "fn-described", parameters, ...more } });

export const grpcText = (text: string) => ({ text: { text } });
export const grpcUser = { role: "ROLE_USER", content: [grpcText("user-said")] };
export const grpcSaid = { messages: [grpcUser] };

/** The same member at the top of every body that has it. */
export const everywhere = (members: Json): RequestCase["asked"] => ({
  chat: { ...said, ...members },
  responses: { ...itemSaid, ...members },
  messages: { ...said, ...members },
  completions: { ...prompted, ...members },
});

/** A user's parts, in each dialect's words. */
export const parts = (asked: { chat?: Json[]; responses?: Json[]; messages?: Json[]; grpc?: Json[] }): RequestCase["asked"] => ({
  ...(asked.chat === undefined ? {} : { chat: { messages: [{ role: "user", content: asked.chat }] } }),
  ...(asked.responses === undefined ? {} : { responses: { input: [{ role: "user", content: asked.responses }] } }),
  ...(asked.messages === undefined ? {} : { messages: { messages: [{ role: "user", content: asked.messages }] } }),
  ...(asked.grpc === undefined ? {} : { grpc: { messages: [{ role: "ROLE_USER", content: asked.grpc }] } }),
});

/** All dialects with tools: two functions, and what more is asked of them. */
export const withTools = (asked: { chat?: Json; responses?: Json; messages?: Json; grpc?: Json }): RequestCase["asked"] => ({
  ...(asked.chat === undefined ? {} : { chat: { ...said, tools: [chatTool("fn-a"), chatTool("fn-b")], ...asked.chat } }),
  ...(asked.responses === undefined
    ? {}
    : { responses: { ...itemSaid, tools: [responsesTool("fn-a"), responsesTool("fn-b")], ...asked.responses } }),
  ...(asked.messages === undefined
    ? {}
    : { messages: { ...said, tools: [messagesTool("fn-a"), messagesTool("fn-b")], ...asked.messages } }),
  ...(asked.grpc === undefined ? {} : { grpc: { ...grpcSaid, tools: [grpcTool("fn-a"), grpcTool("fn-b")], ...asked.grpc } }),
});

export const callId = "abcDEF123";
/** Two calls at once and what came of the first; the second answers "other-result". */
export const called = (result: { chat: Json; responses?: Json; messages: Json; grpc: Json }): RequestCase["asked"] => ({
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
export const earlier = (turn: { chat?: Json; responses?: readonly Json[]; messages?: Json; grpc?: Json }): RequestCase["asked"] => ({
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

export const envelope = (details: readonly Json[]) => `psr1.${Buffer.from(JSON.stringify(details)).toString("base64url")}`;
export const carried = (detail: Json) => `penstock.reasoning.1.${Buffer.from(JSON.stringify(detail)).toString("base64url")}`;
export const signed = {
  type: "reasoning.text",
  text: "thought-so",
  signature: "c2lnLWFiYw",
  format: "anthropic-claude-v1",
  provider: "BACKEND",
};
export const sealed = { type: "reasoning.encrypted", data: "c2VhbGVkLWFiYw", format: "google-gemini-v1", provider: "BACKEND" };
export const strangers = (detail: Json) => ({ ...detail, provider: "another" });

export const signedBy = (detail: Json): RequestCase["asked"] => ({
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
