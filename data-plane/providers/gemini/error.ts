/**
 * Turns what failing Gemini and Vertex servers said into the gateway's own words. Pure. Statuses mean what they mean elsewhere, but
 * for a bad key, which comes as the caller's mistake, and for the time to wait, which stands in the details.
 *
 * Source: ai.google.dev/gemini-api/docs/troubleshooting; google/rpc/error_details.proto.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { FailedAnswer } from "../answer-exchange.ts";
import { type Json, listOf, objectOf, textOf } from "../common-form.ts";
import { errorOfStatus as errorOfAnyStatus } from "../openai-compatible/error.ts";

export function errorOfStatus(failure: FailedAnswer): GatewayError {
  const error = errorObject(failure.body);
  const { status } = failure;
  if (status === 400 && isAboutTheAccount(error)) return accountRefused;
  const field = textOf(objectOf(listOf(detail(error, "BadRequest")["fieldViolations"])[0])["field"]);
  const read = errorOfAnyStatus({
    ...failure,
    body: JSON.stringify({ error: { message: error["message"], ...(field === "" ? {} : { param: field }) } }),
    retryAfter: failure.retryAfter ?? secondsOf(detail(error, "RetryInfo")["retryDelay"]),
  });
  return read.kind === "UPSTREAM_REJECTED" && /input token count.*exceeds the maximum/i.test(read.message)
    ? new GatewayError("CONTEXT_LENGTH_EXCEEDED", read.message, { upstreamStatus: status })
    : read;
}

/** For an error object in an answer that began as a success. */
export function errorInAnswer(value: unknown, credential: string | undefined): GatewayError {
  const { code } = objectOf(value);
  return errorOfStatus({
    status: typeof code === "number" && code >= 400 && code <= 599 ? code : 500,
    body: JSON.stringify({ error: value }),
    retryAfter: undefined,
    retryAfterMs: undefined,
    nowMs: Date.now(),
    credential,
  });
}

/** A streaming endpoint may put it into a list. */
function errorObject(body: string): Json {
  try {
    const parsed: unknown = JSON.parse(body);
    return objectOf(objectOf(Array.isArray(parsed) ? parsed[0] : parsed)["error"]);
  } catch {
    return {};
  }
}

const detail = (error: Json, type: string): Json =>
  objectOf(listOf(error["details"]).find((entry) => textOf(objectOf(entry)["@type"]).endsWith(`google.rpc.${type}`)));

/** "34.07s". */
const secondsOf = (delay: unknown): string | undefined => /^(\d+(?:\.\d+)?)s$/.exec(textOf(delay))?.[1];

/** A key that is none, or an account that may not: nothing that a caller could change. */
function isAboutTheAccount(error: Json): boolean {
  const { reason } = detail(error, "ErrorInfo");
  return textOf(reason).startsWith("API_KEY") || error["status"] === "FAILED_PRECONDITION";
}

const accountRefused = new GatewayError(
  "UPSTREAM_UNAVAILABLE",
  "the backend refused the gateway's credential or account; an operator must look at the provider",
  { upstreamStatus: 400, anotherBackendMayHelp: true },
);
