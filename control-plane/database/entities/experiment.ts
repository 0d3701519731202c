/** An A/B test on a route. Only a running one is in the snapshot. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Bandit, Conclusion, ExperimentAnalysis, Rollout, RolloutState } from "../../experiments/definition.ts";
import { configColumns } from "./config-columns.ts";
import type { JsonObject, PromptSelection, RouteTier } from "./route.ts";

export const experimentUnits = ["end_user", "session", "api_key", "request"] as const;
export type ExperimentUnit = (typeof experimentUnits)[number];

export interface ExperimentVariant {
  readonly key: string;
  /** Over the sum of the weights. */
  readonly weight: number;
  /** Null: the route's. */
  readonly prompt: PromptSelection | null;
  /** Empty: the route's. */
  readonly tiers: readonly RouteTier[];
  /** Over the caller's, in the OpenAI chat API's names. */
  readonly parameters: JsonObject | null;
}

/** Experiments with the same namespace exclude each other: each owns a range [start, end) of its units. */
export interface ExperimentNamespace {
  readonly name: string;
  /** 0 to 1. */
  readonly start: number;
  readonly end: number;
}

/** Which calls take part. All that is given must hold; an empty list holds for every call. */
export interface ExperimentTargeting {
  readonly apiKeyIds: readonly string[];
  readonly projectIds: readonly string[];
  readonly tags: readonly ExperimentCondition[];
  /** Names in lower case. */
  readonly headers: readonly ExperimentCondition[];
  /** The share of units, above 0 and up to 1, drawn apart from coverage. */
  readonly share: number;
}

export interface ExperimentCondition {
  readonly name: string;
  /** Any of them. */
  readonly values: readonly string[];
}

/** Of an experiment that says nothing of it: everybody may take part, and nothing is kept. */
export const everybody = {
  namespace: null,
  holdout: 0,
  targeting: null,
  sticky: false,
  bucketVersion: 1,
  bucketVersionMin: 0,
} as const;

/** Of an experiment that says nothing of what it is for, how it is measured, and how it ends. */
export const plainComparison = {
  hypothesis: "",
  analysis: null,
  rollout: null,
  rolloutState: null,
  bandit: null,
  conclusion: null,
  endsAt: null,
} as const;

export const Experiment = defineEntity({
  name: "Experiment",
  tableName: "experiment",
  properties: {
    ...configColumns(),
    key: p.text(),
    /** What it is made to find out, in its author's words; empty: nothing was said. */
    hypothesis: p.text(),
    routeId: p.uuid(),
    /** Random and never changed: with the unit it decides the variant. */
    seed: p.text(),
    /** See agreements/bucket-hash.ts. */
    hashVersion: p.integer(),
    unit: p.text().$type<ExperimentUnit>(),
    /** Empty: a call without the unit is not in the experiment. */
    fallbackUnit: p.text().$type<ExperimentUnit | "">(),
    /** 0 to 1. */
    coverage: p.double().$type<number>(),
    variants: p.json<readonly ExperimentVariant[]>(),
    /** Null: every unit may take part. */
    namespace: p.json<ExperimentNamespace>().nullable(),
    /** The share of units that see no variant of any experiment of the namespace (without one: of the organisation), 0 to 0.5. */
    holdout: p.double().$type<number>(),
    /** Null: every call. */
    targeting: p.json<ExperimentTargeting>().nullable(),
    /** A unit keeps its variant when weights, coverage or targeting change. */
    sticky: p.boolean(),
    /** Kept variants of another version are assigned anew. */
    bucketVersion: p.integer(),
    /** Units with a variant from before this version take no part. */
    bucketVersionMin: p.integer(),
    /** Grows where what is measured before and after must not be mixed. */
    phase: p.integer(),
    status: p.text().$type<"draft" | "running" | "stopped">(),
    /** How it is measured; null: the defaults. Does not change while it runs. */
    analysis: p.json<ExperimentAnalysis>().nullable(),
    /** A guarded rollout; null: a plain comparison. */
    rollout: p.json<Rollout>().nullable(),
    rolloutState: p.json<RolloutState>().nullable(),
    /** Weights that follow what is learnt; null: they stay. */
    bandit: p.json<Bandit>().nullable(),
    /** How it ended; null: it has not. */
    conclusion: p.json<Conclusion>().nullable(),
    /** When it stops by itself; null: not. */
    endsAt: p.datetime().nullable(),
    startedAt: p.datetime().nullable(),
    stoppedAt: p.datetime().nullable(),
  },
});
export type Experiment = InferEntity<typeof Experiment>;
