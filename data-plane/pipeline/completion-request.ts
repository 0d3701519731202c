/**
 * What every edge reads its dialect into. The OpenAI chat body is the common form, because it is the richest of the wires that
 * callers bring and the form most backends want; a caller's own text is kept beside it, to be forwarded unchanged where the
 * backend speaks the same.
 */
import type { JsonText } from "./json-text.ts";

export interface CompletionRequest {
  readonly ingress: "openai-chat" | "grpc";
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
  readonly body: JsonText;
  readonly prompt: PromptReference | undefined;
  /** Empty: none. */
  readonly endUserId: string;
  readonly sessionId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Headers x-sim-*, handed on to providers of the kind `simulated` and to nobody else. */
  readonly simulation: Readonly<Record<string, string>>;
}

export interface PromptReference {
  readonly name: string;
  readonly selector:
    | { readonly case: "label"; readonly value: string }
    | { readonly case: "version"; readonly value: number }
    | { readonly case: undefined };
  readonly variables: Readonly<Record<string, unknown>>;
}
