/**
 * Turns what a failing Bedrock said into the gateway's own words. Pure. An exception has a name, which stands in a header where
 * the call failed at once and beside the payload where it failed in a stream; the name says more than the status.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, "Errors".
 */
import { GatewayError } from "../../gateway-error.ts";
import type { FailedAnswer } from "../answer-exchange.ts";
import { objectOf, textOf } from "../common-form.ts";
import { errorOfStatus as errorOfAnyStatus } from "../openai-compatible/error.ts";

/** By the exception's name, its first letter in lower case. */
const statuses: Readonly<Record<string, number>> = {
  validationException: 400,
  accessDeniedException: 403,
  expiredTokenException: 403,
  unrecognizedClientException: 403,
  invalidSignatureException: 403,
  resourceNotFoundException: 404,
  modelTimeoutException: 408,
  throttlingException: 429,
  modelNotReadyException: 429,
  serviceQuotaExceededException: 429,
  modelErrorException: 502,
  modelStreamErrorException: 502,
  internalServerException: 500,
  serviceUnavailableException: 503,
};

export function errorOfStatus(failure: FailedAnswer): GatewayError {
  const name = nameOf(textOf(failure.header?.("x-amzn-errortype")));
  const status = statuses[name] ?? (failure.status === 424 ? 502 : failure.status);
  const error = errorOfAnyStatus({ ...failure, status, body: JSON.stringify({ message: messageOf(failure.body) }) });
  if (error.kind !== "UPSTREAM_REJECTED") return error;
  return aboutTheContext.test(error.message)
    ? new GatewayError("CONTEXT_LENGTH_EXCEEDED", error.message, { upstreamStatus: failure.status })
    : error;
}

/** For an exception in a stream that began as a success. */
export const errorInStream = (exception: string, payload: string, credential: string | undefined): GatewayError =>
  errorOfStatus({
    status: statuses[nameOf(exception)] ?? 500,
    body: payload,
    retryAfter: undefined,
    retryAfterMs: undefined,
    nowMs: Date.now(),
    credential,
  });

/** "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/" */
const nameOf = (type: string): string => {
  const name = /^\w+/.exec(type)?.[0] ?? "";
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
};

function messageOf(body: string): string | undefined {
  try {
    const said = objectOf(JSON.parse(body));
    // The signature's check and the service write it differently.
    return textOf(said["message"]) || textOf(said["Message"]) || textOf(said["originalMessage"]) || undefined;
  } catch {
    return undefined;
  }
}

const aboutTheContext = /input is too long|prompt is too long|too many (?:input )?tokens|maximum context length|context (?:limit|window)/i;
