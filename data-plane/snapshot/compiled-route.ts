/** A route with all that a call on it needs: weight tables, clocks, prompt, experiment, prices. Pure. */

import { create, type JsonObject } from "@bufbuild/protobuf";
import { type BucketRange, bucketRanges } from "#agreements/bucket-hash.ts";
import type {
  Backend,
  CatalogueModel,
  Condition,
  ContentCapture,
  Economy,
  Experiment,
  Namespace,
  Organisation,
  Prompt,
  PromptBinding,
  Provider,
  Route,
  Targeting,
  Tier,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { RouteSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type CompiledPrice, compilePrices } from "./compiled-price.ts";
import type { CompiledPromptVersion } from "./compiled-prompt.ts";

export interface CompiledRoute {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAtMs: number;
  readonly tiers: readonly CompiledTier[];
  /** What the caller's budgets do to the way before they are spent. */
  readonly economy: CompiledEconomy | undefined;
  readonly clocks: Clocks;
  readonly attemptsMax: number;
  readonly prompt: BoundPrompt | undefined;
  readonly defaultParameters: JsonObject | undefined;
  /** Over the caller's. */
  readonly forcedParameters: JsonObject | undefined;
  /** Fields of the common form that may be left out where a backend cannot be given them: "seed", "messages.name". */
  readonly dropParameters: ReadonlySet<string>;
  readonly experiment: CompiledExperiment | undefined;
  /** undefined: as the caller's project. */
  readonly contentCapture: ContentCapture | undefined;
  /** How long an answer is good for the next call that says the same. 0: it is not. */
  readonly cacheTtlMs: number;
  /** Ids of the resources that this was compiled from, besides the route itself. */
  readonly references: readonly string[];
}

export interface CompiledEconomy {
  /** Of a budget, 1 to 100. */
  readonly budgetPercent: number;
  readonly tiers: readonly CompiledTier[];
}

export interface CompiledTier {
  readonly targets: readonly CompiledTarget[];
  readonly weightSum: number;
}

export interface CompiledTarget {
  readonly backend: CompiledBackend;
  /** Weights of this and all targets before it: a draw in [0, weightSum) picks the first that is above it. */
  readonly weightUpTo: number;
  readonly weight: number;
}

export interface CompiledBackend {
  readonly id: string;
  readonly key: string;
  readonly model: string;
  readonly provider: Provider;
  /** In the order of time. Empty: none is known. */
  readonly prices: readonly CompiledPrice[];
  readonly concurrentCallsMax: number;
  /** Of its model in the catalogue, how many tokens an answer may have. undefined: not known. */
  readonly outputTokensMax: number | undefined;
}

/** In milliseconds. */
export interface Clocks {
  readonly queueMs: number;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly writeStallMs: number;
  readonly totalMs: number;
}

/** A prompt that a route or a variant binds; by label or version already resolved, since both stand in the same snapshot. */
export interface BoundPrompt {
  readonly name: string;
  readonly version: CompiledPromptVersion;
}

export interface CompiledExperiment {
  readonly id: string;
  readonly key: string;
  readonly seed: string;
  readonly hashVersion: number;
  readonly phase: number;
  readonly unit: string;
  readonly fallbackUnit: string;
  readonly ranges: readonly BucketRange[];
  readonly variants: readonly CompiledVariant[];
  readonly namespace: Namespace | undefined;
  readonly holdout: CompiledHoldout | undefined;
  readonly targeting: CompiledTargeting | undefined;
  readonly sticky: boolean;
  readonly bucketVersion: number;
  readonly bucketVersionMin: number;
}

export interface CompiledHoldout {
  /** 0 to 0.5. */
  readonly share: number;
  readonly seed: string;
  /** What a unit in the holdout gets: the route as it is. */
  readonly variant: CompiledVariant;
}

/** Empty sets and maps hold for every call. */
export interface CompiledTargeting {
  readonly apiKeyIds: ReadonlySet<string>;
  readonly projectIds: ReadonlySet<string>;
  readonly tags: readonly CompiledCondition[];
  readonly headers: readonly CompiledCondition[];
  /** 0 to 1; 1: every unit. */
  readonly share: number;
}

export interface CompiledCondition {
  readonly name: string;
  readonly values: ReadonlySet<string>;
}

export interface CompiledVariant {
  readonly key: string;
  /** "<experiment>:<variant>", as answers carry it. */
  readonly label: string;
  readonly prompt: BoundPrompt | undefined;
  readonly tiers: readonly CompiledTier[] | undefined;
  readonly parameters: JsonObject | undefined;
}

/** Where compiling finds what a route refers to. */
export interface RouteParts {
  organisation(id: string): Organisation | undefined;
  backend(id: string): Backend | undefined;
  catalogueModel(id: string): CatalogueModel | undefined;
  provider(id: string): Provider | undefined;
  prompt(id: string): Prompt | undefined;
  promptVersion(promptId: string, version: number): CompiledPromptVersion | undefined;
}

/** Where a route says 0. See Timeouts in snapshot.proto. */
export const clockDefaults: Clocks = {
  queueMs: 5000,
  connectMs: 1000,
  firstByteMs: 30_000,
  idleMs: 30_000,
  writeStallMs: 30_000,
  totalMs: 900_000,
};
const attemptsMaxDefault = 3;
const concurrentCallsMaxDefault = 1024;

/** @throws Error naming what the route refers to and the snapshot does not hold. */
export function compileRoute(route: Route, experiment: Experiment | undefined, parts: RouteParts): CompiledRoute {
  const references = new Set<string>();
  const compiler = { parts, references, where: `route "${route.name}"` };
  const { timeouts } = route;
  const tiers = compileTiers(route.tiers, compiler);
  return {
    id: route.id,
    organisationId: route.organisationId,
    name: route.name,
    description: route.description,
    createdAtMs: Number(route.createdAtMs),
    tiers,
    economy: compileEconomy(route.economy, tiers),
    clocks: {
      queueMs: timeouts?.queueMs || clockDefaults.queueMs,
      connectMs: timeouts?.connectMs || clockDefaults.connectMs,
      firstByteMs: timeouts?.firstByteMs || clockDefaults.firstByteMs,
      idleMs: timeouts?.idleMs || clockDefaults.idleMs,
      writeStallMs: timeouts?.writeStallMs || clockDefaults.writeStallMs,
      totalMs: timeouts?.totalMs || clockDefaults.totalMs,
    },
    attemptsMax: route.retries?.attemptsMax || attemptsMaxDefault,
    prompt: compileBinding(route.prompt, compiler),
    defaultParameters: route.defaultParameters,
    forcedParameters: route.forcedParameters,
    dropParameters: new Set(route.dropParameters),
    contentCapture: route.contentCapture,
    cacheTtlMs: route.cache === "exact" ? route.cacheTtlSeconds * 1000 : 0,
    experiment:
      experiment === undefined ? undefined : compileExperiment(experiment, { ...compiler, where: `experiment "${experiment.key}"` }),
    references: [...references],
  };
}

/** A route of no name to one backend alone, drained or not. @throws Error where what it refers to is not there. */
export function compileRouteTo({ id: backendId, organisationId }: Backend, parts: RouteParts): CompiledRoute {
  const route = compileRoute(create(RouteSchema, { organisationId, retries: { attemptsMax: 1 } }), undefined, parts);
  const backend = compileBackend(backendId, { parts, references: new Set(), where: "the test" });
  return { ...route, tiers: [{ targets: [{ backend, weight: 1, weightUpTo: 1 }], weightSum: 1 }] };
}

/** A first tier that is not there, as where tiers were taken away since, is the last one. */
function compileEconomy(economy: Economy | undefined, tiers: readonly CompiledTier[]): CompiledEconomy | undefined {
  if (economy === undefined) return undefined;
  return { budgetPercent: economy.budgetPercent, tiers: tiers.slice(Math.min(economy.firstTier, tiers.length - 1)) };
}

interface Compiler {
  readonly parts: RouteParts;
  readonly references: Set<string>;
  readonly where: string;
}

function compileTiers(tiers: readonly Tier[], compiler: Compiler): CompiledTier[] {
  return tiers.map((tier) => {
    let weightSum = 0;
    const targets = tier.targets.map(({ backendId, weight: given }) => {
      const weight = compiler.parts.backend(backendId)?.drained === true ? 0 : given;
      weightSum += weight;
      return { backend: compileBackend(backendId, compiler), weight, weightUpTo: weightSum };
    });
    return { targets, weightSum };
  });
}

function compileBackend(id: string, compiler: Compiler): CompiledBackend {
  const { parts, references, where } = compiler;
  const backend = parts.backend(id);
  if (backend === undefined) throw new Error(`${where} refers to backend ${id}, which is not there`);
  const provider = parts.provider(backend.providerId);
  if (provider === undefined) throw new Error(`backend "${backend.key}" refers to provider ${backend.providerId}, which is not there`);
  references.add(id);
  references.add(provider.id);
  return {
    id,
    key: backend.key,
    model: backend.model,
    provider,
    prices: compileBackendPrices(backend, compiler),
    concurrentCallsMax: backend.concurrentCallsMax || concurrentCallsMaxDefault,
    outputTokensMax: outputTokensMaxOf(backend, compiler),
  };
}

function outputTokensMaxOf({ catalogueModelId }: Backend, { parts, references }: Compiler): number | undefined {
  if (catalogueModelId === "") return undefined;
  references.add(catalogueModelId);
  return parts.catalogueModel(catalogueModelId)?.outputTokensMax || undefined;
}

/** Its own, or those of its model in the catalogue; less what the organisation is let off. */
function compileBackendPrices(backend: Backend, { parts, references }: Compiler): readonly CompiledPrice[] {
  references.add(backend.organisationId);
  const discounts = parts.organisation(backend.organisationId)?.discounts ?? [];
  if (backend.prices.length > 0) return compilePrices(backend.prices, discounts, backend.providerId);
  if (backend.catalogueModelId === "")
    return compilePrices(backend.price === undefined ? [] : [backend.price], discounts, backend.providerId);
  const model = parts.catalogueModel(backend.catalogueModelId);
  if (model === undefined)
    throw new Error(`backend "${backend.key}" refers to catalogue model ${backend.catalogueModelId}, which is not there`);
  references.add(model.id);
  return compilePrices(model.prices, discounts, backend.providerId);
}

function compileBinding(binding: PromptBinding | undefined, { parts, references, where }: Compiler): BoundPrompt | undefined {
  if (binding === undefined) return undefined;
  const prompt = parts.prompt(binding.promptId);
  if (prompt === undefined) throw new Error(`${where} refers to prompt ${binding.promptId}, which is not there`);
  references.add(prompt.id);
  const number = versionOf(prompt, binding.selector);
  const version = number === undefined ? undefined : parts.promptVersion(prompt.id, number);
  if (version === undefined) throw new Error(`${where} refers to a version of prompt "${prompt.name}" that is not there`);
  return { name: prompt.name, version };
}

/** The version that a label or a pin means; undefined: the prompt has no such label. Without either: "production", else "latest". */
export function versionOf(prompt: Prompt, selector: PromptBinding["selector"]): number | undefined {
  const labelled = (name: string) => prompt.labels.find((label) => label.name === name)?.version;
  switch (selector.case) {
    case "version":
      return selector.value;
    case "label":
      return labelled(selector.value);
    case undefined:
      return labelled("production") ?? labelled("latest");
    default:
      return selector satisfies never;
  }
}

function compileExperiment(experiment: Experiment, compiler: Compiler): CompiledExperiment {
  return {
    id: experiment.id,
    key: experiment.key,
    seed: experiment.seed,
    hashVersion: experiment.hashVersion,
    phase: experiment.phase,
    namespace: experiment.namespace,
    holdout: compileHoldout(experiment),
    targeting: experiment.targeting === undefined ? undefined : compileTargeting(experiment.targeting),
    sticky: experiment.sticky,
    bucketVersion: experiment.bucketVersion,
    bucketVersionMin: experiment.bucketVersionMin,
    unit: experiment.unit,
    fallbackUnit: experiment.fallbackUnit,
    ranges: bucketRanges(
      experiment.variants.map(({ weight }) => weight),
      experiment.coverage,
    ),
    variants: experiment.variants.map((variant) => ({
      key: variant.key,
      label: `${experiment.key}:${variant.key}`,
      prompt: compileBinding(variant.prompt, compiler),
      tiers: variant.tiers.length === 0 ? undefined : compileTiers(variant.tiers, compiler),
      parameters: variant.parameters,
    })),
  };
}

/** The seed leaves the experiment out: whoever is held out of one is held out of all that share the namespace. */
function compileHoldout({ holdout: share, key, namespace, organisationId }: Experiment): CompiledHoldout | undefined {
  if (share === 0) return undefined;
  return {
    share,
    seed: `holdout:${namespace?.name ?? organisationId}`,
    variant: { key: holdoutKey, label: `${key}:${holdoutKey}`, prompt: undefined, tiers: undefined, parameters: undefined },
  };
}

/** No variant may have this key. */
const holdoutKey = "holdout";

function compileTargeting({ apiKeyIds, projectIds, tags, headers, share }: Targeting): CompiledTargeting {
  const conditions = (given: readonly Condition[]) => given.map(({ name, values }) => ({ name, values: new Set(values) }));
  return {
    apiKeyIds: new Set(apiKeyIds),
    projectIds: new Set(projectIds),
    tags: conditions(tags),
    headers: conditions(headers),
    share: share === 0 ? 1 : share,
  };
}
