/**
 * One look at an experiment: what its variants do, whether that can be believed, and what it means. Pure: sums and what was found
 * before go in, findings come out. Decisions are taken on the absolute scale with always-valid inference, so one may look as
 * often as one likes.
 */
import type { ExperimentAnalysis, MeasuredMetric } from "./definition.ts";
import { controlOf, type ExaminedExperiment, type Health, healthOf, isBelievable } from "./health.ts";
import { metricDefinitions, metricNameOf } from "./metrics.ts";
import type { MeasuredSums, PhaseCounts } from "./read-sums.ts";
import { bayesianView, flatPrior, skepticalPrior } from "./statistics/bayesian.ts";
import {
  narrowed,
  type SequenceView,
  sequenceGreater,
  sequenceLess,
  sequenceOf,
  unitsPlannedOfGuardrail,
} from "./statistics/confidence-sequence.ts";
import { absoluteEffect, type Effect, type Interval, logRatio } from "./statistics/effect.ts";
import { adjustedEstimate, cupedOf, type Estimate, estimateOf, smoothedShare } from "./statistics/estimate.ts";
import { adjustedPValues } from "./statistics/multiple-comparisons.ts";
import { daysLeft, powerDefault, unitsForSequence } from "./statistics/power.ts";
import { noUnits, type UnitSums } from "./statistics/unit-sums.ts";

/** What holds of all looks of a phase: the narrowest interval and the least p, by "<metric>/<variant>". */
export type Sequences = Readonly<Record<string, SequenceView>>;

/** As they were kept: JSON knows no infinity, and a side without bound is null in it, which arithmetic would take for 0. */
export const sequencesIn = (kept: Readonly<Record<string, { [Name in keyof SequenceView]: number | null }>>): Sequences =>
  Object.fromEntries(
    Object.entries(kept).map(([key, { lower, upper, p }]) => [
      key,
      { lower: lower ?? Number.NEGATIVE_INFINITY, upper: upper ?? Number.POSITIVE_INFINITY, p: p ?? 1 },
    ]),
  );

export type MetricVerdict = "better" | "worse" | "open" | "too-few-units";

export interface VariantFinding {
  readonly variant: string;
  readonly units: number;
  readonly value: number | null;
  readonly standardError: number | null;
  /** Null: of control, or too little is known. */
  readonly comparison: Comparison | null;
}

export interface Comparison {
  /** Treatment minus control. */
  readonly effect: number;
  /** Always valid; of guardrails one-sided. Null: without bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly p: number;
  readonly adjustedP: number;
  /** For display: over control; null where fewer than 30 events are in an arm. */
  readonly relative: (Interval & { readonly value: number }) | null;
  /** Bayesian, with a flat prior and with a sceptical one (relative effects, N(0, 0.3²)): that the variant is better. It does not make peeking free. */
  readonly chanceBetter: number;
  readonly chanceBetterSceptical: number | null;
  /** Expected loss of taking the variant, and of staying, in the metric's unit. */
  readonly riskOfVariant: number;
  readonly riskOfControl: number;
  readonly verdict: MetricVerdict;
}

export interface MetricFinding extends MeasuredMetric {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly direction: "lower" | "higher" | "neutral";
  /** Units above this counted as if they were at it; null: none was, or nothing is capped. */
  readonly cappedAt: number | null;
  readonly cappedUnits: number;
  readonly variants: readonly VariantFinding[];
  /** The holdout against an equal slice of the rest; null: there is none, or too little is known. */
  readonly holdout: Comparison | null;
}

export interface Evaluation {
  readonly at: string;
  readonly units: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<string, number>>;
  readonly heldOutUnits: number;
  readonly health: Health;
  readonly metrics: readonly MetricFinding[];
  /** Guardrails and signals whose bound says worse than the margin. */
  readonly alarms: readonly {
    readonly role: "guardrail" | "signal";
    readonly metric: string;
    readonly variant: string;
    readonly text: string;
  }[];
  readonly daysRun: number;
  /** Until the smallest effect worth finding would be found; null: nobody can tell. */
  readonly daysLeft: number | null;
  readonly unitsNeeded: number | null;
}

const eventsForRelative = 30;

export const keyOf = ({ metric, feedback, category }: MeasuredMetric): string =>
  [metric, feedback, category].filter((part) => part !== "").join(":");

export function evaluate(
  experiment: ExaminedExperiment,
  counts: PhaseCounts,
  inputs: readonly MeasuredSums[],
  before: Sequences,
  now: Date,
): { readonly evaluation: Evaluation; readonly sequences: Sequences } {
  const sequences: Record<string, SequenceView> = { ...before };
  const findings = inputs.map((input) => metricFinding(experiment, input, sequences));
  const health = healthOf(experiment, counts, inputs, now);
  const metrics = judged(experiment, findings, isBelievable(health));
  const daysRun = (now.getTime() - experiment.startedAt.getTime()) / 86_400_000;
  return {
    evaluation: {
      at: now.toISOString(),
      units: counts.units,
      calls: counts.calls,
      heldOutUnits: counts.heldOutUnits,
      health,
      metrics,
      alarms: alarmsOf(metrics),
      daysRun,
      ...outlook(experiment, counts, inputs),
    },
    sequences,
  };
}

