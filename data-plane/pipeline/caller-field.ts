/**
 * Fields as the caller wrote them. Stages and adapters name what is wrong in the words of the common form, with the prompt's own
 * messages before the caller's; what the caller is told is put into its own words once, when the call has failed. Pure.
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompletionRequest } from "./completion-request.ts";

/** @param promptMessages how many messages a prompt has put before the caller's. */
export function inCallersWords(error: GatewayError, request: Pick<CompletionRequest, "callerField">, promptMessages = 0): GatewayError {
  const { field, fieldIn } = error.details;
  if (field === undefined || fieldIn === "caller" || (request.callerField === undefined && promptMessages === 0)) return error;
  const own = withoutPrompt(field, promptMessages);
  const named = request.callerField?.(own) ?? own;
  // The message says it first of all; what a route may drop, it says after that and in the common form's words.
  const message = error.message.replace(field, () => named);
  return new GatewayError(error.kind, message, { ...error.details, field: named, fieldIn: "caller" });
}

/** For an edge that checks what it has made of the caller's body. */
export function inCallersWordsIfThrown<Made>(check: () => Made, request: Pick<CompletionRequest, "callerField">): Made {
  try {
    return check();
  } catch (reason) {
    throw inCallersWords(GatewayError.from(reason), request);
  }
}

function withoutPrompt(field: string, promptMessages: number): string {
  const index = /^messages\[(\d+)\]/.exec(field)?.[1];
  if (promptMessages === 0 || index === undefined) return field;
  const own = Number(index) - promptMessages;
  return own < 0 ? "prompt" : field.replace(/^messages\[\d+\]/, `messages[${own}]`);
}
