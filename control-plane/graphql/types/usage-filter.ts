/** What usage and calls can be told apart by and narrowed to, as GraphQL says it: each dimension of a row of the ledger. */
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { type Dimension, dimensionNames } from "../../usage/cubes.ts";
import { outcomes } from "../../usage/ledger-text.ts";
import type { CallFilter } from "../../usage/read-usage.ts";
import type { DimensionFilter } from "../../usage/usage-question.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

export const OutcomeType = enumOf("UsageOutcome", outcomes);

/** PROJECT for project_id. */
const nameOf = (dimension: Dimension | "tag"): string => dimension.replace(/_id$/, "").toUpperCase();

export const DimensionType = builder.enumType("UsageDimension", {
  description: "What calls are told apart by. TAG: by the value of the tag that is named beside it.",
  values: Object.fromEntries([...dimensionNames, "tag" as const].map((dimension) => [nameOf(dimension), { value: dimension }])) as Record<
    string,
    { value: Dimension | "tag" }
  >,
});

const TagFilterType = builder.inputType("UsageTagFilter", {
  fields: (t) => ({
    name: t.string({ required: true }),
    values: t.stringList({ required: true, description: "Any of them. Empty text: calls without that tag." }),
  }),
});

/** To be spread among the fields of a filter. */
export const dimensionFilterFields = (t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, "InputObject">) => ({
  projectId: t.idList(),
  apiKeyId: t.idList(),
  routeId: t.idList(),
  routeName: t.stringList(),
  backendId: t.idList(),
  providerId: t.idList(),
  modelAsked: t.stringList(),
  modelServed: t.stringList(),
  outcome: t.field({ type: [OutcomeType] }),
  errorReason: t.stringList(),
  finishReason: t.stringList(),
  cache: t.stringList({ description: "off, miss, hit." }),
  attempts: t.intList({ description: "How often backends were tried." }),
  ingress: t.stringList(),
  streamed: t.boolean(),
  promptId: t.idList(),
  promptVersion: t.stringList({ description: "Written <prompt id>@<version>." }),
  experimentId: t.idList(),
  variant: t.stringList({ description: "Written <experiment id>@<variant key>." }),
  node: t.stringList(),
  revision: t.stringList({ description: "Written <epoch>@<number>." }),
  priceVersion: t.field({ type: ["BigInt"] }),
  endUser: t.stringList({ description: "As callers name them: the ledger knows their hashes alone." }),
  endUserHash: t.stringList(),
  tags: t.field({ type: [TagFilterType], description: "At most 4." }),
});

/** Of a filter for calls. */
export const callFilterFields = (t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, "InputObject">) => ({
  since: t.field({ type: "DateTime", description: "From then on." }),
  until: t.field({ type: "DateTime", description: "Before then." }),
  requestId: t.string({ description: "The caller's own x-request-id." }),
  durationMsMin: t.int(),
  durationMsMax: t.int(),
  costNanodollarsMin: t.field({ type: "BigInt" }),
  quotaId: t.id({ description: "Calls that it refused, or that passed it." }),
  hasContent: t.boolean({ description: "Whether what was said is kept." }),
  ...dimensionFilterFields(t),
});

export interface GivenCallFilter
  extends GivenFilter,
    Pick<
      CallFilter,
      "since" | "until" | "requestId" | "durationMsMin" | "durationMsMax" | "costNanodollarsMin" | "quotaId" | "hasContent"
    > {}

export function callFilterOf(given: GivenCallFilter | null | undefined, pepper: string): CallFilter {
  if (given == null) return {};
  const { since, until, requestId, durationMsMin, durationMsMax, costNanodollarsMin, quotaId, hasContent } = given;
  return {
    since,
    until,
    requestId,
    durationMsMin,
    durationMsMax,
    costNanodollarsMin,
    quotaId,
    hasContent,
    ...dimensionFilterOf(given, pepper),
  };
}

export interface GivenFilter {
  readonly [name: string]: unknown;
}

const words = (value: unknown): readonly string[] | undefined => (value == null ? undefined : (value as readonly unknown[]).map(String));

/** @param pepper that nodes make the hashes of end users with. */
export function dimensionFilterOf(given: GivenFilter | null | undefined, pepper: string): DimensionFilter {
  if (given == null) return {};
  const endUsers = [...(words(given.endUser) ?? []).map((id) => pseudonymOf(pepper, id)), ...(words(given.endUserHash) ?? [])];
  const filter = {
    project_id: words(given.projectId),
    api_key_id: words(given.apiKeyId),
    route_id: words(given.routeId),
    route_name: words(given.routeName),
    backend_id: words(given.backendId),
    provider_id: words(given.providerId),
    model_asked: words(given.modelAsked),
    model_served: words(given.modelServed),
    outcome: words(given.outcome),
    error_reason: words(given.errorReason),
    finish_reason: words(given.finishReason),
    cache: words(given.cache),
    attempts: words(given.attempts),
    ingress: words(given.ingress),
    streamed: given.streamed == null ? undefined : [String(given.streamed)],
    prompt: words(given.promptId),
    prompt_version: words(given.promptVersion),
    experiment: words(given.experimentId),
    variant: words(given.variant),
    node: words(given.node),
    revision: words(given.revision),
    price_version: words(given.priceVersion),
    end_user: given.endUser == null && given.endUserHash == null ? undefined : endUsers,
  } satisfies Record<Dimension, readonly string[] | undefined>;
  return { ...filter, tags: given.tags as DimensionFilter["tags"] };
}