/** Of some of its units: one look, with nothing known from those before. It decides nothing, so goals have no verdict. */
export const findingsAmong = (experiment: ExaminedExperiment, inputs: readonly MeasuredSums[]): MetricFinding[] =>
  judged(
    experiment,
    inputs.map((input) => metricFinding(experiment, input, {})),
    false,
  );

function metricFinding(
  experiment: ExaminedExperiment,
  { measured, sums, cappedAt, cappedUnits }: MeasuredSums,
  sequences: Record<string, SequenceView>,
): MetricFinding {
  const { analysis, variants } = experiment;
  const definition = metricDefinitions[measured.metric];
  const control = controlOf(experiment);
  const key = keyOf(measured);
  const arms = variants.map((variant) => ({ key: variant.key, sums: sums[variant.key] ?? noUnits }));
  const cuped =
    analysis.cuped && measured.metric !== "feedback"
      ? cupedOf(
          definition.kind,
          arms.map((arm) => arm.sums),
        )
      : undefined;
  const estimate = (of: UnitSums): Estimate =>
    cuped === undefined ? estimateOf(definition.kind, of) : adjustedEstimate(definition.kind, of, cuped);
  const controlSums = sums[control] ?? noUnits;
  const compared = (name: string, one: UnitSums, other: UnitSums) =>
    comparison(experiment, measured, [one, other], estimate, `${key}/${name}`, sequences);
  return {
    ...measured,
    key,
    name: metricNameOf(measured),
    unit: definition.unit,
    direction: definition.direction,
    cappedAt,
    cappedUnits,
    variants: arms.map((arm) => {
      const { value, variance, units } = estimate(arm.sums);
      return {
        variant: arm.key,
        units,
        value: finite(value),
        standardError: finite(Math.sqrt(variance / units)),
        comparison: arm.key === control ? null : compared(arm.key, controlSums, arm.sums),
      };
    }),
    holdout: compared("holdout", sums["holdout"] ?? noUnits, sums["compared"] ?? noUnits),
  };
}

function comparison(
  { analysis }: ExaminedExperiment,
  { metric, role, margin }: MeasuredMetric,
  [one, other]: readonly [control: UnitSums, treatment: UnitSums],
  estimate: (sums: UnitSums) => Estimate,
  sequenceKey: string,
  sequences: Record<string, SequenceView>,
): Comparison | null {
  const [control, treatment] = [estimate(one), estimate(other)];
  const effect = effectOf(control, treatment, metricDefinitions[metric].unit);
  if (!Number.isFinite(effect.value) || !(effect.standardError > 0)) return null;
  const { direction } = metricDefinitions[metric];
  // The harm beyond the margin, or the effect itself: what the sequence is about.
  const view = role === "guardrail" || role === "signal" ? harmOf(effect, direction, margin, analysis.alpha) : sequenceOf(effect, analysis);
  const running = narrowed(sequences[sequenceKey], view);
  sequences[sequenceKey] = running;
  const sign = direction === "lower" ? -1 : 1;
  const good = bayesianView({ ...effect, value: sign * effect.value }, flatPrior, analysis.alpha);
  const relative = relativeOf(one, other, control, treatment, analysis);
  return {
    effect: effect.value,
    lower: finite(running.lower),
    upper: finite(running.upper),
    p: running.p,
    adjustedP: running.p,
    relative: relative?.interval ?? null,
    chanceBetter: good.chanceAbove,
    chanceBetterSceptical:
      relative === undefined
        ? null
        : bayesianView({ ...relative.effect, value: sign * relative.effect.value }, skepticalPrior, analysis.alpha).chanceAbove,
    riskOfVariant: good.risk.ofVariant,
    riskOfControl: good.risk.ofControl,
    verdict: Math.min(control.units, treatment.units) < analysis.unitsMin ? "too-few-units" : "open",
  };
}

/** All slow in one arm and none in the other is a difference too, though neither arm shows any spread. */
function effectOf(control: Estimate, treatment: Estimate, unit: string): Effect {
  const effect = absoluteEffect(control, treatment);
  return unit === "share" && effect.standardError === 0 && effect.value !== 0
    ? absoluteEffect(smoothedShare(control), smoothedShare(treatment))
    : effect;
}

/** One-sided, planned for an early end: bounds of the effect where it is harm beyond the margin. */
function harmOf(effect: Effect, direction: "lower" | "higher" | "neutral", margin: number, alpha: number): SequenceView {
  const settings = { alpha, unitsPlanned: unitsPlannedOfGuardrail };
  if (direction !== "higher") {
    const view = sequenceGreater({ ...effect, value: effect.value - margin }, settings);
    return { lower: view.lower + margin, upper: view.upper, p: view.p };
  }
  const view = sequenceLess({ ...effect, value: effect.value + margin }, settings);
  return { lower: view.lower, upper: view.upper - margin, p: view.p };
}

