/**
 * Turns what a failing Messages backend said into the gateway's own words. Pure. Statuses mean what they mean elsewhere, but for
 * 529 (overloaded) and for refusals that are about the operator's account and come as the caller's mistake.
 * Source: the API reference, "Errors"; an error within a stream has the same object.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { FailedAnswer } from "../answer-exchange.ts";
import { errorOfStatus as errorOfAnyStatus } from "../openai-compatible/error.ts";

export function errorOfStatus(failure: FailedAnswer): GatewayError {
  const { status } = failure;
  if (status === 529) return overloaded;
  const error = errorOfAnyStatus(failure);
  if (error.kind !== "UPSTREAM_REJECTED") return error;
  if (aboutTheAccount.test(error.message)) return accountRefused;
  return aboutTheContext.test(error.message)
    ? new GatewayError("CONTEXT_LENGTH_EXCEEDED", error.message, { upstreamStatus: status })
    : error;
}

/** For an `error` event in an answer that began as a success. */
export function errorInStream(value: unknown, credential: string | undefined): GatewayError {
  const { type, message } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const status = typeof type === "string" ? statusOfType[type] : undefined;
  return errorOfStatus({
    status: status ?? 500,
    body: JSON.stringify({ error: { type, message } }),
    retryAfter: undefined,
    retryAfterMs: undefined,
    nowMs: Date.now(),
    credential,
  });
}

const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Status 400, and nothing that a caller could change. */
const aboutTheAccount = /credit balance|usage limits|spend limit|billing/i;
const aboutTheContext = /prompt is too long|context (?:limit|window)|exceeds? the maximum (?:context|number of tokens)/i;

const overloaded = new GatewayError("UPSTREAM_UNAVAILABLE", "the backend is overloaded; try again later", {
  upstreamStatus: 529,
  anotherBackendMayHelp: true,
});

const accountRefused = new GatewayError(
  "UPSTREAM_UNAVAILABLE",
  "the backend refused the gateway's account; an operator must look at the provider",
  { upstreamStatus: 400, anotherBackendMayHelp: true },
);
