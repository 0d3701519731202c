/** What a rule can be about, in words, and its threshold as people type it: percents, milliseconds, dollars, plain numbers. */
import { count, duration, money, nanodollarsOf, percent, typedDollars, unknown } from "../../../format/numbers.ts";
import type { RuleDetails } from "./changes.ts";

export type MetricName = RuleDetails["metric"];
export type Unit = RuleDetails["unit"];

interface Metric {
  readonly name: string;
  readonly unit: Unit;
  /** False: told apart by project and backend alone. */
  readonly byRoute: boolean;
}

const metric = (name: string, unit: Unit, byRoute = true): Metric => ({ name, unit, byRoute });

export const metrics = {
  ERROR_RATE: metric("Error rate", "SHARE"),
  UPSTREAM_ERROR_RATE: metric("Share of calls that backends failed", "SHARE", false),
  DENIAL_RATE: metric("Share of calls that were refused", "SHARE", false),
  RETRY_RATE: metric("Share of calls with more than one attempt", "SHARE"),
  TIME_TO_FIRST_TOKEN_P50: metric("Time to the first token, p50", "MILLISECONDS"),
  TIME_TO_FIRST_TOKEN_P95: metric("Time to the first token, p95", "MILLISECONDS"),
  DURATION_P50: metric("Time of the whole call, p50", "MILLISECONDS"),
  DURATION_P95: metric("Time of the whole call, p95", "MILLISECONDS"),
  DURATION_P99: metric("Time of the whole call, p99", "MILLISECONDS"),
  CALLS: metric("Calls", "CALLS"),
  FAILED_CALLS: metric("Failed calls", "CALLS"),
  UNPRICED_CALLS: metric("Calls without a price", "CALLS"),
  TOTAL_TOKENS: metric("Tokens", "TOKENS"),
  INPUT_TOKENS: metric("Input tokens", "TOKENS"),
  OUTPUT_TOKENS: metric("Output tokens", "TOKENS"),
  COST: metric("Cost", "NANODOLLARS"),
} as const satisfies Record<MetricName, Metric>;

export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** After the number in a form. */
export const unitWords = {
  SHARE: "percent",
  MILLISECONDS: "milliseconds",
  CALLS: "calls",
  TOKENS: "tokens",
  NANODOLLARS: "dollars",
} as const satisfies Record<Unit, string>;

export function shownValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return unknown;
  switch (unit) {
    case "SHARE":
      return percent(value);
    case "MILLISECONDS":
      return duration(value);
    case "NANODOLLARS":
      return money(Math.round(value));
    case "CALLS":
    case "TOKENS":
      return count(Math.round(value));
    default:
      return unit satisfies never;
  }
}

export function typedThreshold(threshold: number | null | undefined, unit: Unit): string {
  if (threshold === null || threshold === undefined) return "";
  if (unit === "NANODOLLARS") return typedDollars(String(Math.round(threshold)));
  return String(Number((unit === "SHARE" ? threshold * 100 : threshold).toPrecision(12)));
}

/** Undefined: it is no threshold of this unit. */
export function thresholdOf(typed: string, unit: Unit): number | undefined {
  if (unit === "NANODOLLARS") {
    const nanodollars = nanodollarsOf(typed);
    return nanodollars === undefined ? undefined : Number(nanodollars);
  }
  const text = typed.trim().replaceAll(",", "").replace(/\s*%$/, "");
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  if (unit !== "SHARE") return number;
  return number > 100 ? undefined : Number((number / 100).toPrecision(12));
}

/** "above 5%" */
export const conditionWords = ({ comparison, threshold, unit }: Pick<RuleDetails, "comparison" | "threshold" | "unit">): string =>
  `${comparison.toLowerCase()} ${shownValue(threshold, unit)}`;

export const windows = {
  5: "5 minutes",
  10: "10 minutes",
  15: "15 minutes",
  30: "30 minutes",
  60: "an hour",
  360: "6 hours",
  1440: "24 hours",
};

export const windowWords = (minutes: number): string => windows[minutes as keyof typeof windows] ?? duration(minutes * 60_000);
