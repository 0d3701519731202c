/**
 * Whether an experiment's numbers can be believed: units in the promised shares, over all and by where they came from; units in
 * one variant alone; arms that were alike before it began; arms that answer alike often. Pure.
 */
import type { ExperimentAnalysis } from "./definition.ts";
import { metricNameOf } from "./metrics.ts";
import type { MeasuredSums, PhaseCounts } from "./read-sums.ts";
import { sequenceOf } from "./statistics/confidence-sequence.ts";
import { absoluteEffect } from "./statistics/effect.ts";
import { type Estimate, estimateOf } from "./statistics/estimate.ts";
import { type SampleRatio, sampleRatio, sampleRatioAlpha } from "./statistics/sample-ratio.ts";
import { noUnits, sampleSums, type UnitSums } from "./statistics/unit-sums.ts";

/** Units of one node, edge or value of the experiment's tag. */
export interface SliceFinding {
  readonly dimension: "node" | "edge" | "tag";
  readonly value: string;
  readonly units: number;
  /** That the shares are as promised here; holds at every look. */
  readonly p: number;
  readonly ok: boolean;
}

/** A variant against control before either was seen: a difference there is none of the variant's doing. */
export interface PreExposureFinding {
  readonly metric: string;
  readonly variant: string;
  readonly difference: number;
  readonly p: number;
  readonly ok: boolean;
}

/** How many of a variant's units said anything: those who speak up may be others than those who do not. */
export interface ResponseFinding {
  readonly metric: string;
  readonly variant: string;
  readonly rate: number;
  /** Against control; of control itself 1. */
  readonly p: number;
  readonly ok: boolean;
}

export interface Health {
  readonly sampleRatio: SampleRatio;
  readonly sampleRatioOk: boolean;
  readonly slices: readonly SliceFinding[];
  readonly slicesOk: boolean;
  readonly mixedUnits: number;
  readonly mixedShare: number;
  readonly mixedOk: boolean;
  readonly preExposure: readonly PreExposureFinding[];
  readonly preExposureOk: boolean;
  readonly responses: readonly ResponseFinding[];
  readonly responsesOk: boolean;
  readonly lastExposureAt: string | null;
  /** Calls came within the last hour, or it has only just begun. */
  readonly trafficOk: boolean;
  /** In plain words; empty: nothing to say. */
  readonly warnings: readonly string[];
}

export interface ExaminedExperiment {
  readonly variants: readonly { readonly key: string; readonly weight: number }[];
  readonly analysis: ExperimentAnalysis;
  /** Weights that move say nothing of lost units. */
  readonly weightsMove: boolean;
  readonly startedAt: Date;
  readonly unit: string;
}

/** Alarms that watch all the time are quieter than findings: one false one in a thousand experiments. */
const alarmAlpha = sampleRatioAlpha;
const mixedShareMax = 0.01;
const quietMs = 3_600_000;
/** Of units before, or of answers: fewer say nothing of a share. */
const unitsMin = 100;

/** The first variant, where nothing else is said. */
export const controlOf = ({ variants, analysis }: Pick<ExaminedExperiment, "variants" | "analysis">): string =>
  analysis.control === "" ? (variants[0]?.key ?? "") : analysis.control;

export function healthOf(experiment: ExaminedExperiment, counts: PhaseCounts, inputs: readonly MeasuredSums[], now: Date): Health {
  const { variants, weightsMove, startedAt } = experiment;
  const weights = variants.map(({ weight }) => weight);
  const ratio = sampleRatio(
    variants.map(({ key }) => counts.units[key] ?? 0),
    weights,
  );
  const all = Object.values(counts.units).reduce((sum, units) => sum + units, 0) + counts.mixedUnits;
  const mixedShare = all === 0 ? 0 : counts.mixedUnits / all;
  const last = counts.lastExposureAt;
  const slices = weightsMove ? [] : slicesOf(experiment, counts);
  const preExposure = preExposureOf(experiment, inputs);
  const responses = responsesOf(experiment, inputs);
  const findings = {
    sampleRatio: ratio,
    sampleRatioOk: weightsMove || ratio.alwaysValidP >= alarmAlpha,
    slices,
    slicesOk: slices.every(({ ok }) => ok),
    mixedUnits: counts.mixedUnits,
    mixedShare,
    // A handful of units is no share yet.
    mixedOk: all < unitsMin || mixedShare <= mixedShareMax,
    preExposure,
    preExposureOk: preExposure.every(({ ok }) => ok),
    responses,
    responsesOk: responses.every(({ ok }) => ok),
    lastExposureAt: last?.toISOString() ?? null,
    trafficOk: now.getTime() - (last ?? startedAt).getTime() < quietMs,
  };
  return { ...findings, warnings: warningsOf(experiment, findings) };
}

