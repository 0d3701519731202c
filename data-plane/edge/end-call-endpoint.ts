/** `POST /v1/calls/end`: an operator ends a call that runs here. For the control plane alone, and for calls of its organisation. */
import { GatewayError } from "../gateway-error.ts";
import { controlPlaneKeyId } from "../pipeline/authenticate.ts";
import type { CallsUnderway } from "../pipeline/calls-underway.ts";
import { readJsonText } from "../pipeline/json-text.ts";
import { type KnownCallerDependencies, knownCaller } from "./known-caller.ts";
import { type RestEndpoint, readBody, sendJson } from "./rest-server.ts";

export interface EndCallDependencies extends KnownCallerDependencies {
  readonly underway: Pick<CallsUnderway, "end">;
}

export function endCallEndpoint(dependencies: EndCallDependencies): RestEndpoint {
  return async (call) => {
    const caller = knownCaller(dependencies, call);
    if (caller?.apiKey.id !== controlPlaneKeyId)
      throw new GatewayError("UNSUPPORTED_ENDPOINT", "calls are ended in the control plane, with the mutation endCall");
    const { callId } = readJsonText(await readBody(call)).value;
    const reason = new GatewayError("CANCELLED", "an operator ended this call");
    if (typeof callId !== "string" || !dependencies.underway.end(callId, caller.organisationId, reason))
      throw new GatewayError("RESOURCE_NOT_FOUND", "no such call runs here");
    sendJson(call, 200, "{}");
  };
}
