/** `POST /v1/messages/count_tokens`: what a call would have as input, without making it. Counts as a request and as no tokens. */
import { jsonTextOf, readJsonText } from "../../pipeline/json-text.ts";
import { type OperationDependencies, operate } from "../../pipeline/operation.ts";
import type { OperationRequest } from "../../pipeline/operation-request.ts";
import { isKnown } from "../known-caller.ts";
import { writeOperation } from "../operation-answer.ts";
import { type RestEndpoint, readBody, simulationHeaders } from "../rest-server.ts";
import { credentialOf } from "./endpoint.ts";
import { checkMessagesBody } from "./messages-body.ts";

export function countTokens(dependencies: OperationDependencies): RestEndpoint {
  return async (restCall) => {
    const call = { ...restCall, credential: credentialOf(restCall) };
    const json = isKnown(dependencies, call) ? readJsonText(await readBody(call)) : undefined;
    const checked = json === undefined ? undefined : checkMessagesBody(json.value, json.members, false);
    const request: OperationRequest = {
      ingress: "anthropic-messages-count-tokens",
      callId: call.callId,
      requestId: call.requestId,
      receivedAtMs: call.receivedAtMs,
      credential: call.credential,
      model: checked?.model ?? "",
      stream: false,
      endUserId: checked?.endUserId ?? "",
      sessionId: call.sessionId,
      tags: call.tags,
      callerHeader: call.header,
      simulation: simulationHeaders(call),
      target: { case: "route" },
      method: "POST",
      path: "/messages/count_tokens",
      body: { case: "json", json: json ?? jsonTextOf({}) },
      answer: "read",
      unsaidUsage: "nothing",
    };
    await writeOperation(call, operate(request, dependencies, call));
  };
}
