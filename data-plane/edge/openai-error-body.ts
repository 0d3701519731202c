/** The REST edge's only knowledge of errors: status, type and code for each kind, in OpenAI's error shape. */
import type { GatewayError, GatewayErrorKind } from "../gateway-error.ts";
import { addLimits } from "./rate-limit-headers.ts";

interface Row {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  /** Whether SDKs should try again by themselves. */
  readonly retry?: boolean;
}

const rows = {
  API_KEY_INVALID: { status: 401, type: "invalid_request_error", code: "invalid_api_key" },
  API_KEY_EXPIRED: { status: 401, type: "invalid_request_error", code: "api_key_expired" },
  API_KEY_REVOKED: { status: 401, type: "invalid_request_error", code: "api_key_revoked" },
  API_KEY_FORBIDDEN: { status: 403, type: "permission_error", code: "api_key_forbidden" },
  ROUTE_FORBIDDEN: { status: 403, type: "permission_error", code: "route_forbidden" },
  MODEL_NOT_FOUND: { status: 404, type: "invalid_request_error", code: "model_not_found" },
  INVALID_ARGUMENT: { status: 400, type: "invalid_request_error", code: "invalid_argument" },
  UNSUPPORTED_PARAMETER: { status: 400, type: "invalid_request_error", code: "unsupported_parameter" },
  UNSUPPORTED_ENDPOINT: { status: 404, type: "invalid_request_error", code: "unsupported_endpoint" },
  CONTEXT_LENGTH_EXCEEDED: { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  PAYLOAD_TOO_LARGE: { status: 413, type: "invalid_request_error", code: "payload_too_large" },
  PROMPT_NOT_FOUND: { status: 404, type: "invalid_request_error", code: "prompt_not_found" },
  RESOURCE_NOT_FOUND: { status: 404, type: "invalid_request_error", code: "not_found" },
  RATE_LIMITED: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", retry: true },
  BUDGET_EXHAUSTED: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  QUOTA_UNAVAILABLE: { status: 429, type: "rate_limit_error", code: "quota_unavailable", retry: true },
  GUARD_BLOCKED: { status: 400, type: "invalid_request_error", code: "content_filter" },
  OVERLOADED: { status: 503, type: "server_error", code: "server_is_overloaded", retry: true },
  UPSTREAM_REJECTED: { status: 400, type: "invalid_request_error", code: "upstream_rejected" },
  UPSTREAM_RATE_LIMITED: { status: 429, type: "rate_limit_error", code: "upstream_rate_limited", retry: true },
  // What follows was already tried elsewhere inside; an SDK that tries again would multiply the attempts.
  UPSTREAM_UNAVAILABLE: { status: 502, type: "server_error", code: "upstream_unavailable" },
  UPSTREAM_PROTOCOL: { status: 502, type: "server_error", code: "upstream_protocol_error" },
  UPSTREAM_TRUNCATED: { status: 502, type: "server_error", code: "upstream_truncated" },
  UPSTREAM_TIMEOUT: { status: 504, type: "server_error", code: "upstream_timeout" },
  DEADLINE_EXCEEDED: { status: 504, type: "server_error", code: "deadline_exceeded" },
  CALLER_STALLED: { status: 408, type: "invalid_request_error", code: "caller_stalled" },
  // Nobody is there to read it; logs say 499.
  CANCELLED: { status: 499, type: "invalid_request_error", code: "cancelled" },
  NOT_READY: { status: 503, type: "server_error", code: "not_ready", retry: true },
  SHUTTING_DOWN: { status: 503, type: "server_error", code: "shutting_down", retry: true },
  INTERNAL: { status: 500, type: "server_error", code: null },
} satisfies Record<GatewayErrorKind, Row>;

export const httpStatusOf = (kind: GatewayErrorKind): number => rows[kind].status;

/** `{"error": …}` with the four keys of OpenAI's, and the request id for whoever asks about it. */
export function openaiErrorBody(error: GatewayError, requestId: string): string {
  const { type, code }: Row = rows[error.kind];
  return JSON.stringify({
    error: { message: error.message, type, param: error.details.field ?? null, code, request_id: requestId, reason: error.kind },
  });
}

/** Whether SDKs are to try again and when, in whole seconds and in milliseconds, and what is left of the caller's limits. */
export function retryHeaders(error: GatewayError): Record<string, string> {
  const { retry = false }: Row = rows[error.kind];
  const headers: Record<string, string> = { "x-should-retry": String(retry) };
  const { retryAfterMs = retry ? retryAfterMsDefault : undefined, limits } = error.details;
  if (limits !== undefined) addLimits(headers, limits);
  if (retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    // openai-node reads this one first, and ignores it beyond a minute.
    headers["retry-after-ms"] = String(Math.max(1, Math.ceil(retryAfterMs)));
  }
  return headers;
}

/** Where nobody knows better, so that a crowd does not come back at once. */
const retryAfterMsDefault = 1000;
