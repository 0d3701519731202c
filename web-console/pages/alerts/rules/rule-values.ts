/** A rule as it stands in its form: what was read, what a chart asked for, and what is sent. Pure. */
import type { RuleDetails, RuleInput } from "./changes.ts";
import { type MetricName, metrics, thresholdOf, typedThreshold } from "./metrics.ts";

export interface RuleValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly metric: MetricName;
  readonly projectId: string;
  readonly apiKeyId: string;
  readonly routeId: string;
  readonly backendId: string;
  readonly comparison: RuleDetails["comparison"];
  readonly threshold: string;
  readonly windowMinutes: string;
  readonly callsMin: string;
  readonly holdMinutes: string;
  readonly webhookIds: readonly string[];
  /** Addresses between commas. */
  readonly emails: string;
}

/** What an address of this page may say of the rule to be made: "Alert me" on a chart. */
export interface Asked {
  readonly metric?: MetricName | undefined;
  readonly project?: string | undefined;
  readonly key?: string | undefined;
  readonly route?: string | undefined;
  readonly backend?: string | undefined;
}

export const ruleValues = (rule: RuleDetails): RuleValues => ({
  name: rule.name,
  metric: rule.metric,
  projectId: rule.filter.projectId ?? "",
  apiKeyId: rule.filter.apiKeyId ?? "",
  routeId: rule.filter.routeId ?? "",
  backendId: rule.filter.backendId ?? "",
  comparison: rule.comparison,
  threshold: typedThreshold(rule.threshold, rule.unit),
  windowMinutes: String(rule.windowMinutes),
  callsMin: String(rule.callsMin),
  holdMinutes: String(rule.holdMinutes),
  webhookIds: rule.webhooks.map(({ id }) => id),
  emails: rule.emails.join(", "),
});

/** A share of three calls says nothing; a sum is never too small. */
const callsWanted = (metric: MetricName): string => (["SHARE", "MILLISECONDS"].includes(metrics[metric].unit) ? "20" : "0");

export const newRule = ({ metric = "ERROR_RATE", project, key, route, backend }: Asked, webhookIds: readonly string[]): RuleValues => ({
  name: "",
  metric,
  projectId: project ?? "",
  apiKeyId: key ?? "",
  routeId: route ?? "",
  backendId: backend ?? "",
  comparison: "ABOVE",
  threshold: "",
  windowMinutes: ["SHARE", "MILLISECONDS"].includes(metrics[metric].unit) ? "15" : "60",
  callsMin: callsWanted(metric),
  holdMinutes: "0",
  webhookIds,
  emails: "",
});

/** What goes with another metric: a threshold of another unit means nothing, and not all can be told apart by all. */
export const withMetric = (values: RuleValues, metric: MetricName): Partial<RuleValues> => ({
  metric,
  ...(metrics[metric].unit === metrics[values.metric].unit ? {} : { threshold: "", callsMin: callsWanted(metric) }),
  ...(metrics[metric].byRoute ? {} : { routeId: "", apiKeyId: "" }),
});

const wholeNumber = (typed: string): number | undefined => (/^\d{1,9}$/.test(typed.trim()) ? Number(typed) : undefined);
export const addressesIn = (typed: string): readonly string[] => typed.split(/[\s,;]+/).filter(Boolean);

/** What is wrong with the threshold as it is typed. Undefined: nothing; empty, the last week's is used until it is saved. */
export function thresholdFault({ metric, comparison, threshold }: RuleValues): string | undefined {
  const { unit } = metrics[metric];
  if (threshold.trim() === "") return undefined;
  const value = thresholdOf(threshold, unit);
  if (value === undefined) return unit === "SHARE" ? "A percentage from 0 to 100, such as 5" : "A number of 0 or more, such as 250";
  if (comparison === "BELOW" && value === 0) return "Nothing is below 0";
  return comparison === "ABOVE" && unit === "SHARE" && value === 1 ? "No share is above 100 percent" : undefined;
}

/** Why it may not be sent yet. */
export function refusalOf(values: RuleValues): string | undefined {
  if (values.name.trim() === "") return "Give it a name";
  if (values.threshold.trim() === "") return "Say at which threshold it tells";
  const fault = thresholdFault(values);
  if (fault !== undefined) return `The threshold: ${fault}`;
  if (wholeNumber(values.callsMin) === undefined || wholeNumber(values.holdMinutes) === undefined)
    return "Calls and minutes are whole numbers";
  return undefined;
}

const orNull = (id: string): string | null => (id === "" ? null : id);

export const conditionOf = (values: RuleValues) => ({
  metric: values.metric,
  filter: {
    projectId: orNull(values.projectId),
    apiKeyId: orNull(values.apiKeyId),
    routeId: orNull(values.routeId),
    backendId: orNull(values.backendId),
  },
  comparison: values.comparison,
  threshold: thresholdOf(values.threshold, metrics[values.metric].unit) ?? null,
  windowMinutes: Number(values.windowMinutes),
  callsMin: wholeNumber(values.callsMin) ?? 0,
  holdMinutes: wholeNumber(values.holdMinutes) ?? 0,
});

export const inputOf = (values: RuleValues): RuleInput => ({
  ...conditionOf(values),
  name: values.name.trim(),
  threshold: thresholdOf(values.threshold, metrics[values.metric].unit) ?? 0,
  webhookIds: [...values.webhookIds],
  emails: [...addressesIn(values.emails)],
});