/** Where the verdict hangs on what is broken there is none. */
export const isBelievable = ({ sampleRatioOk, slicesOk, mixedOk, preExposureOk }: Health): boolean =>
  sampleRatioOk && slicesOk && mixedOk && preExposureOk;

/** Each slice is its own question, so the alarm is shared out among them. */
function slicesOf({ variants }: ExaminedExperiment, { slices }: PhaseCounts): SliceFinding[] {
  return slices.map(({ dimension, value, units }) => {
    const given = variants.map(({ key }) => units[key] ?? 0);
    const p = sampleRatio(
      given,
      variants.map(({ weight }) => weight),
    ).alwaysValidP;
    return { dimension, value, units: given.reduce((sum, count) => sum + count, 0), p, ok: p >= alarmAlpha / slices.length };
  });
}

function preExposureOf(experiment: ExaminedExperiment, inputs: readonly MeasuredSums[]): PreExposureFinding[] {
  const control = controlOf(experiment);
  const before = (sums: UnitSums | undefined): Estimate => {
    const { units, x, xx } = sums ?? noUnits;
    return estimateOf("mean", sampleSums(units, x, xx));
  };
  const findings = inputs.flatMap(({ measured, sums }) =>
    experiment.variants.flatMap(({ key }) => {
      if (key === control || measured.metric === "feedback") return [];
      const [one, other] = [before(sums[control]), before(sums[key])];
      const effect = absoluteEffect(one, other);
      // Without any history in either arm there is nothing that could differ.
      if (Math.min(one.units, other.units) < unitsMin || !(effect.standardError > 0)) return [];
      const { p } = sequenceOf(effect, { alpha: alarmAlpha, unitsPlanned: experiment.analysis.unitsPlanned });
      return [{ metric: metricNameOf(measured), variant: key, difference: effect.value, p }];
    }),
  );
  return findings.map((finding) => ({ ...finding, ok: finding.p >= alarmAlpha / findings.length }));
}

function responsesOf(experiment: ExaminedExperiment, inputs: readonly MeasuredSums[]): ResponseFinding[] {
  const control = controlOf(experiment);
  return inputs.flatMap(({ measured, sums, eligible }) => {
    if (eligible === undefined) return [];
    const answered = (key: string) => {
      const units = eligible[key] ?? 0;
      const said = sums[key]?.units ?? 0;
      return estimateOf("proportion", sampleSums(units, said, said));
    };
    const base = answered(control);
    return experiment.variants.flatMap(({ key }) => {
      const given = answered(key);
      if (given.units < unitsMin) return [];
      const effect = absoluteEffect(base, given);
      const comparable = key !== control && base.units >= unitsMin && effect.standardError > 0;
      const p = comparable ? sequenceOf(effect, { alpha: alarmAlpha, unitsPlanned: experiment.analysis.unitsPlanned }).p : 1;
      return [{ metric: metricNameOf(measured), variant: key, rate: given.value, p, ok: p >= alarmAlpha }];
    });
  });
}

function warningsOf({ unit }: ExaminedExperiment, health: Omit<Health, "warnings">): string[] {
  const warnings: string[] = [];
  const named = { node: "node", edge: "edge", tag: "tag" };
  for (const { dimension, value } of health.slices.filter(({ ok }) => !ok))
    warnings.push(`Units of the ${named[dimension]} ${value} do not stand in the promised shares.`);
  for (const { metric, variant } of health.preExposure.filter(({ ok }) => !ok))
    warnings.push(`${variant} differed from control in ${metric} before it was ever seen.`);
  for (const { metric, variant, rate } of health.responses.filter(({ ok }) => !ok))
    warnings.push(
      `${(rate * 100).toFixed(1)} % of the units of ${variant} gave ${metric}, which is another share than of control: those who speak may be others.`,
    );
  if (unit === "request")
    warnings.push("Its units are requests, so it says something of backends and nothing of people: one user meets every variant.");
  return warnings;
}
