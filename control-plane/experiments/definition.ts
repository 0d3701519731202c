/** What an experiment says of its own analysis, rollout and end: shapes, defaults and what is wrong with them. Pure. */
import { type MetricName, metricDefinitions, metricNames } from "./metrics.ts";
import type { Correction } from "./statistics/multiple-comparisons.ts";

/** goal: decides. guardrail: rolls back. signal: pauses a rollout. secondary: shown. */
export const metricRoles = ["goal", "guardrail", "signal", "secondary"] as const;
export type MetricRole = (typeof metricRoles)[number];

export interface MeasuredMetric {
  readonly metric: MetricName;
  readonly role: MetricRole;
  /** Of `feedback`: which feedback metric; else empty. */
  readonly feedback: string;
  /** Of feedback by category: the category whose share is measured; else empty. */
  readonly category: string;
  /** How much worse is still good enough, in the metric's unit (shares: 0.005 is half a percentage point). */
  readonly margin: number;
  /** A unit counts only when it is so old: feedback needs time. */
  readonly windowHours: number;
}

export interface ExperimentAnalysis {
  /** The variant that others are compared with. */
  readonly control: string;
  /** 0 to 1. */
  readonly alpha: number;
  /** Units of both arms at which a decision is expected. */
  readonly unitsPlanned: number;
  readonly correction: Correction;
  readonly metrics: readonly MeasuredMetric[];
  /** What `slow_…` metrics count as slow. */
  readonly latencyObjectiveMs: number;
  /** No verdict to ship before. */
  readonly daysMin: number;
  /** In each arm; no verdict before. */
  readonly unitsMin: number;
  /** The smallest relative effect worth finding. */
  readonly targetEffect: number;
  /** Take out what was known of units before. */
  readonly cuped: boolean;
  /** Of means of time and money, units above this quantile of all count as if they were at it. 1: as they are. */
  readonly winsoriseAt: number;
  /** Compare the arms in the two weeks before: of the first ten thousand units, or of all with `cuped`. */
  readonly preExposureCheck: boolean;
  /** By which tag the shares of units are checked, beside nodes and edges. Empty: by none. */
  readonly healthTag: string;
}

const measured = (metric: MetricName, role: MetricRole): MeasuredMetric => ({
  metric,
  role,
  feedback: "",
  category: "",
  margin: 0,
  windowHours: 0,
});

export const analysisDefault: ExperimentAnalysis = {
  control: "",
  alpha: 0.05,
  unitsPlanned: 5000,
  correction: "holm",
  metrics: [
    measured("slow_first_token", "goal"),
    measured("error_rate", "guardrail"),
    measured("cost_per_call", "secondary"),
    measured("latency", "secondary"),
  ],
  latencyObjectiveMs: 2000,
  daysMin: 3,
  unitsMin: 100,
  targetEffect: 0.1,
  cuped: false,
  winsoriseAt: 0.999,
  preExposureCheck: true,
  healthTag: "country",
};

/** Null and what was not known yet when it was written are the defaults. */
export const settledAnalysis = (given: Partial<ExperimentAnalysis> | null | undefined): ExperimentAnalysis => ({
  ...analysisDefault,
  ...given,
});

export interface RolloutStep {
  /** Of the units, that get the new value; as many get the old one as control. Above 0, up to 0.5. */
  readonly share: number;
  readonly holdSeconds: number;
  /** In each arm, at this step or before. */
  readonly unitsMin: number;
  /** A person has to say yes before the next step. */
  readonly approval: boolean;
}

export interface Rollout {
  readonly steps: readonly RolloutStep[];
  /** When units stand in the wrong shares, in two variants, or stay away. */
  readonly healthAction: "hold" | "roll-back" | "warn";
  /** After the last step the variant becomes the route's own. */
  readonly shipAtEnd: boolean;
  /** The label that moves when it is shipped; absent: the variant becomes the route's own. */
  readonly deploys?: PromptDeployment | null;
}

export interface PromptDeployment {
  readonly promptId: string;
  readonly label: string;
  readonly version: number;
}

export type RolloutStateName = "running" | "paused" | "completed" | "rolled-back";

export interface RolloutState {
  readonly state: RolloutStateName;
  /** From 0. */
  readonly step: number;
  /** ISO 8601. */
  readonly stepStartedAt: string;
  readonly approved: boolean;
  /** Why it stands where it stands. */
  readonly reason: string;
}

export const rolloutDefault: Rollout = {
  steps: [0.01, 0.05, 0.1, 0.25, 0.5].map((share) => ({ share, holdSeconds: 3600, unitsMin: 100, approval: false })),
  healthAction: "hold",
  shipAtEnd: true,
};

