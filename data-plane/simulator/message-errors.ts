/** Errors in Anthropic's shape, where faults and refusals say them in OpenAI's: the statuses are the same, the words of the types are not. */
import { whole } from "./faults.ts";
import type { ErrorBody } from "./simulator-error.ts";
import type { HttpAnswer, Step } from "./stream-writer.ts";

const typeOf: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const bodyOf = (status: number, message: string) =>
  JSON.stringify({
    type: "error",
    error: { type: typeOf[status] ?? (status < 500 ? "invalid_request_error" : "api_error"), message },
    request_id: null,
  });

/** Errors among the steps of an answer, and answers that are one. */
export function withMessageErrors(answer: HttpAnswer): HttpAnswer {
  if (answer.status < 400) return { ...answer, steps: changed(answer.steps) };
  const [only] = [...answer.steps];
  const message = typeof only === "string" ? messageOf(only) : undefined;
  return message === undefined ? answer : whole(answer.status, answer.headers, bodyOf(answer.status, message));
}

function* changed(steps: Iterable<Step>): Generator<Step, void> {
  for (const step of steps) {
    const message = typeof step === "string" ? messageOf(step.replace(/^data: /, "")) : undefined;
    if (message === undefined) yield step;
    else if (typeof step === "string" && step.startsWith("data: ")) yield `event: error\ndata: ${bodyOf(500, message)}\n\n`;
    else yield bodyOf(500, message);
  }
}

/** undefined: it is no error of OpenAI's shape. */
function messageOf(text: string): string | undefined {
  if (!text.startsWith('{"error":')) return undefined;
  try {
    return (JSON.parse(text) as ErrorBody).error.message;
  } catch {
    return undefined;
  }
}
