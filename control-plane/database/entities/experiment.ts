/** An A/B test on a route. Only a running one is in the snapshot. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
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

export const Experiment = defineEntity({
  name: "Experiment",
  tableName: "experiment",
  properties: {
    ...configColumns(),
    key: p.text(),
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
    /** Grows where what is measured before and after must not be mixed. */
    phase: p.integer(),
    status: p.text().$type<"draft" | "running" | "stopped">(),
    startedAt: p.datetime().nullable(),
    stoppedAt: p.datetime().nullable(),
  },
});
export type Experiment = InferEntity<typeof Experiment>;
