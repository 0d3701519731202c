/** Which backends an operation may go to, and under which route's limits and clocks. Pure. */
import { GatewayError } from "../gateway-error.ts";
import type { CompiledBackend, CompiledRoute, CompiledTier } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Caller } from "./authenticate.ts";
import type { OperationRequest } from "./operation-request.ts";
import { resolveRoute, routesFor } from "./resolve-route.ts";

/**
 * What a provider keeps is reached through the routes that lead there: a key that may call none of them may not reach it.
 * Where several do, the first by name lends its clocks and its quotas.
 * @throws GatewayError as resolveRoute, or MODEL_NOT_FOUND where no route of the caller's leads to the provider.
 */
export function operationTiers(
  snapshot: RuntimeSnapshot,
  caller: Caller,
  { target, model }: OperationRequest,
): { route: CompiledRoute; tiers: readonly CompiledTier[] } {
  if (target.case === "route") {
    const route = resolveRoute(snapshot, caller, model);
    return { route, tiers: route.tiers };
  }
  for (const route of routesFor(snapshot, caller)) {
    const backend = backendsOf(route).find(({ provider }) => provider.id === target.providerId);
    if (backend !== undefined) return { route, tiers: [{ targets: [{ backend, weight: 1, weightUpTo: 1 }], weightSum: 1 }] };
  }
  throw new GatewayError("MODEL_NOT_FOUND", "no model that this API key may call stands at the provider that keeps this");
}

export const backendsOf = (route: CompiledRoute): readonly CompiledBackend[] =>
  route.tiers.flatMap(({ targets }) => targets.map(({ backend }) => backend));
