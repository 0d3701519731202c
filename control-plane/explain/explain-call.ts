/**
 * What would become of a call, stage by stage and why, without making it: from the rows of the configuration, by the rules that nodes
 * follow, and from what nodes last said of the backends. Nothing is sent and nothing is spent.
 */

import { ApiKey } from "../database/entities/api-key.ts";
import type { Backend } from "../database/entities/backend.ts";
import { Backend as BackendTable } from "../database/entities/backend.ts";
import { Experiment } from "../database/entities/experiment.ts";
import { Prompt } from "../database/entities/prompt.ts";
import { type PromptSelection, Route, type RouteTier } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import type { KnownNode, Services } from "../services.ts";
import { type Draw, drawVariant } from "./draw-variant.ts";
import { type PastedRequest, readPastedRequest } from "./pasted-request.ts";

export interface ExplainQuestion {
  /** The body of a call, as JSON. */
  readonly request: unknown;
  readonly apiKeyId: string | null;
  readonly sessionId: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ExplainedStage {
  readonly stage: string;
  readonly says: string;
  /** The call ends here. */
  readonly refused: boolean;
}

export interface ExplainedBackend {
  readonly backend: Backend;
  /** From 1. */
  readonly tier: number;
  /** Of draws within its tier. */
  readonly share: number;
  /** Why it may not answer all the same; empty: nothing is known against it. */
  readonly doubts: readonly string[];
}

export interface CallExplanation {
  readonly dialect: PastedRequest["dialect"];
  readonly route: Route | undefined;
  readonly variantKey: string | undefined;
  readonly stages: readonly ExplainedStage[];
  readonly backends: readonly ExplainedBackend[];
}

/** @throws ValidationError where the request is none. */
export async function explainCall(
  { database, propagation }: Pick<Services, "database" | "propagation">,
  organisationId: string,
  question: ExplainQuestion,
): Promise<CallExplanation> {
  const request = readPastedRequest(question.request);
  const nodes = (await propagation.nodes()).filter(({ live }) => live);
  return database.tenant(organisationId, (em) => explainIn(em, request, question, nodes));
}

async function explainIn(
  em: EntityManager,
  request: PastedRequest,
  question: ExplainQuestion,
  nodes: readonly KnownNode[],
): Promise<CallExplanation> {
  const stages: ExplainedStage[] = [];
  const tell = (stage: string, says: string, refused = false) => void stages.push({ stage, says, refused });
  const nothing = { dialect: request.dialect, variantKey: undefined, stages, backends: [] } as const;

  const { route, forced } = await routeOf(em, request.model);
  if (route === null) {
    tell("Route", `There is no route named ${request.model}: the call is refused.`, true);
    return { ...nothing, route: undefined };
  }
  const key = question.apiKeyId === null ? null : await em.findOne(ApiKey, { id: question.apiKeyId });
  const refusal = key === null ? undefined : keyRefusal(key, route, forced !== undefined);
  tell(
    "Route",
    refusal ?? `${route.name}, because model says so${key === null ? "" : `, and the key ${key.name} may use it`}.`,
    refusal !== undefined,
  );
  if (refusal !== undefined) return { ...nothing, route };

  const experiment = await em.findOne(Experiment, { routeId: route.id, status: "running", archivedAt: null });
  const draw = await drawnFor(experiment, request, question, key, forced);
  tell("Experiment", draw.says);
  const variant = experiment?.variants.find((one) => one.key === draw.variantKey);

  tell("Prompt", await promptWords(em, request, variant?.prompt ?? route.prompt ?? null, variant?.prompt != null));
  tell("Parameters", parameterWords(request, route, variant?.parameters ?? null));
  tell(
    "Cache",
    route.cacheTtlSeconds == null ? "Off." : `The same call within ${route.cacheTtlSeconds} s gets the answer that was given before.`,
  );
  if (route.economy != null)
    tell(
      "Budgets",
      `Where a budget of the caller has reached ${route.economy.budgetPercent}%, it begins with tier ${route.economy.firstTier + 1}.`,
    );
  const ownTiers = variant !== undefined && variant.tiers.length > 0;
  const backends = await backendsOf(em, ownTiers ? variant.tiers : route.tiers, request, nodes);
  const attempts = route.attemptsMax === 0 ? 3 : route.attemptsMax;
  const usable = backends.some(({ backend, share }) => share > 0 && backend.drainedAt == null);
  tell(
    "Backends",
    usable
      ? `${ownTiers ? `The tiers of ${variant.key}` : "The route's tiers"}: within a tier by chance and weight, the next tier where one has failed, up to ${attempts} tries until the first content.`
      : "None takes calls: every one is drained or has weight 0, and the call fails.",
    !usable,
  );
  tell("Answer", `${request.streamed ? "Streamed as it comes" : "In one piece"}, in the words of ${dialectWords[request.dialect]}.`);
  return { dialect: request.dialect, route, variantKey: variant?.key, stages, backends };
}

const dialectWords = {
  chat: "OpenAI's chat completions",
  responses: "OpenAI's responses",
  messages: "Anthropic's messages",
} as const satisfies Record<PastedRequest["dialect"], string>;

/** "<route>@<variant>" asks for one arm. */
async function routeOf(em: EntityManager, model: string): Promise<{ readonly route: Route | null; readonly forced: string | undefined }> {
  const named = await em.findOne(Route, { name: model, archivedAt: null });
  const at = model.lastIndexOf("@");
  if (named !== null || at < 0) return { route: named, forced: undefined };
  return { route: await em.findOne(Route, { name: model.slice(0, at), archivedAt: null }), forced: model.slice(at + 1) };
}

function keyRefusal(key: ApiKey, route: Route, forces: boolean): string | undefined {
  if (key.revokedAt != null) return `The key ${key.name} is revoked: the call is refused.`;
  if (key.expiresAt != null && key.expiresAt.getTime() <= Date.now()) return `The key ${key.name} has expired: the call is refused.`;
  if (key.allowedRoutes.length > 0 && !key.allowedRoutes.includes(route.name))
    return `The key ${key.name} may use ${key.allowedRoutes.join(", ")} and not ${route.name}: the call is refused.`;
  return forces && !key.mayForceVariants ? `The key ${key.name} may not choose a variant: the call is refused.` : undefined;
}

async function drawnFor(
  experiment: Experiment | null,
  request: PastedRequest,
  question: ExplainQuestion,
  key: ApiKey | null,
  forced: string | undefined,
): Promise<Draw> {
  if (experiment === null) return { variantKey: undefined, open: false, says: "None runs on this route." };
  if (forced !== undefined)
    return { variantKey: forced, open: false, says: `The caller has chosen ${forced}; such calls count in no result.` };
  if (request.promptName !== "" && request.promptPinned)
    return { variantKey: undefined, open: false, says: `${experiment.key} runs; this call pins its own prompt and takes no part.` };
  return drawVariant(experiment, {
    endUserId: request.endUserId,
    sessionId: question.sessionId,
    apiKeyId: key?.id ?? "",
    projectId: key?.projectId ?? "",
    tags: request.tags,
    headers: question.headers,
  });
}

async function promptWords(
  em: EntityManager,
  request: PastedRequest,
  selection: PromptSelection | null,
  ofVariant: boolean,
): Promise<string> {
  if (request.promptName !== "") return `${request.promptName}, as the caller asks.`;
  if (selection === null) return "None: the caller's messages go out as they are.";
  const prompt = await em.findOne(Prompt, { id: selection.promptId });
  const pointer = "label" in selection ? `whatever ${selection.label} points at` : `version ${selection.version}`;
  return `${prompt?.name ?? "A prompt that is gone"}, ${pointer}, stands before the caller's messages${ofVariant ? ": the variant's own" : ""}.`;
}

function parameterWords(request: PastedRequest, route: Route, ofVariant: Readonly<Record<string, unknown>> | null): string {
  const filled = Object.keys(route.defaultParameters ?? {}).filter((name) => !request.parameters.has(name));
  const forced = [...new Set([...Object.keys(route.forcedParameters ?? {}), ...Object.keys(ofVariant ?? {})])];
  const dropped = (route.dropParameters ?? []).filter((name) => request.parameters.has(name.split(".", 1)[0] ?? ""));
  const parts = [
    ...(filled.length === 0 ? [] : [`${filled.join(", ")} filled in by the route`]),
    ...(forced.length === 0 ? [] : [`${forced.join(", ")} set over the caller's`]),
    ...(dropped.length === 0 ? [] : [`${dropped.join(", ")} left out where a backend cannot take it`]),
  ];
  return parts.length === 0 ? "As the caller gave them." : `${parts.join("; ")}.`;
}

async function backendsOf(
  em: EntityManager,
  tiers: readonly RouteTier[],
  request: PastedRequest,
  nodes: readonly KnownNode[],
): Promise<readonly ExplainedBackend[]> {
  const ids = tiers.flatMap(({ targets }) => targets.map(({ backendId }) => backendId));
  const rows = new Map((await em.find(BackendTable, { id: { $in: ids } })).map((row) => [row.id, row]));
  return tiers.flatMap(({ targets }, at) => {
    const sum = targets.reduce((total, { weight }) => total + weight, 0);
    return targets.flatMap(({ backendId, weight }) => {
      const backend = rows.get(backendId);
      if (backend === undefined) return [];
      return [{ backend, tier: at + 1, share: sum === 0 ? 0 : weight / sum, doubts: doubtsOf(backend, weight, request, nodes) }];
    });
  });
}

function doubtsOf(backend: Backend, weight: number, { needs }: PastedRequest, nodes: readonly KnownNode[]): readonly string[] {
  const passing = nodes.filter(({ status }) =>
    status.backends.some(({ backendId, circuit }) => backendId === backend.id && circuit !== "closed"),
  );
  const known = backend.capabilities;
  const lacks =
    known.length === 0 ? [] : needs.filter((need) => !known.includes(need) && !(aliases[need] ?? []).some((one) => known.includes(one)));
  return [
    ...(backend.drainedAt == null ? [] : ["it is drained"]),
    ...(weight === 0 ? ["its weight is 0"] : []),
    ...(passing.length === 0 ? [] : [`it fails and is tried last on ${passing.length} of ${nodes.length} nodes`]),
    ...(lacks.length === 0 ? [] : [`nobody has named ${lacks.join(", ")} among what it can`]),
  ];
}

const aliases: Readonly<Record<string, readonly string[]>> = {
  "structured-output": ["json_schema", "json-schema"],
  "several-answers": ["n"],
};
