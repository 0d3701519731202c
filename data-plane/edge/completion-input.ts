/** A typed CompletionInput as the CompletionRequest of one gRPC call. */
import type { CompletionInput } from "#proto/penstock/inference/v1/completion_pb.ts";
import type { CallContext } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import { inCallersWordsIfThrown } from "../pipeline/caller-field.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf } from "../pipeline/json-text.ts";
import { checkChatBody } from "./chat-body.ts";
import { chatBodyOfInput } from "./chat-body-of-input.ts";
import { callHead } from "./grpc-call.ts";
import { inputField } from "./input-field.ts";

export function completionRequest(input: CompletionInput | undefined, stream: boolean, call: CallContext): CompletionRequest {
  const head = callHead(call);
  if (input === undefined) throw new GatewayError("INVALID_ARGUMENT", "input must be said", { field: "input" });
  const body = inCallersWordsIfThrown(() => chatBodyOfInput(input, stream), { callerField: ofInput });
  return requestOfBody(head, jsonTextOf(body), fieldOfInput);
}

const ofInput = (field: string): string => `input.${field}`;
const fieldOfInput = (field: string): string => ofInput(inputField(field));

/** @param callerField how the caller names a field of the chat body. @throws GatewayError naming the field so. */
export function requestOfBody(
  head: ReturnType<typeof callHead>,
  body: JsonText,
  callerField: (field: string) => string,
): CompletionRequest {
  const { model, stream, prompt, endUserId, metadata, reasoningSigners } = inCallersWordsIfThrown(
    () => checkChatBody(body.value, body.members),
    { callerField },
  );
  return {
    ingress: "grpc",
    ...head,
    model,
    stream,
    body,
    native: undefined,
    reasoningSigners,
    callerField,
    prompt,
    endUserId,
    tags: { ...metadata, ...head.tags },
  };
}
