/** The Messages API's only knowledge of errors: status and type for each kind, in Anthropic's error shape. */
import type { GatewayError, GatewayErrorKind } from "../../gateway-error.ts";
import { retryHeaders } from "../openai-error-body.ts";
import { type RestCall, sendJson } from "../rest-server.ts";
import { dotted } from "./field-names.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

interface Row {
  readonly status: number;
  readonly type: string;
}

const rows = {
  API_KEY_INVALID: { status: 401, type: "authentication_error" },
  API_KEY_EXPIRED: { status: 401, type: "authentication_error" },
  API_KEY_REVOKED: { status: 401, type: "authentication_error" },
  API_KEY_FORBIDDEN: { status: 403, type: "permission_error" },
  ROUTE_FORBIDDEN: { status: 403, type: "permission_error" },
  MODEL_NOT_FOUND: { status: 404, type: "not_found_error" },
  INVALID_ARGUMENT: { status: 400, type: "invalid_request_error" },
  UNSUPPORTED_PARAMETER: { status: 400, type: "invalid_request_error" },
  UNSUPPORTED_ENDPOINT: { status: 404, type: "not_found_error" },
  CONTEXT_LENGTH_EXCEEDED: { status: 400, type: "invalid_request_error" },
  PAYLOAD_TOO_LARGE: { status: 413, type: "request_too_large" },
  PROMPT_NOT_FOUND: { status: 404, type: "not_found_error" },
  RESOURCE_NOT_FOUND: { status: 404, type: "not_found_error" },
  RATE_LIMITED: { status: 429, type: "rate_limit_error" },
  BUDGET_EXHAUSTED: { status: 429, type: "rate_limit_error" },
  QUOTA_UNAVAILABLE: { status: 429, type: "rate_limit_error" },
  GUARD_BLOCKED: { status: 400, type: "invalid_request_error" },
  OVERLOADED: { status: 529, type: "overloaded_error" },
  UPSTREAM_REJECTED: { status: 400, type: "invalid_request_error" },
  UPSTREAM_RATE_LIMITED: { status: 429, type: "rate_limit_error" },
  UPSTREAM_UNAVAILABLE: { status: 502, type: "api_error" },
  UPSTREAM_PROTOCOL: { status: 502, type: "api_error" },
  UPSTREAM_TRUNCATED: { status: 502, type: "api_error" },
  UPSTREAM_TIMEOUT: { status: 504, type: "timeout_error" },
  DEADLINE_EXCEEDED: { status: 504, type: "timeout_error" },
  CALLER_STALLED: { status: 408, type: "timeout_error" },
  // Nobody is there to read it; logs say 499.
  CANCELLED: { status: 499, type: "invalid_request_error" },
  NOT_READY: { status: 503, type: "api_error" },
  SHUTTING_DOWN: { status: 503, type: "api_error" },
  INTERNAL: { status: 500, type: "api_error" },
} satisfies Record<GatewayErrorKind, Row>;

/** An overloaded backend is told by the name that callers of this dialect know to wait on. */
const rowOf = ({ kind, details }: GatewayError): Row => (details.upstreamStatus === 529 ? rows.OVERLOADED : rows[kind]);

/** `{"type":"error","error":{"type","message"},"request_id"}`; what only we know stands in `details`. */
export function messagesErrorBody(error: GatewayError, requestId: string): string {
  const { field } = error.details;
  const param = field === undefined ? undefined : dotted(field);
  return JSON.stringify({
    type: "error",
    error: {
      type: rowOf(error).type,
      message: field === undefined ? error.message : error.message.replace(field, () => dotted(field)),
      details: { error_code: error.kind.toLowerCase(), ...(param === undefined ? {} : { param }) },
    },
    request_id: requestId,
  });
}

export function sendMessagesError(call: Pick<RestCall, "response" | "requestId" | "callId">, error: GatewayError): void {
  if (call.response.destroyed) return;
  const body = messagesErrorBody(error, call.requestId);
  const { limits } = error.details;
  const left = limits === undefined ? {} : rateLimitHeaders(limits, Date.now());
  sendJson(call, rowOf(error).status, body, { ...retryHeaders(error), ...left, "request-id": call.requestId });
}
