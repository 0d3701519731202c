/** Which route the caller's `model` means. Pure. */
import { backendModelPrefix } from "#agreements/control-plane-credential.ts";
import { GatewayError } from "../gateway-error.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import { type Caller, controlPlaneKeyId } from "./authenticate.ts";

/** @throws GatewayError MODEL_NOT_FOUND: none of that name in the caller's organisation. ROUTE_FORBIDDEN: not for this key. */
export function resolveRoute(snapshot: RuntimeSnapshot, caller: Caller, model: string): CompiledRoute {
  const route =
    snapshot.route(caller.organisationId, model) ?? routeOfVariant(snapshot, caller, model) ?? routeOfBackend(snapshot, caller, model);
  if (route === undefined)
    throw new GatewayError(
      "MODEL_NOT_FOUND",
      `there is no model named "${model.slice(0, 200)}" here; GET /v1/models lists those you may call`,
      { field: "model", metadata: { model: model.slice(0, 200) } },
    );
  if (!mayCall(caller, route))
    throw new GatewayError("ROUTE_FORBIDDEN", `this API key may not call "${route.name}"; GET /v1/models lists those it may`, {
      field: "model",
      metadata: { model: route.name },
    });
  return route;
}

/** "<route>@<variant>" asks for one variant of the route's experiment; see assign-variant.ts. */
function routeOfVariant(snapshot: RuntimeSnapshot, caller: Caller, model: string): CompiledRoute | undefined {
  const at = model.lastIndexOf("@");
  if (at < 0) return undefined;
  const route = snapshot.route(caller.organisationId, model.slice(0, at));
  return route?.experiment?.variants.some(({ key }) => key === model.slice(at + 1)) === true ? route : undefined;
}

/** A backend by its id, past all routes: for the control plane alone, when somebody tests it. */
function routeOfBackend(snapshot: RuntimeSnapshot, { apiKey, organisationId }: Caller, model: string): CompiledRoute | undefined {
  if (apiKey.id !== controlPlaneKeyId || !model.startsWith(backendModelPrefix)) return undefined;
  return snapshot.routeToBackend(organisationId, model.slice(backendModelPrefix.length));
}

/** Those the caller's key may call, by name. */
export const routesFor = (snapshot: RuntimeSnapshot, caller: Caller): CompiledRoute[] =>
  snapshot.routesOf(caller.organisationId).filter((route) => mayCall(caller, route));

const mayCall = ({ apiKey }: Caller, route: CompiledRoute): boolean =>
  apiKey.allowedRoutes.length === 0 || apiKey.allowedRoutes.includes(route.name);
