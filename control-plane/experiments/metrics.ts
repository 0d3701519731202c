/** What experiments are measured by: how each metric is summed by unit, and which way is good. */
import type { MetricKind } from "./statistics/estimate.ts";

export interface MetricDefinition {
  readonly kind: MetricKind;
  readonly direction: "lower" | "higher" | "neutral";
  /** Columns of experiment_unit. A mean has no denominator: it is by unit. */
  readonly numerator: string;
  readonly denominator: string;
  /** Of a unit's value, a few in a thousand hold much of the sum: capped before it is summed, see read-sums.ts. */
  readonly heavyTailed: boolean;
  /** For people: "error rate", "ms". */
  readonly name: string;
  readonly unit: "share" | "ms" | "nanodollars" | "tokens" | "score";
}

const ratio = (
  name: string,
  unit: MetricDefinition["unit"],
  numerator: string,
  denominator: string,
  direction: MetricDefinition["direction"] = "lower",
): MetricDefinition => ({
  kind: "ratio",
  direction,
  numerator,
  denominator,
  heavyTailed: unit === "ms" || unit === "nanodollars",
  name,
  unit,
});

/** Whatever comes from feedback is summed apart: see read-sums.ts. */
export const metricDefinitions = {
  error_rate: ratio("error rate", "share", "errors", "calls - aborts"),
  abort_rate: ratio("abort rate", "share", "aborts", "calls"),
  first_token: ratio("time to first token", "ms", "first_token_ms", "first_token_calls"),
  slow_first_token: ratio("share of first tokens over the objective", "share", "first_token_slow", "first_token_calls"),
  latency: ratio("latency", "ms", "duration_ms", "duration_calls"),
  slow_latency: ratio("share of calls over the latency objective", "share", "duration_slow", "duration_calls"),
  cost_per_call: ratio("cost of a call", "nanodollars", "cost_nanodollars", "cost_calls"),
  cost_per_unit: {
    kind: "mean",
    direction: "lower",
    numerator: "cost_nanodollars",
    denominator: "1",
    heavyTailed: true,
    name: "cost of a unit",
    unit: "nanodollars",
  },
  input_tokens: ratio("input tokens of a call", "tokens", "input_tokens", "token_calls", "neutral"),
  output_tokens: ratio("output tokens of a call", "tokens", "output_tokens", "token_calls", "neutral"),
  guard_hits: ratio("share of calls that a guard stopped", "share", "guard_hits", "calls"),
  cache_hits: ratio("share of calls from the cache", "share", "cache_hits", "calls", "higher"),
  feedback: { kind: "mean", direction: "higher", numerator: "", denominator: "", heavyTailed: false, name: "feedback", unit: "score" },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
export const metricNames = Object.keys(metricDefinitions) as readonly MetricName[];

/** For people: what is measured, with the feedback's own name. */
export const metricNameOf = ({
  metric,
  feedback,
  category,
}: {
  readonly metric: MetricName;
  readonly feedback: string;
  readonly category: string;
}): string =>
  metric === "feedback" ? `feedback ${[feedback, category].filter((part) => part !== "").join(" ")}` : metricDefinitions[metric].name;
