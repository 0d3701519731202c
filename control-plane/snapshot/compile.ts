/**
 * Turns rows into resources of the snapshot: pure, one row to one resource, the same row always to the same bytes. A row
 * that is archived, or an experiment that does not run, is in no snapshot.
 */

import type { JsonObject as ProtoJsonObject } from "@bufbuild/protobuf";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type BudgetSchema,
  type ContentCaptureSchema,
  type DiscountSchema,
  type ExperimentSchema,
  type PriceSchema,
  type PromptBindingSchema,
  type ProviderSchema,
  type QuotaNarrowingSchema,
  type QuotaSchema,
  type Resource,
  ResourceSchema,
  type TargetingSchema,
  type TierSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { ConfigKind, ConfigRows } from "../database/config-kinds.ts";
import type { Budget } from "../database/entities/budget.ts";
import type { ContentCapture } from "../database/entities/content-capture.ts";
import type { Experiment, ExperimentTargeting } from "../database/entities/experiment.ts";
import type { Discount } from "../database/entities/organisation.ts";
import { type Price, type PriceRates, type RateName, rateNames } from "../database/entities/price.ts";
import type { PromptVersion } from "../database/entities/prompt-version.ts";
import type { Provider, ProviderAuthentication } from "../database/entities/provider.ts";
import type { Quota, QuotaScopeKind } from "../database/entities/quota.ts";
import type { JsonObject, PromptSelection, RouteTier } from "../database/entities/route.ts";
import { sorted } from "./row-image.ts";

/** One row points at another. */
export interface Reference {
  /** Where, in the words of the mutation's input. */
  readonly path: string;
  readonly kind: ConfigKind;
  readonly id: string;
}

export interface CompiledResource {
  readonly resource: Resource;
  /** Bytes of the resource. */
  readonly payload: Uint8Array;
  readonly references: readonly Reference[];
}

/** Undefined: the row is in no snapshot. */
export function compileResource<Kind extends ConfigKind>(kind: Kind, row: ConfigRows[Kind]): CompiledResource | undefined {
  if (row.archivedAt != null) return undefined;
  const compiled = compilers[kind](row);
  if (compiled === undefined) return undefined;
  const resource = create(ResourceSchema, { resource: compiled.resource });
  return { resource, payload: toBinary(ResourceSchema, resource), references: compiled.references };
}

interface Compiled {
  readonly resource: NonNullable<MessageInitShape<typeof ResourceSchema>["resource"]>;
  readonly references: readonly Reference[];
}

