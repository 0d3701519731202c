/** What an experiment can be measured by, in the words that findings use, and how much worse it may get, in people's units. Pure. */
import type { VariablesOf } from "../../../graphql/documents.ts";
import type { createExperimentMutation } from "../changes.ts";

type Analysis = NonNullable<VariablesOf<typeof createExperimentMutation>["input"]["analysis"]>;
export type MetricName = NonNullable<Analysis["metrics"]>[number]["metric"];

interface MetricWords {
  readonly name: string;
  readonly unit: "share" | "ms" | "nanodollars" | "tokens" | "score";
  /** False: it has no good side, so it can only be shown. */
  readonly decides: boolean;
}

const known = (name: string, unit: MetricWords["unit"], decides = true): MetricWords => ({ name, unit, decides });

export const metricWords: Readonly<Record<MetricName, MetricWords>> = {
  SLOW_FIRST_TOKEN: known("share of first tokens over the objective", "share"),
  FIRST_TOKEN: known("time to first token", "ms"),
  SLOW_LATENCY: known("share of calls over the latency objective", "share"),
  LATENCY: known("latency", "ms"),
  ERROR_RATE: known("error rate", "share"),
  ABORT_RATE: known("abort rate", "share"),
  COST_PER_CALL: known("cost of a call", "nanodollars"),
  COST_PER_UNIT: known("cost of a unit", "nanodollars"),
  GUARD_HITS: known("share of calls that a guard stopped", "share"),
  CACHE_HITS: known("share of calls from the cache", "share"),
  FEEDBACK: known("feedback", "score"),
  INPUT_TOKENS: known("input tokens of a call", "tokens", false),
  OUTPUT_TOKENS: known("output tokens of a call", "tokens", false),
};

const factors: Readonly<Record<MetricWords["unit"], number>> = { share: 100, ms: 1, nanodollars: 1e-9, tokens: 1, score: 1 };
export const marginUnits: Readonly<Record<MetricWords["unit"], string>> = {
  share: "percentage points",
  ms: "ms",
  nanodollars: "dollars",
  tokens: "tokens",
  score: "points",
};

/** "0.5" percentage points are 0.005. */
export const marginIn = (metric: MetricName, text: string): number =>
  Number((Number(text) / factors[metricWords[metric].unit]).toPrecision(12));

/** Without an exponent, which nobody types. */
export const marginText = (metric: MetricName, margin: number): string =>
  (margin * factors[metricWords[metric].unit]).toFixed(9).replace(/\.?0+$/, "");
