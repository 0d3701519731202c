/** What flows from a backend to the caller of an operation, in batches: one for what one read from the backend brought. */
import type { AnswerText } from "./answer-text.ts";
import type { CallFacts, CallReport, TokenUsage } from "./completion-event.ts";

/** What an adapter hands on. */
export type OperationAnswerEvent =
  /** First of all, with the answer's content type and disposition; empty where the backend said none. */
  | { readonly type: "operation-started"; readonly contentType: string; readonly contentDisposition: string }
  /** The JSON text of an answer that was read. `servedModel`: empty where it names none. `estimated`: what it says is a guess of ours. */
  | { readonly type: "operation-answer"; readonly text: AnswerText; readonly servedModel: string; readonly estimated?: boolean }
  /** A piece of an answer that is handed on as it comes. */
  | { readonly type: "operation-bytes"; readonly chunks: readonly Uint8Array[] }
  | { readonly type: "operation-usage"; readonly usage: TokenUsage };

export type OperationEvent =
  | OperationAnswerEvent
  | { readonly type: "committed"; readonly facts: CallFacts; readonly writeStallMs: number }
  /** Last of all, when all went well. */
  | { readonly type: "finished"; readonly report: CallReport };
