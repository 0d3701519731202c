/** What alert rules are about: the figures of usage reports, and shares of calls by how they ended. Pure. */

import type { Figure, SketchName } from "../usage/cubes.ts";
import type { OutcomeName } from "../usage/ledger-text.ts";
import type { DimensionFilter } from "../usage/usage-question.ts";

export type MetricUnit = "calls" | "share" | "milliseconds" | "tokens" | "nanodollars";

/**
 * `sum`: of figures; nothing happened is 0. `share`: of the calls, those that a figure counts or that ended so.
 * `latency`: the percentile of a sketch. Of no call there is no share and no latency.
 */
export type MetricForm =
  | { readonly kind: "sum"; readonly figures: readonly Figure[] }
  | { readonly kind: "share"; readonly figure: Figure }
  | { readonly kind: "outcome-share"; readonly outcomes: readonly OutcomeName[] }
  | { readonly kind: "latency"; readonly sketch: SketchName; readonly share: number };

export interface AlertMetric {
  readonly form: MetricForm;
  readonly unit: MetricUnit;
  /** For people: "error rate". */
  readonly name: string;
}

const sum = (name: string, unit: MetricUnit, ...figures: readonly Figure[]): AlertMetric => ({
  name,
  unit,
  form: { kind: "sum", figures },
});
const outcomeShare = (name: string, ...outcomes: readonly OutcomeName[]): AlertMetric => ({
  name,
  unit: "share",
  form: { kind: "outcome-share", outcomes },
});
const latency = (name: string, sketch: SketchName, share: number): AlertMetric => ({
  name,
  unit: "milliseconds",
  form: { kind: "latency", sketch, share },
});

/** Named as the usage reports name them. A failed call is one whose outcome is not ok, as everywhere. */
export const alertMetrics = {
  error_rate: { name: "error rate", unit: "share", form: { kind: "share", figure: "failed_calls" } },
  upstream_error_rate: outcomeShare("share of calls that backends failed", "upstream_error", "timeout", "node_lost"),
  denial_rate: outcomeShare("denial rate", "denied"),
  time_to_first_token_p50: latency("time to first token, p50", "times_to_first_token", 0.5),
  time_to_first_token_p95: latency("time to first token, p95", "times_to_first_token", 0.95),
  duration_p50: latency("time of the whole call, p50", "durations", 0.5),
  duration_p95: latency("time of the whole call, p95", "durations", 0.95),
  duration_p99: latency("time of the whole call, p99", "durations", 0.99),
  calls: sum("calls", "calls", "calls"),
  failed_calls: sum("failed calls", "calls", "failed_calls"),
  retry_rate: { name: "share of calls that took more than one attempt", unit: "share", form: { kind: "share", figure: "retried_calls" } },
  input_tokens: sum("input tokens", "tokens", "input_tokens"),
  output_tokens: sum("output tokens", "tokens", "output_tokens"),
  total_tokens: sum("tokens", "tokens", "input_tokens", "output_tokens"),
  cost: sum("cost", "nanodollars", "cost_nanodollars"),
  unpriced_calls: sum("calls without a price", "calls", "unpriced_calls"),
} as const satisfies Record<string, AlertMetric>;

export type AlertMetricName = keyof typeof alertMetrics;
export const alertMetricNames = Object.keys(alertMetrics) as readonly AlertMetricName[];

export const metricOf = (name: AlertMetricName): AlertMetric => alertMetrics[name];

/** Of a rule: which calls it looks at. Null: any. */
export interface RuleFilter {
  readonly projectId: string | null;
  readonly apiKeyId: string | null;
  readonly routeId: string | null;
  readonly backendId: string | null;
}

export function dimensionsOf({ projectId, apiKeyId, routeId, backendId }: RuleFilter): DimensionFilter {
  const one = (id: string | null) => (id === null ? undefined : [id]);
  return { project_id: one(projectId), api_key_id: one(apiKeyId), route_id: one(routeId), backend_id: one(backendId) };
}

/** As people read it: 5.2%, 1,400 ms, $0.25. Of calls and tokens the number: the metric's name says of what. */
export function valueInWords(value: number, unit: MetricUnit): string {
  const rounded = (number: number, digits = 3) =>
    Math.abs(number) >= 1000 ? Math.round(number).toLocaleString("en-US") : String(Number(number.toPrecision(digits)));
  switch (unit) {
    case "share":
      return `${rounded(value * 100)}%`;
    case "milliseconds":
      return `${rounded(value)} ms`;
    case "nanodollars":
      return `$${(value / 1e9).toLocaleString("en-US", { maximumSignificantDigits: 4 })}`;
    case "calls":
    case "tokens":
      return rounded(value);
    default:
      return unit satisfies never;
  }
}

/** After "over the last": 15 minutes, hour, 6 hours. */
export const windowInWords = (minutes: number): string =>
  minutes === 60 ? "hour" : minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`;
