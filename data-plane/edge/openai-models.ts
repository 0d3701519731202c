/** `GET /v1/models` and `GET /v1/models/{id}`: the routes that the caller's key may call, in OpenAI's shape. */
import type { Authenticate } from "../pipeline/authenticate.ts";
import { resolveRoute, routesFor } from "../pipeline/resolve-route.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import { readSnapshot, type SnapshotSource } from "../snapshot/snapshot-source.ts";
import { type RestEndpoint, sendJson } from "./rest-server.ts";

export interface ModelDependencies {
  readonly snapshot: SnapshotSource;
  readonly authenticate: Authenticate;
}

export function listModels({ snapshot: source, authenticate }: ModelDependencies): RestEndpoint {
  return async (call) => {
    const { credential, receivedAtMs } = call;
    const snapshot = readSnapshot(source);
    const caller = authenticate(snapshot, credential, receivedAtMs);
    const owner = snapshot.organisation(caller.organisationId)?.key ?? "";
    sendJson(call, 200, JSON.stringify({ object: "list", data: routesFor(snapshot, caller).map((route) => modelOf(route, owner)) }));
  };
}

export function getModel({ snapshot: source, authenticate }: ModelDependencies): RestEndpoint {
  return async (call, name) => {
    const { credential, receivedAtMs } = call;
    const snapshot = readSnapshot(source);
    const caller = authenticate(snapshot, credential, receivedAtMs);
    const owner = snapshot.organisation(caller.organisationId)?.key ?? "";
    sendJson(call, 200, JSON.stringify(modelOf(resolveRoute(snapshot, caller, name), owner)));
  };
}

const modelOf = (route: CompiledRoute, owner: string) => ({
  id: route.name,
  object: "model",
  created: Math.floor(route.createdAtMs / 1000),
  owned_by: owner,
});
