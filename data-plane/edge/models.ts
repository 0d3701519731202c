/**
 * `GET /v1/models` and `GET /v1/models/{id}`: the routes that the caller's key may call. Both OpenAI and Anthropic have these
 * endpoints at the same place; a caller that says `anthropic-version` gets Anthropic's shape, any other OpenAI's.
 */
import type { GatewayError } from "../gateway-error.ts";
import type { Authenticate } from "../pipeline/authenticate.ts";
import { resolveRoute, routesFor } from "../pipeline/resolve-route.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import { readSnapshot, type SnapshotSource } from "../snapshot/snapshot-source.ts";
import { credentialOf } from "./anthropic-messages/endpoint.ts";
import { sendMessagesError } from "./anthropic-messages/error-body.ts";
import { modelInfo, modelPage } from "./anthropic-messages/models.ts";
import { type RestCall, type RestEndpoints, sendError, sendJson } from "./rest-server.ts";

export interface ModelDependencies {
  readonly snapshot: SnapshotSource;
  readonly authenticate: Authenticate;
}

export function modelEndpoints(dependencies: ModelDependencies): RestEndpoints {
  return [
    {
      method: "GET",
      path: "/v1/models",
      sendError: sendErrorInShape,
      serve: async (call) => {
        const { snapshot, caller, owner } = openCall(dependencies, call);
        const routes = routesFor(snapshot, caller);
        const query = new URLSearchParams((call.request.url ?? "").split("?")[1] ?? "");
        send(
          call,
          speaksAnthropic(call) ? modelPage(routes, query) : { object: "list", data: routes.map((route) => modelOf(route, owner)) },
        );
      },
    },
    {
      method: "GET",
      path: "/v1/models/*",
      sendError: sendErrorInShape,
      serve: async (call, name) => {
        const { snapshot, caller, owner } = openCall(dependencies, call);
        const route = resolveRoute(snapshot, caller, name);
        send(call, speaksAnthropic(call) ? modelInfo(route) : modelOf(route, owner));
      },
    },
  ];
}

const speaksAnthropic = ({ response }: Pick<RestCall, "response">): boolean => response.req.headers["anthropic-version"] !== undefined;

function openCall({ snapshot: source, authenticate }: ModelDependencies, call: RestCall) {
  const snapshot = readSnapshot(source);
  const caller = authenticate(snapshot, speaksAnthropic(call) ? credentialOf(call) : call.credential, call.receivedAtMs, call.header);
  return { snapshot, caller, owner: snapshot.organisation(caller.organisationId)?.key ?? "" };
}

function sendErrorInShape(call: Pick<RestCall, "response" | "requestId" | "callId">, error: GatewayError): void {
  (speaksAnthropic(call) ? sendMessagesError : sendError)(call, error);
}

const send = (call: RestCall, body: object): void =>
  sendJson(call, 200, JSON.stringify(body), speaksAnthropic(call) ? { "request-id": call.requestId } : {});

const modelOf = (route: CompiledRoute, owner: string) => ({
  id: route.name,
  object: "model",
  created: Math.floor(route.createdAtMs / 1000),
  owned_by: owner,
});
