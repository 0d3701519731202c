/** Where a caller's files, batches and jobs may be: at the providers that its routes lead to. Pure. */
import { GatewayError } from "../../gateway-error.ts";
import type { Caller } from "../../pipeline/authenticate.ts";
import { backendsOf } from "../../pipeline/operation-tiers.ts";
import { resolveRoute, routesFor } from "../../pipeline/resolve-route.ts";
import type { RuntimeSnapshot } from "../../snapshot/runtime-snapshot.ts";

/** The header by which a caller says at which route's provider something is to be kept. */
export const routeHeader = "x-penstock-route";

/** By id, each once. @param routeName undefined: of all routes. @throws GatewayError as resolveRoute. */
export function providersOfCaller(
  snapshot: RuntimeSnapshot,
  caller: Caller,
  routeName: string | undefined,
  keepsThings: (kind: string) => boolean,
): readonly string[] {
  const routes = routeName === undefined ? routesFor(snapshot, caller) : [resolveRoute(snapshot, caller, routeName)];
  const providers = routes.flatMap(backendsOf).map(({ provider }) => provider);
  return [...new Set(providers.filter(({ kind }) => keepsThings(kind)).map(({ id }) => id))].sort();
}

/** @throws GatewayError INVALID_ARGUMENT where it cannot be told which. */
export function onlyProvider(providers: readonly string[]): string {
  const [first, second] = providers;
  if (first === undefined)
    throw new GatewayError("UNSUPPORTED_ENDPOINT", "no model that this API key may call stands at a provider that keeps files");
  if (second !== undefined)
    throw new GatewayError(
      "INVALID_ARGUMENT",
      `this API key's models stand at several providers; name one of the models in the header ${routeHeader}`,
      {
        field: routeHeader,
      },
    );
  return first;
}

/** The name that a route's model has at a provider. @throws GatewayError as resolveRoute; INVALID_ARGUMENT where it is not there. */
export function modelAtProvider(snapshot: RuntimeSnapshot, caller: Caller, providerId: string, routeName: string): string {
  const backend = backendsOf(resolveRoute(snapshot, caller, routeName)).find(({ provider }) => provider.id === providerId);
  if (backend === undefined)
    throw new GatewayError("INVALID_ARGUMENT", `the model "${routeName.slice(0, 200)}" is not at the provider that keeps the file`, {
      field: "model",
    });
  return backend.model;
}