const compilers: { readonly [Kind in ConfigKind]: (row: ConfigRows[Kind]) => Compiled | undefined } = {
  organisation: ({ id, key, discounts, contentCapture }) => ({
    resource: { case: "organisation", value: { id, key, discounts: (discounts ?? []).map(discountOf), ...captureOf(contentCapture) } },
    references: (discounts ?? []).flatMap(({ providerId }, index) =>
      providerId === null ? [] : [{ path: `discounts[${index}].providerId`, kind: "provider" as const, id: providerId }],
    ),
  }),
  project: ({ id, organisationId, key, contentCapture }) => ({
    resource: { case: "project", value: { id, organisationId, key, ...captureOf(contentCapture) } },
    references: [],
  }),
  api_key: (row) => ({
    resource: {
      case: "apiKey",
      value: {
        id: row.id,
        organisationId: row.organisationId,
        projectId: row.projectId,
        publicId: row.publicId,
        hash: bytesOf(row.hash),
        expiresAtMs: millisecondsOf(row.expiresAt),
        revokedAtMs: millisecondsOf(row.revokedAt),
        allowedRoutes: [...row.allowedRoutes].sort(),
        mayForceVariants: row.mayForceVariants,
        allowedMethods: [...(row.allowedMethods ?? [])].sort(),
        allowedNetworks: [...(row.allowedNetworks ?? [])].sort(),
      },
    },
    references: [{ path: "projectId", kind: "project", id: row.projectId }],
  }),
  provider: (row) => ({ resource: { case: "provider", value: providerOf(row) }, references: [] }),
  backend: (row) => ({
    resource: {
      case: "backend",
      value: {
        id: row.id,
        organisationId: row.organisationId,
        key: row.key,
        providerId: row.providerId,
        model: row.model,
        prices: row.prices.map(priceOf),
        catalogueModelId: row.catalogueModelId ?? "",
        concurrentCallsMax: row.concurrentCallsMax,
        capabilities: [...row.capabilities].sort(),
        drained: row.drainedAt != null,
      },
    },
    references: [
      { path: "providerId", kind: "provider", id: row.providerId },
      ...(row.catalogueModelId == null ? [] : [{ path: "catalogueModel", kind: "catalogue_model" as const, id: row.catalogueModelId }]),
    ],
  }),
  route: (row) => ({
    resource: {
      case: "route",
      value: {
        id: row.id,
        organisationId: row.organisationId,
        name: row.name,
        description: row.description,
        createdAtMs: BigInt(row.createdAt.getTime()),
        tiers: tiersOf(row.tiers),
        timeouts: row.timeouts,
        retries: { attemptsMax: row.attemptsMax },
        ...(row.prompt == null ? {} : { prompt: bindingOf(row.prompt) }),
        ...(row.defaultParameters == null ? {} : { defaultParameters: structOf(row.defaultParameters) }),
        ...(row.forcedParameters == null ? {} : { forcedParameters: structOf(row.forcedParameters) }),
        cache: row.cache,
        cacheTtlSeconds: row.cacheTtlSeconds ?? 0,
        ...(row.economy == null ? {} : { economy: row.economy }),
        ...captureOf(row.contentCapture),
        dropParameters: [...(row.dropParameters ?? [])].sort(),
      },
    },
    references: [...referencesOfTiers("tiers", row.tiers), ...referencesOfPrompt("prompt", row.prompt)],
  }),
  prompt: ({ id, organisationId, name, labels, runRouteId }) => ({
    resource: {
      case: "prompt",
      value: {
        id,
        organisationId,
        name,
        labels: Object.entries(labels)
          .map(([label, version]) => ({ name: label, version }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
        runRouteId: runRouteId ?? "",
      },
    },
    references: runRouteId == null ? [] : [{ path: "runRouteId", kind: "route", id: runRouteId }],
  }),
  prompt_version: (row) => ({
    resource: {
      case: "promptVersion",
      value: {
        id: row.id,
        organisationId: row.organisationId,
        promptId: row.promptId,
        version: row.version,
        messages: row.messages.map(({ role, template }) => ({ role, template })),
        ...parametersOf(row),
        ...(row.inputs == null ? {} : { inputs: structOf(row.inputs) }),
        partials: row.partials.map(({ name, template }) => ({ name, template })).sort((a, b) => (a.name < b.name ? -1 : 1)),
        variables: [...row.variables].sort(),
      },
    },
    references: [{ path: "promptId", kind: "prompt", id: row.promptId }],
  }),
  experiment: (row) =>
    row.status !== "running"
      ? undefined
      : {
          resource: { case: "experiment", value: experimentOf(row) },
          references: referencesOfExperiment(row),
        },
  quota: (row) => ({ resource: { case: "quota", value: quotaOf(row) }, references: referencesOfQuota(row) }),
  catalogue_model: ({ id, organisationId, key, prices, outputTokensMax }) => ({
    resource: {
      case: "catalogueModel",
      value: { id, organisationId, key, prices: prices.map(priceOf), outputTokensMax: outputTokensMax ?? 0 },
    },
    references: [],
  }),
  budget: (row) => ({
    resource: { case: "budget", value: budgetOf(row) },
    references: row.scopeKind === "organisation" ? [] : [{ path: "scopeId", kind: row.scopeKind, id: row.scopeId ?? "" }],
  }),
};

const captureOf = (
  capture: ContentCapture | null | undefined,
): { readonly contentCapture?: MessageInitShape<typeof ContentCaptureSchema> } =>
  capture == null ? {} : { contentCapture: { ...capture, redact: [...capture.redact].sort() } };

/** Tools and response schema reach a node as what they are on the wire: parameters of the chat API. */
function parametersOf({ defaultParameters, tools, responseSchema }: PromptVersion): { readonly defaultParameters?: ProtoJsonObject } {
  if (defaultParameters == null && tools == null && responseSchema == null) return {};
  return {
    defaultParameters: structOf({
      ...(tools == null ? {} : { tools }),
      ...(responseSchema == null
        ? {}
        : { response_format: { type: "json_schema", json_schema: { name: "answer", schema: responseSchema, strict: true } } }),
      ...defaultParameters,
    }),
  };
}

const experimentOf = (row: Experiment): MessageInitShape<typeof ExperimentSchema> => ({
  id: row.id,
  organisationId: row.organisationId,
  key: row.key,
  routeId: row.routeId,
  seed: row.seed,
  hashVersion: row.hashVersion,
  unit: row.unit,
  fallbackUnit: row.fallbackUnit,
  coverage: row.coverage,
  variants: row.variants.map((variant) => ({
    key: variant.key,
    weight: variant.weight,
    ...(variant.prompt === null ? {} : { prompt: bindingOf(variant.prompt) }),
    tiers: tiersOf(variant.tiers),
    ...(variant.parameters === null ? {} : { parameters: structOf(variant.parameters) }),
  })),
  phase: row.phase,
  ...(row.namespace == null ? {} : { namespace: row.namespace }),
  holdout: row.holdout,
  ...(row.targeting == null ? {} : { targeting: targetingOf(row.targeting) }),
  sticky: row.sticky,
  bucketVersion: row.bucketVersion,
  bucketVersionMin: row.bucketVersionMin,
});

const targetingOf = ({ apiKeyIds, projectIds, tags, headers, share }: ExperimentTargeting): MessageInitShape<typeof TargetingSchema> => ({
  apiKeyIds: [...apiKeyIds].sort(),
  projectIds: [...projectIds].sort(),
  tags: tags.map(({ name, values }) => ({ name, values: [...values] })),
  headers: headers.map(({ name, values }) => ({ name, values: [...values] })),
  share,
});

/** Also for experiments that do not run yet: they must not be saved with references that lead nowhere. */
export const referencesOfExperiment = (row: Experiment): readonly Reference[] => [
  { path: "routeId", kind: "route", id: row.routeId },
  ...(row.targeting?.apiKeyIds ?? []).map((id, index) => ({ path: `targeting.apiKeyIds[${index}]`, kind: "api_key" as const, id })),
  ...(row.targeting?.projectIds ?? []).map((id, index) => ({ path: `targeting.projectIds[${index}]`, kind: "project" as const, id })),
  ...row.variants.flatMap((variant, index) => [
    ...referencesOfTiers(`variants[${index}].tiers`, variant.tiers),
    ...referencesOfPrompt(`variants[${index}].prompt`, variant.prompt),
  ]),
];

function quotaOf(row: Quota): MessageInitShape<typeof QuotaSchema> {
  const { id, organisationId, key, resource, window, limit, enforcement, timeZone, burst } = row;
  const within = row.within.map((narrowing) => ({ to: scopeOf(narrowing.kind, narrowing.id) })) as MessageInitShape<
    typeof QuotaNarrowingSchema
  >[];
  return {
    id,
    organisationId,
    key,
    resource,
    window,
    limit,
    enforcement,
    timeZone,
    burst,
    within,
    scope: scopeOf(row.scopeKind, row.scopeId),
  };
}

function scopeOf(kind: QuotaScopeKind, id: string | null | undefined): NonNullable<MessageInitShape<typeof QuotaSchema>["scope"]> {
  switch (kind) {
    case "organisation":
      return { case: "organisation", value: true };
    case "end_user":
      return { case: "endUser", value: true };
    case "project":
      return { case: "projectId", value: id ?? "" };
    case "api_key":
      return { case: "apiKeyId", value: id ?? "" };
    case "route":
      return { case: "routeId", value: id ?? "" };
    case "backend":
      return { case: "backendId", value: id ?? "" };
    default:
      return kind satisfies never;
  }
}

function referencesOfQuota({ scopeKind, scopeId, within }: Quota): readonly Reference[] {
  const all = [
    { path: "scopeId", kind: scopeKind, id: scopeId ?? "" },
    ...within.map(({ kind, id }, index) => ({ path: `within[${index}].id`, kind, id: id ?? "" })),
  ];
  return all.flatMap(({ path, kind, id }) => (kind === "organisation" || kind === "end_user" ? [] : [{ path, kind, id }]));
}

/** What a provider from before these columns says is not said, so that its bytes are what they were. */
const providerOf = (row: Provider): MessageInitShape<typeof ProviderSchema> => ({
  id: row.id,
  organisationId: row.organisationId,
  key: row.key,
  kind: row.kind,
  baseUrl: row.baseUrl,
  sealedCredential: row.sealedCredential,
  privateAddressAllowed: row.privateAddressAllowed,
  flavour: row.flavour === "generic" ? "" : row.flavour,
  apiVersion: row.apiVersion,
  authentication: authenticationOf(row.authentication),
  headers: row.sealedHeaders.map(({ name, sealedValue }) => ({ name, sealedValue })),
});

function authenticationOf(authentication: ProviderAuthentication): NonNullable<MessageInitShape<typeof ProviderSchema>["authentication"]> {
  switch (authentication.method) {
    case "api-key":
      return { case: undefined };
    case "bearer":
      return { case: "bearer", value: true };
    case "oauth-client-credentials": {
      const { tokenUrl, clientId, scope, audience, clientAuthentication } = authentication;
      return { case: "oauthClientCredentials", value: { tokenUrl, clientId, scope, audience, clientAuthentication } };
    }
    case "aws-keys": {
      const { accessKeyId, region } = authentication;
      return { case: "awsKeys", value: { accessKeyId, region } };
    }
    case "google-service-account": {
      const { clientEmail, tokenUrl } = authentication;
      return { case: "googleServiceAccount", value: { clientEmail, tokenUrl } };
    }
    default:
      return authentication satisfies never;
  }
}

function budgetOf({
  id,
  organisationId,
  key,
  scopeKind,
  scopeId,
  reachedPercent,
  reachedUntil,
}: Budget): MessageInitShape<typeof BudgetSchema> {
  const common = { id, organisationId, key, reachedPercent, reachedUntilMs: millisecondsOf(reachedUntil) };
  switch (scopeKind) {
    case "organisation":
      return { ...common, scope: { case: "organisation", value: true } };
    case "project":
      return { ...common, scope: { case: "projectId", value: scopeId ?? "" } };
    case "api_key":
      return { ...common, scope: { case: "apiKeyId", value: scopeId ?? "" } };
    default:
      return scopeKind satisfies never;
  }
}

const priceOf = (price: Price): MessageInitShape<typeof PriceSchema> => ({
  ...ratesOf(price),
  version: BigInt(price.version),
  requestNanodollars: BigInt(price.requestNanodollars),
  effectiveFromMs: instantOf(price.effectiveFrom),
  contextTiers: price.contextTiers.map((tier) => ({ ...ratesOf(tier), inputTokensAbove: BigInt(tier.inputTokensAbove) })),
});

/** Those that are said; the others are absent on the wire, and not zero. */
const ratesOf = (rates: PriceRates): { readonly [Name in RateName]?: bigint } =>
  Object.fromEntries(rateNames.flatMap((name) => (rates[name] == null ? [] : [[name, BigInt(rates[name])]])));

const discountOf = ({ providerId, basisPoints, from, until }: Discount): MessageInitShape<typeof DiscountSchema> => ({
  providerId: providerId ?? "",
  basisPoints,
  fromMs: instantOf(from),
  untilMs: instantOf(until),
});

const instantOf = (text: string | null): bigint => (text === null ? 0n : BigInt(Date.parse(text)));

const tiersOf = (tiers: readonly RouteTier[]): MessageInitShape<typeof TierSchema>[] =>
  tiers.map(({ targets }) => ({ targets: targets.map(({ backendId, weight }) => ({ backendId, weight })) }));

const referencesOfTiers = (path: string, tiers: readonly RouteTier[]): Reference[] =>
  tiers.flatMap(({ targets }, tier) =>
    targets.map(({ backendId }, target) => ({
      path: `${path}[${tier}].targets[${target}].backendId`,
      kind: "backend" as const,
      id: backendId,
    })),
  );

const bindingOf = (selection: PromptSelection): MessageInitShape<typeof PromptBindingSchema> => ({
  promptId: selection.promptId,
  selector: "label" in selection ? { case: "label", value: selection.label } : { case: "version", value: selection.version },
});

const referencesOfPrompt = (path: string, selection: PromptSelection | null | undefined): Reference[] =>
  selection == null ? [] : [{ path: `${path}.promptId`, kind: "prompt", id: selection.promptId }];

// A Struct is a map on the wire, and the codec writes maps in the order of the object's keys.
const structOf = (value: JsonObject): ProtoJsonObject => sorted(value) as ProtoJsonObject;

const millisecondsOf = (date: Date | null | undefined): bigint => (date == null ? 0n : BigInt(date.getTime()));

// A Buffer may be a window on a larger pool; the codec takes plain bytes.
const bytesOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
