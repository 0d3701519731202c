/**
 * What every edge reads its dialect into. The OpenAI chat body is the common form, because it is the richest of the wires that
 * callers bring and the form most backends want; a caller's own text is kept beside it, to be forwarded unchanged where the
 * backend speaks the same.
 *
 * Where chat has no word of its own, the common form takes the one that the field already uses:
 * - `cache_control: {"type":"ephemeral","ttl"?}` on content parts, messages and tools (Anthropic's, and OpenRouter's on chat);
 * - `reasoning_details` on assistant messages, see ReasoningDetail in completion-event.ts; `reasoning: {"effort"?,"max_tokens"?,
 *   "enabled"?}` beside `reasoning_effort`, for a budget in tokens;
 * - `{"type":"file","file":{"file_data" | "file_id" | "file_url","filename"?},"citations"?:{"enabled"},"context"?}` for documents;
 * - tool messages whose content is parts (text, image_url, file), and `is_error: true` on them;
 * - `top_k`, `service_tier`, `metadata`, `user` at the top.
 */
import type { JsonText } from "./json-text.ts";

/** The wires that callers and backends share. gRPC is a caller's alone. */
export type Dialect = "openai-chat" | "openai-responses" | "openai-completions" | "anthropic-messages";

export interface CompletionRequest {
  readonly ingress: Dialect | "grpc";
  /** UUID v7. The ledger's key. */
  readonly callId: string;
  /** What answers carry as x-request-id: the caller's own where it sent one, else the call id. */
  readonly requestId: string;
  readonly receivedAtMs: number;
  /** As the caller sent it, without "Bearer". undefined: none. */
  readonly credential: string | undefined;
  /** The route's name. */
  readonly model: string;
  readonly stream: boolean;
  /** The common form. For a caller of chat: its own text. */
  readonly body: JsonText;
  /** What a caller of another dialect than chat wrote; undefined for chat, whose text is `body`, and for gRPC. */
  readonly native: NativeRequest | undefined;
  /** Who signed the reasoning that the call gives back. Only they can read it, so the call goes to them alone. */
  readonly reasoningSigners: readonly ReasoningSigner[];
  /**
   * How the caller would name a field of the common form: "messages[2].tool_call_id" is "messages[1].content[0].tool_use_id" for
   * Anthropic's. Absent: as it is.
   */
  callerField?(field: string): string;
  readonly prompt: PromptReference | undefined;
  /** The edge stores the answer under its id, and who holds the id may delete it. */
  readonly stored?: boolean;
  /** Empty: none. */
  readonly endUserId: string;
  readonly sessionId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Any header of the caller's by its name in lower case, for experiments that target by one. Absent: the edge has none to give. */
  readonly callerHeader?: ((name: string) => string | undefined) | undefined;
  /** Headers x-sim-*, handed on to providers of the kind `simulated` and to nobody else. */
  readonly simulation: Readonly<Record<string, string>>;
}

/** The caller's own words, for a backend of the same dialect: it gets all of them, unknown ones included. */
export interface NativeRequest {
  readonly body: JsonText;
  /** Headers of the caller's that belong to the dialect and go on with the body; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields that the common form has no word for, as the caller named them. A backend of another dialect cannot be given them. */
  readonly unmapped: readonly string[];
  /** Those without which the answer says the same: they are left out and told. */
  readonly hints: readonly string[];
}

export interface ReasoningSigner {
  /** A provider's key; empty where the caller's dialect does not say it: then whoever reads the format. */
  readonly provider: string;
  /** As in ReasoningDetail. */
  readonly format: string;
  /** Where it stands in the request. */
  readonly field: string;
  /** As of GatewayErrorDetails. */
  readonly fieldIn?: "caller";
}

export interface PromptReference {
  readonly name: string;
  readonly selector:
    | { readonly case: "label"; readonly value: string }
    | { readonly case: "version"; readonly value: number }
    | { readonly case: undefined };
  readonly variables: Readonly<Record<string, unknown>>;
}
