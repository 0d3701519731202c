/** What every call brings, whatever it asks for: who calls, which route, and what ledger and metrics say of it. */
import type { CompletionRequest } from "./completion-request.ts";

export interface CallRequest
  extends Pick<
    CompletionRequest,
    | "callId"
    | "requestId"
    | "receivedAtMs"
    | "credential"
    | "model"
    | "stream"
    | "endUserId"
    | "sessionId"
    | "tags"
    | "callerHeader"
    | "simulation"
  > {
  /** Absent: an operation renders none. */
  readonly prompt?: CompletionRequest["prompt"];
  /** The caller's dialect or endpoint, as the ledger says it. */
  readonly ingress: string;
}
