/**
 * Which arm of the route's experiment the call falls in. Pure: (revision, unit, seed) alone decide, so every node that serves
 * the same revision agrees without asking anyone.
 */
import { bucketOf, variantIndexOf } from "#agreements/bucket-hash.ts";
import type { CompiledExperiment, CompiledRoute, CompiledVariant } from "../snapshot/compiled-route.ts";
import type { Caller } from "./authenticate.ts";
import type { CallRequest } from "./call-request.ts";

export interface Assignment {
  readonly experiment: CompiledExperiment;
  readonly variant: CompiledVariant;
  readonly unitType: string;
  /** What was hashed. Leaves the node only as an HMAC. */
  readonly unit: string;
  readonly bucket: number;
}

/** undefined: the route has no experiment, the call has no unit, or its unit is not covered. */
export function assignVariant(route: CompiledRoute, request: CallRequest, caller: Caller): Assignment | undefined {
  const { experiment } = route;
  if (experiment === undefined) return undefined;
  for (const unitType of [experiment.unit, experiment.fallbackUnit]) {
    const unit = unitOf(unitType, request, caller);
    if (unit === "") continue;
    const bucket = bucketOf(experiment.hashVersion, experiment.seed, unit);
    if (bucket === undefined) return undefined;
    const variant = experiment.variants[variantIndexOf(experiment.ranges, bucket)];
    return variant === undefined ? undefined : { experiment, variant, unitType, unit, bucket };
  }
  return undefined;
}

function unitOf(unitType: string, request: CallRequest, caller: Caller): string {
  switch (unitType) {
    case "end_user":
      return request.endUserId;
    case "session":
      return request.sessionId;
    case "api_key":
      return caller.apiKey.id;
    case "request":
      return request.callId;
    default:
      return "";
  }
}
