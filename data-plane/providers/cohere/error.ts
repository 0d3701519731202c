/**
 * Turns what a failing Cohere said into the gateway's own words: `{"id","message"}`, and two statuses of its own. Pure.
 * Source: docs.cohere.com/reference/errors.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { FailedAnswer } from "../answer-exchange.ts";
import { errorOfStatus as errorOfAnyStatus } from "../openai-compatible/error.ts";

/** 498: the key is none any more. 499: it gave up by itself. */
const statuses: Readonly<Record<number, number>> = { 498: 401, 499: 504 };

export function errorOfStatus(failure: FailedAnswer): GatewayError {
  const error = errorOfAnyStatus({ ...failure, status: statuses[failure.status] ?? failure.status });
  return error.kind === "UPSTREAM_REJECTED" && /too many tokens|context length|token limit/i.test(error.message)
    ? new GatewayError("CONTEXT_LENGTH_EXCEEDED", error.message, { upstreamStatus: failure.status })
    : error;
}

/** For an answer that ended in its own failure. @param said what it told of it, perhaps nothing. */
export const errorOfFinish = (reason: string, said: string, credential: string | undefined): GatewayError =>
  errorOfStatus({
    status: reason === "TIMEOUT" ? 504 : 500,
    body: JSON.stringify({ message: said }),
    retryAfter: undefined,
    retryAfterMs: undefined,
    nowMs: Date.now(),
    credential,
  });
