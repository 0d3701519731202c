/**
 * Which arm of the route's experiment the call falls in. Pure: (revision, unit, seed) alone decide, so every node that serves
 * the same revision agrees without asking anyone. In this order: a variant that the caller chose; who is targeted; the unit; the
 * namespace; the holdout; the bucket.
 */
import { bucketOf, isWithin, variantIndexOf } from "#agreements/bucket-hash.ts";
import { GatewayError } from "../gateway-error.ts";
import type {
  CompiledCondition,
  CompiledExperiment,
  CompiledRoute,
  CompiledTargeting,
  CompiledVariant,
} from "../snapshot/compiled-route.ts";
import type { Caller } from "./authenticate.ts";
import type { CallRequest } from "./call-request.ts";
import type { PromptReference } from "./completion-request.ts";

export interface Assignment {
  readonly experiment: CompiledExperiment;
  readonly variant: CompiledVariant;
  readonly unitType: string;
  /** What was hashed. Leaves the node only as an HMAC. */
  readonly unit: string;
  readonly bucket: number;
  /** The caller chose it. */
  readonly forced: boolean;
  /** Kept from an earlier call. */
  readonly sticky: boolean;
  readonly holdout: "" | "held-out" | "compared";
}

/** Namespaces, holdouts and shares are hashed as version 3 whatever the experiment's own is: its seed is not theirs. */
const hashVersion = 3;

/**
 * undefined: the route has no experiment, the call is not targeted, or its unit is missing or not covered.
 * @throws GatewayError ROUTE_FORBIDDEN: the caller asked for a variant, and its key may not.
 */
export function assignVariant(route: CompiledRoute, request: CallRequest, caller: Caller): Assignment | undefined {
  const { experiment } = route;
  if (experiment === undefined) return undefined;
  const forced = request.model === route.name ? undefined : forcedVariant(route, experiment, request, caller);
  if (forced !== undefined) return forced;
  if (experiment.targeting !== undefined && !isTargeted(experiment.targeting, request, caller)) return undefined;
  const unit = unitsOf(experiment, request, caller)[0];
  return unit === undefined ? undefined : drawn(experiment, unit.type, unit.id);
}

export interface Unit {
  readonly type: string;
  readonly id: string;
}

/** The units that the call has, the experiment's own first. None where the caller itself has said what the experiment would decide. */
export function unitsOf(experiment: CompiledExperiment, request: CallRequest, caller: Caller): Unit[] {
  const units: Unit[] = [];
  if (request.prompt !== undefined && decidesPrompt(experiment, request.prompt)) return units;
  for (const type of [experiment.unit, experiment.fallbackUnit]) {
    const id = unitId(type, request, caller);
    if (id !== "") units.push({ type, id });
  }
  return units;
}

/**
 * Whether a variant would take away the prompt that the caller asks for: another one, or a version by its number. A label moves, and an
 * experiment moves it for some; a pin does not.
 */
const decidesPrompt = ({ variants }: CompiledExperiment, { name, selector }: PromptReference): boolean =>
  variants.some(({ prompt }) => prompt !== undefined && (selector.case === "version" || (name !== "" && name !== prompt.name)));

function forcedVariant(route: CompiledRoute, experiment: CompiledExperiment, request: CallRequest, caller: Caller): Assignment | undefined {
  const key = request.model.slice(route.name.length + 1);
  const variant = experiment.variants.find((one) => one.key === key);
  if (variant === undefined) return undefined;
  if (!caller.apiKey.mayForceVariants)
    throw new GatewayError("ROUTE_FORBIDDEN", `this API key may not choose a variant; call "${route.name}"`, {
      field: "model",
      metadata: { model: route.name },
    });
  const [unit] = unitsOf(experiment, request, caller);
  return { experiment, variant, unitType: unit?.type ?? "", unit: unit?.id ?? "", bucket: 0, forced: true, sticky: false, holdout: "" };
}

function isTargeted({ apiKeyIds, projectIds, tags, headers }: CompiledTargeting, request: CallRequest, caller: Caller): boolean {
  const holds = (conditions: readonly CompiledCondition[], read: (name: string) => string | undefined) =>
    conditions.every(({ name, values }) => {
      const value = read(name);
      return value !== undefined && values.has(value);
    });
  return (
    (apiKeyIds.size === 0 || apiKeyIds.has(caller.apiKey.id)) &&
    (projectIds.size === 0 || projectIds.has(caller.projectId)) &&
    holds(tags, (name) => (Object.hasOwn(request.tags, name) ? request.tags[name] : undefined)) &&
    holds(headers, (name) => request.callerHeader?.(name))
  );
}

function drawn(experiment: CompiledExperiment, unitType: string, unit: string): Assignment | undefined {
  const { namespace, holdout, targeting } = experiment;
  if (targeting !== undefined && targeting.share < 1 && place(`target:${experiment.seed}`, unit) >= targeting.share) return undefined;
  if (namespace !== undefined && !isWithin(place(`ns:${namespace.name}`, unit), namespace.start, namespace.end)) return undefined;
  const bucket = bucketOf(experiment.hashVersion, experiment.seed, unit);
  if (bucket === undefined) return undefined;
  const common = { experiment, unitType, unit, bucket, forced: false, sticky: false };
  const held = holdout === undefined ? 1 : place(holdout.seed, unit) / holdout.share;
  if (holdout !== undefined && held < 1) return { ...common, variant: holdout.variant, holdout: "held-out" };
  const variant = experiment.variants[variantIndexOf(experiment.ranges, bucket)];
  return variant === undefined ? undefined : { ...common, variant, holdout: held < 2 && holdout !== undefined ? "compared" : "" };
}

const place = (seed: string, unit: string): number => bucketOf(hashVersion, seed, unit) ?? 1;

function unitId(unitType: string, request: CallRequest, caller: Caller): string {
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
