/**
 * What edges read a call into that is not a completion: embeddings, moderation, speech, images, ranking, files, batches, jobs.
 * Such a call goes to a backend that speaks the same dialect as its caller, so its body goes on as it was written.
 */
import type { CallRequest } from "./call-request.ts";
import type { JsonText } from "./json-text.ts";

export interface OperationRequest extends CallRequest {
  readonly target: OperationTarget;
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the provider's base URL, with its query: "/embeddings". */
  readonly path: string;
  readonly body: OperationBody;
  /** bytes: the answer is handed on unread, also where it is JSON. */
  readonly answer: "read" | "bytes";
  /** What it uses where the backend does not say: as much as its text, nothing at all, or nobody can tell. */
  readonly unsaidUsage: "input" | "nothing" | "unknown";
}

/** Where it goes: by the name of a route, or to the provider that keeps what it is about. */
export type OperationTarget = { readonly case: "route" } | { readonly case: "provider"; readonly providerId: string };

export type OperationBody =
  | { readonly case: "none" }
  | { readonly case: "json"; readonly json: JsonText }
  | {
      readonly case: "multipart";
      readonly contentType: string;
      /** The body with the backend's model in the place of the caller's. Once: it is read from the caller while it is sent. */
      readonly bytes: (model: string) => AsyncIterable<Uint8Array>;
      /** What a guard is shown, before it is sent: all of the body is read for it, and set aside. */
      readonly content: () => Promise<FormContent>;
    };

export interface FormContent {
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** Names of the fields that are files. */
  readonly files: readonly string[];
}
