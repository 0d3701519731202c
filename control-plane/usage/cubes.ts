/**
 * What usage can be told apart by, what is summed, and which dimensions stand together in a roll-up: a cube. Each dimension
 * and figure is said twice, for a record on its way in and for rows of the ledger in SQL, and both must say the same: a
 * roll-up made call by call and one made again from the ledger are equal to the byte.
 *
 * One wide cube would have almost a row for each call. Small ones over what is asked for together have few. The sum over any
 * cube is the sum over the ledger. What no cube holds together is read from the ledger itself, where the range is short enough.
 */
import { hash } from "node:crypto";
import { Outcome, type UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { binOf } from "./latency-sketch.ts";
import { outcomeNameOf, textOf } from "./ledger-text.ts";

interface DimensionForm {
  /** '' where there was none. */
  readonly of: (event: UsageEvent) => string;
  /** The same of a row of usage_event. */
  readonly ledger: string;
}

const experimentOf = ({ exposure }: UsageEvent): string => exposure?.experimentId ?? "";

/** By their columns in usage_combination. Two columns where a value means something only within another: "<prompt>@3". */
export const dimensions = {
  project_id: { of: (event) => event.projectId, ledger: "project_id" },
  api_key_id: { of: (event) => event.apiKeyId, ledger: "api_key_id" },
  route_id: { of: (event) => event.routeId, ledger: "route_id" },
  route_name: { of: (event) => event.routeName, ledger: "route_name" },
  backend_id: { of: (event) => event.backendId, ledger: "backend_id" },
  provider_id: { of: (event) => event.providerId, ledger: "provider_id" },
  model_asked: { of: (event) => event.modelAsked, ledger: "model_asked" },
  model_served: { of: (event) => event.modelServed, ledger: "model_served" },
  outcome: { of: (event) => outcomeNameOf(event.outcome), ledger: "outcome" },
  error_reason: { of: (event) => event.errorReason, ledger: "error_reason" },
  finish_reason: { of: (event) => event.finishReason, ledger: "finish_reason" },
  cache: { of: (event) => event.cache, ledger: "cache" },
  attempts: { of: (event) => String(event.attempts.length), ledger: "jsonb_array_length(attempts)::text" },
  ingress: { of: (event) => event.ingress, ledger: "ingress" },
  streamed: { of: (event) => String(event.streamed), ledger: "streamed::text" },
  prompt: { of: (event) => event.promptId, ledger: "prompt_id" },
  prompt_version: {
    of: (event) => (event.promptId === "" ? "" : `${event.promptId}@${event.promptVersion}`),
    ledger: "case prompt_id when '' then '' else prompt_id || '@' || prompt_version end",
  },
  experiment: { of: experimentOf, ledger: "coalesce(exposure->>'experimentId', '')" },
  variant: {
    of: (event) => (event.exposure === undefined ? "" : `${experimentOf(event)}@${event.exposure.variantKey}`),
    ledger: "coalesce((exposure->>'experimentId') || '@' || (exposure->>'variantKey'), '')",
  },
  node: { of: (event) => event.nodeId, ledger: "node_id" },
  revision: {
    of: (event) => (event.configEpoch === "" ? "" : `${event.configEpoch}@${event.configNumber}`),
    ledger: "case config_epoch when '' then '' else config_epoch || '@' || config_number end",
  },
  price_version: { of: (event) => String(event.priceVersion), ledger: "price_version::text" },
  end_user: { of: (event) => event.endUserHash, ledger: "end_user_hash" },
} as const satisfies Record<string, DimensionForm>;

export type Dimension = keyof typeof dimensions;
export const dimensionNames = Object.keys(dimensions) as readonly Dimension[];

export const dimensionValueOf = (dimension: Dimension, event: UsageEvent): string => textOf(dimensions[dimension].of(event));

/** usage_minute, usage_hour and usage_day. */
export const grains = ["minute", "hour", "day"] as const;
export type Grain = (typeof grains)[number];
export const grainMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const satisfies Record<Grain, number>;

export interface Cube {
  /** As in the tables; never given to another cube. */
  readonly number: number;
  readonly dimensions: readonly Dimension[];
  /** One row for each tag of a call, named tag_name and tag_value, instead of one for each call. */
  readonly tags: boolean;
  /** Which roll-ups hold it: the finer one is worth its rows only where dashboards look that close. */
  readonly grains: readonly Grain[];
}

const caller = ["project_id", "api_key_id", "route_id", "route_name"] as const satisfies readonly Dimension[];
const answer = ["backend_id", "provider_id", "model_served", "outcome", "error_reason"] as const satisfies readonly Dimension[];
const ending = ["outcome", "error_reason", "finish_reason", "cache", "attempts"] as const satisfies readonly Dimension[];
const asking = ["model_asked", "ingress", "streamed", "outcome"] as const satisfies readonly Dimension[];
const trial = ["prompt", "prompt_version", "experiment", "variant", "outcome"] as const satisfies readonly Dimension[];
const serving = ["node", "revision", "price_version"] as const satisfies readonly Dimension[];

/**
 * The first that holds what is asked for is read: those with few rows stand first. What a whole organisation or a project
 * asks is told apart by project alone; by key and route as well for what is asked about those.
 */
export const cubes: readonly Cube[] = [
  cube(14, [], grains),
  cube(1, caller, grains),
  cube(2, ["project_id", ...answer], grains),
  cube(3, ["project_id", ...ending], ["hour", "day"]),
  cube(4, ["project_id", ...asking], ["hour", "day"]),
  cube(5, ["project_id", ...trial], ["hour", "day"]),
  cube(8, ["project_id", ...serving], ["hour", "day"]),
  cube(6, ["project_id", "end_user"], ["hour", "day"]),
  cube(9, [...caller, ...answer], ["hour", "day"]),
  cube(10, [...caller, ...ending], ["hour", "day"]),
  cube(11, [...caller, ...asking], ["hour", "day"]),
  cube(12, [...caller, ...trial], ["hour", "day"]),
  cube(13, [...caller, ...serving], ["hour", "day"]),
  { ...cube(7, caller, ["hour", "day"]), tags: true },
];

/** Those of names that people or their programs gave: kept no longer than their calls. */
export const personalCubes: readonly number[] = [6, 7];

function cube(number: number, own: readonly Dimension[], itsGrains: readonly Grain[]): Cube {
  return { number, dimensions: own, tags: false, grains: itsGrains };
}

/** To the minute by project, key and route: what budgets are of. */
export const totalsCube = numbered(1);
/** To the minute by project, backend and model. */
export const answersCube = numbered(2);
/** To the minute, of all together. */
export const wholeCube = numbered(14);

function numbered(number: number): Cube {
  const found = cubes.find((each) => each.number === number);
  if (found === undefined) throw new Error(`there is no cube ${number}`);
  return found;
}

interface FigureForm {
  /** A whole number that a double holds. */
  readonly of: (event: UsageEvent) => number;
  /** The same of a row of usage_event. */
  readonly ledger: string;
}

const tokens = (of: (usage: NonNullable<UsageEvent["usage"]>) => bigint, column: string): FigureForm => ({
  of: ({ usage }) => (usage === undefined ? 0 : Number(of(usage))),
  ledger: `coalesce(${column}, 0)`,
});
const one = (condition: boolean): number => (condition ? 1 : 0);

/** By their columns in the roll-ups: all are sums over calls. */
export const figures = {
  calls: { of: () => 1, ledger: "1" },
  failed_calls: { of: ({ outcome }) => one(outcome !== Outcome.OK), ledger: "(outcome <> 'ok')::int" },
  retried_calls: { of: ({ attempts }) => one(attempts.length > 1), ledger: "(jsonb_array_length(attempts) > 1)::int" },
  calls_without_usage: { of: ({ usage }) => one(usage === undefined), ledger: "(input_tokens is null)::int" },
  calls_estimated: { of: ({ usage }) => one(usage?.estimated === true), ledger: "coalesce(usage_estimated, false)::int" },
  /** A refused call has no cost either, and nothing to be paid. */
  unpriced_calls: {
    of: ({ usage, costNanodollars }) => one(usage !== undefined && costNanodollars === undefined),
    ledger: "(input_tokens is not null and cost_nanodollars is null)::int",
  },
  input_tokens: tokens(({ inputTokens }) => inputTokens, "input_tokens"),
  output_tokens: tokens(({ outputTokens }) => outputTokens, "output_tokens"),
  cache_read_tokens: tokens(({ cacheReadTokens }) => cacheReadTokens, "cache_read_tokens"),
  cache_write_tokens: tokens(({ cacheWriteTokens }) => cacheWriteTokens, "cache_write_tokens"),
  cache_write_one_hour_tokens: tokens(({ cacheWriteOneHourTokens }) => cacheWriteOneHourTokens, "cache_write_one_hour_tokens"),
  reasoning_tokens: tokens(({ reasoningTokens }) => reasoningTokens, "reasoning_tokens"),
  audio_input_tokens: tokens(({ audioInputTokens }) => audioInputTokens, "audio_input_tokens"),
  audio_output_tokens: tokens(({ audioOutputTokens }) => audioOutputTokens, "audio_output_tokens"),
  image_input_tokens: tokens(({ imageInputTokens }) => imageInputTokens, "image_input_tokens"),
  image_output_tokens: tokens(({ imageOutputTokens }) => imageOutputTokens, "image_output_tokens"),
  cost_nanodollars: { of: ({ costNanodollars }) => Number(costNanodollars ?? 0n), ledger: "coalesce(cost_nanodollars, 0)" },
  duration_ms: { of: ({ durationMs }) => durationMs, ledger: "duration_ms" },
  calls_with_content: {
    of: ({ timeToFirstTokenMs }) => one(timeToFirstTokenMs !== undefined),
    ledger: "(time_to_first_token_ms is not null)::int",
  },
  time_to_first_token_ms: {
    of: ({ timeToFirstTokenMs }) => timeToFirstTokenMs ?? 0,
    ledger: "coalesce(time_to_first_token_ms, 0)",
  },
} as const satisfies Record<string, FigureForm>;

export type Figure = keyof typeof figures;
export const figureNames = Object.keys(figures) as readonly Figure[];
const figureForms: readonly FigureForm[] = Object.values(figures);

export const figuresOf = (event: UsageEvent): readonly number[] => figureForms.map(({ of }) => of(event));

/** Latency, as bins: see latency-sketch.ts. */
export const sketches = {
  durations: { binOf: ({ durationMs }: UsageEvent): number | undefined => binOf(durationMs), ledger: "duration_ms" },
  times_to_first_token: {
    binOf: ({ timeToFirstTokenMs }: UsageEvent): number | undefined =>
      timeToFirstTokenMs === undefined ? undefined : binOf(timeToFirstTokenMs),
    ledger: "time_to_first_token_ms",
  },
} as const;
export type SketchName = keyof typeof sketches;
export const sketchNames = Object.keys(sketches) as readonly SketchName[];

export interface Combination {
  /** Of what it holds: the same on every control plane, so that none needs to ask for it. */
  readonly id: string;
  readonly organisationId: string;
  readonly cube: Cube;
  /** In the order of `columnsOf`. */
  readonly values: readonly string[];
}

/** Of usage_combination. */
export const columnsOf = (of: Cube): readonly string[] => (of.tags ? [...of.dimensions, "tag_name", "tag_value"] : of.dimensions);

const separator = "\x1f";
/** In a value the separator would let two combinations pass for one. */
const keyed = (value: string): string => (value.includes(separator) ? value.replaceAll(separator, "\uFFFD") : value);

export const combinationText = (of: Cube, values: readonly string[]): string =>
  `${of.number}${separator}${values.map(keyed).join(separator)}`;

export function combinationId(text: string): string {
  const hex = hash("sha256", text, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The same in SQL, of expressions for the values. */
export const combinationIdSql = (of: Cube, expressions: readonly string[]): string =>
  `substr(encode(sha256(convert_to('${of.number}' || chr(31) || concat_ws(chr(31), ${[
    "null",
    ...expressions.map((expression) => `replace(${expression}, chr(31), chr(65533))`),
  ].join(", ")}), 'UTF8')), 'hex'), 1, 32)::uuid`;
