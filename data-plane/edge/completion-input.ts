/** A typed CompletionInput as the CompletionRequest of one gRPC call. */
import type { CompletionInput } from "#proto/penstock/inference/v1/completion_pb.ts";
import type { CallContext } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf } from "../pipeline/json-text.ts";
import { checkChatBody } from "./chat-body.ts";
import { chatBodyOfInput } from "./chat-body-of-input.ts";
import { callHead } from "./grpc-call.ts";

export function completionRequest(input: CompletionInput | undefined, stream: boolean, call: CallContext): CompletionRequest {
  const head = callHead(call);
  if (input === undefined) throw new GatewayError("INVALID_ARGUMENT", "input must be said", { field: "input" });
  return requestOfBody(head, jsonTextOf(chatBodyOfInput(input, stream)));
}

/** @throws GatewayError naming the field of the chat body. */
export function requestOfBody(head: ReturnType<typeof callHead>, body: JsonText): CompletionRequest {
  const { model, stream, prompt, endUserId, metadata, reasoningSigners } = checkChatBody(body.value, body.members);
  return {
    ingress: "grpc",
    ...head,
    model,
    stream,
    body,
    native: undefined,
    reasoningSigners,
    prompt,
    endUserId,
    tags: { ...metadata, ...head.tags },
  };
}