function relativeOf(one: UnitSums, other: UnitSums, control: Estimate, treatment: Estimate, analysis: ExperimentAnalysis) {
  if (one.m < eventsForRelative || other.m < eventsForRelative || control.value <= 0 || treatment.value <= 0) return undefined;
  const effect = logRatio(control, treatment);
  if (!(effect.standardError > 0)) return undefined;
  const { lower, upper } = sequenceOf(effect, analysis);
  return { effect, interval: { value: Math.expm1(effect.value), lower: Math.expm1(lower), upper: Math.expm1(upper) } };
}

/**
 * Verdicts: goals after correction for their number, guardrails and signals without, secondary metrics by their interval alone, for
 * reading. Where the numbers cannot be believed goals and secondary metrics have none; harm is acted on all the same.
 */
function judged({ analysis }: ExaminedExperiment, metrics: readonly MetricFinding[], believable: boolean): MetricFinding[] {
  const goals = metrics.flatMap((metric) =>
    metric.role !== "goal"
      ? []
      : metric.variants.flatMap((variant) =>
          variant.comparison === null ? [] : [{ metric: metric.key, variant: variant.variant, p: variant.comparison.p }],
        ),
  );
  const adjusted = adjustedPValues(
    goals.map(({ p }) => p),
    analysis.correction,
  );
  const adjustedOf = (metric: string, variant: string) =>
    adjusted[goals.findIndex((goal) => goal.metric === metric && goal.variant === variant)];
  return metrics.map((metric) => ({
    ...metric,
    variants: metric.variants.map((variant) => {
      const { comparison: given } = variant;
      if (given === null) return variant;
      const adjustedP = metric.role === "goal" ? (adjustedOf(metric.key, variant.variant) ?? given.p) : given.p;
      return {
        ...variant,
        comparison: { ...given, adjustedP, verdict: verdictOfMetric(metric, { ...given, adjustedP }, analysis, believable) },
      };
    }),
  }));
}

export function verdictOfMetric(
  { role, direction, margin }: Pick<MetricFinding, "role" | "direction" | "margin">,
  given: Comparison,
  { alpha }: Pick<ExperimentAnalysis, "alpha">,
  believable: boolean,
): MetricVerdict {
  if (given.verdict === "too-few-units" || direction === "neutral") return given.verdict;
  if (role === "goal" || role === "secondary") {
    const differs = role === "goal" ? given.adjustedP < alpha : (given.lower ?? 0) > 0 || (given.upper ?? 0) < 0;
    if (!believable || !differs) return "open";
    return given.effect > 0 === (direction === "higher") ? "better" : "worse";
  }
  const harmed = direction === "higher" ? given.upper !== null && given.upper < -margin : given.lower !== null && given.lower > margin;
  return harmed ? "worse" : "open";
}

function alarmsOf(metrics: readonly MetricFinding[]): Evaluation["alarms"] {
  return metrics.flatMap((metric) =>
    metric.role !== "guardrail" && metric.role !== "signal"
      ? []
      : metric.variants.flatMap(({ variant, comparison: given }) =>
          given?.verdict === "worse"
            ? [
                {
                  role: metric.role as "guardrail" | "signal",
                  metric: metric.key,
                  variant,
                  text: `${metric.name} of ${variant} is worse by ${shown(metric, given)}`,
                },
              ]
            : [],
        ),
  );
}

/** For people: at least so much, in the metric's unit. */
export function shown({ unit }: Pick<MetricFinding, "unit">, { effect, lower, upper }: Comparison): string {
  const least = effect > 0 ? lower : upper;
  const amount = Math.abs(least ?? effect);
  const text = {
    share: `${(amount * 100).toFixed(2)} percentage points`,
    ms: `${amount.toFixed(0)} ms`,
    nanodollars: `$${(amount / 1e9).toPrecision(2)}`,
    tokens: `${amount.toFixed(0)} tokens`,
    score: amount.toPrecision(2),
  }[unit as "share"];
  return `at least ${text}`;
}

/** How long until the target effect on the first goal would be found. */
function outlook(
  experiment: ExaminedExperiment,
  counts: PhaseCounts,
  inputs: readonly MeasuredSums[],
): Pick<Evaluation, "daysLeft" | "unitsNeeded"> {
  const goal = inputs.find(({ measured }) => measured.role === "goal");
  const unknown = { daysLeft: null, unitsNeeded: null };
  if (goal === undefined) return unknown;
  const sums = goal.sums[controlOf(experiment)];
  if (sums === undefined || sums.units < 10) return unknown;
  const { value, variance } = estimateOf(metricDefinitions[goal.measured.metric].kind, sums);
  const { alpha, unitsPlanned, targetEffect } = experiment.analysis;
  const effect = Math.abs(value) * targetEffect;
  if (!(effect > 0) || !(variance > 0)) return unknown;
  const needed = unitsForSequence(variance, effect, { ...powerDefault, alpha, unitsPlanned });
  const now = Math.min(...experiment.variants.map(({ key }) => counts.units[key] ?? 0));
  return { unitsNeeded: Math.ceil(needed), daysLeft: daysLeft(needed, now, counts.unitsLastDay / experiment.variants.length) ?? null };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