export interface Bandit {
  readonly algorithm: "thompson" | "top-two";
  /** Each arm keeps at least this share. */
  readonly floor: number;
  readonly updateMinutes: number;
  /** Stop when one arm is the best beyond doubt. */
  readonly stopWhenFound: boolean;
  /** Of calling the wrong one the best; see bandit.ts. */
  readonly delta: number;
  /** How much worse than the best is good enough, in the metric's unit. */
  readonly tolerance: number;
}

export const banditDefault: Bandit = {
  algorithm: "top-two",
  floor: 0.05,
  updateMinutes: 15,
  stopWhenFound: true,
  delta: 0.05,
  tolerance: 0,
};

export interface Conclusion {
  readonly outcome: "shipped" | "rolled-back" | "stopped";
  /** Empty: none. */
  readonly variant: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  readonly actor: string;
}

type Issue = { readonly path: string; readonly message: string };

/** Empty: nothing is wrong. */
export function faultsInAnalysis(analysis: ExperimentAnalysis, variants: readonly string[]): Issue[] {
  const issues: Issue[] = [];
  const range = (path: string, value: number, min: number, max: number) => {
    if (!(value >= min && value <= max)) issues.push({ path: `analysis.${path}`, message: `must be from ${min} to ${max}` });
  };
  if (analysis.control !== "" && !variants.includes(analysis.control))
    issues.push({ path: "analysis.control", message: "is none of the variants" });
  range("alpha", analysis.alpha, 0.001, 0.2);
  range("unitsPlanned", analysis.unitsPlanned, 100, 1e9);
  range("latencyObjectiveMs", analysis.latencyObjectiveMs, 1, 3_600_000);
  range("daysMin", analysis.daysMin, 0, 365);
  range("unitsMin", analysis.unitsMin, 10, 1e9);
  range("targetEffect", analysis.targetEffect, 0.001, 10);
  range("winsoriseAt", analysis.winsoriseAt, 0.9, 1);
  if (analysis.healthTag.length > 64) issues.push({ path: "analysis.healthTag", message: "may have 64 characters" });
  if (analysis.metrics.length > 30) issues.push({ path: "analysis.metrics", message: "may be 30" });
  analysis.metrics.forEach(({ metric, role, feedback, margin, windowHours }, index) => {
    const path = `analysis.metrics[${index}]`;
    if (!metricNames.includes(metric)) issues.push({ path: `${path}.metric`, message: "is not known" });
    else if (role !== "secondary" && metricDefinitions[metric].direction === "neutral")
      issues.push({ path: `${path}.role`, message: `${metric} has no good side; it can only be secondary` });
    if ((metric === "feedback") !== (feedback !== ""))
      issues.push({ path: `${path}.feedback`, message: "names the feedback metric, of feedback alone" });
    if (!(margin >= 0)) issues.push({ path: `${path}.margin`, message: "must be 0 or more" });
    if (!(windowHours >= 0 && windowHours <= 24 * 90)) issues.push({ path: `${path}.windowHours`, message: "must be from 0 to 2160" });
  });
  return issues;
}

/** Empty: nothing is wrong. */
export function faultsInRollout({ steps }: Rollout, variants: number): Issue[] {
  const issues: Issue[] = [];
  if (variants !== 2) issues.push({ path: "rollout", message: "compares two variants: the old one first, the new one second" });
  if (steps.length === 0 || steps.length > 20) issues.push({ path: "rollout.steps", message: "must be 1 to 20" });
  steps.forEach(({ share, holdSeconds, unitsMin }, index) => {
    const path = `rollout.steps[${index}]`;
    if (!(share > 0 && share <= 0.5))
      issues.push({ path: `${path}.share`, message: "must be above 0 and up to 0.5: as many stay as control" });
    if (share < (steps[index - 1]?.share ?? 0)) issues.push({ path: `${path}.share`, message: "may not fall: units would change sides" });
    if (!(holdSeconds >= 0 && holdSeconds <= 30 * 86_400))
      issues.push({ path: `${path}.holdSeconds`, message: "must be from 0 to 2592000" });
    if (!(unitsMin >= 0)) issues.push({ path: `${path}.unitsMin`, message: "must be 0 or more" });
  });
  return issues;
}

/** Empty: nothing is wrong. */
export function faultsInBandit({ floor, updateMinutes, delta, tolerance }: Bandit, variants: number): Issue[] {
  const issues: Issue[] = [];
  if (!(floor >= 0 && floor * variants < 1))
    issues.push({ path: "bandit.floor", message: "must be 0 or more, and less than an equal share" });
  if (!(updateMinutes >= 1 && updateMinutes <= 10_080)) issues.push({ path: "bandit.updateMinutes", message: "must be from 1 to 10080" });
  if (!(delta > 0 && delta < 0.5)) issues.push({ path: "bandit.delta", message: "must be above 0 and below 0.5" });
  if (!(tolerance >= 0)) issues.push({ path: "bandit.tolerance", message: "must be 0 or more" });
  return issues;
}
