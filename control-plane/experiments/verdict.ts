/** What an evaluation means, in plain words and as one recommendation. Pure. */
import type { Evaluation, MetricFinding } from "./evaluate.ts";
import { shown } from "./evaluate.ts";
import { controlOf, type ExaminedExperiment } from "./health.ts";

export type Recommendation = "ship" | "roll-back" | "keep-running" | "look-into-it";

export interface Verdict {
  readonly recommendation: Recommendation;
  /** The variant to ship; empty: none. */
  readonly variant: string;
  readonly text: string;
}

export function verdictOf(experiment: ExaminedExperiment, evaluation: Evaluation): Verdict {
  const { health, metrics, alarms } = evaluation;
  const say = (recommendation: Recommendation, text: string, variant = ""): Verdict => ({ recommendation, variant, text });
  const [alarm] = alarms.filter(({ role }) => role === "guardrail");
  if (alarm !== undefined) return say("roll-back", `Roll back: ${alarm.text}. No further looks are needed.`);
  if (!health.sampleRatioOk)
    return say(
      "look-into-it",
      "The variants do not have the shares of units that their weights promise, so no number here can be believed. Look for a variant that fails before its exposure is recorded, a cache between, or a caller that is counted in one variant alone.",
    );
  if (!health.mixedOk)
    return say(
      "look-into-it",
      `${percent(health.mixedShare)} of the units were seen in more than one variant, so the variants are mixed. Look for an end user's id that changes between calls, or weights that were changed without keeping variants.`,
    );
  const [doubt] = health.slicesOk && health.preExposureOk ? [] : health.warnings;
  if (doubt !== undefined) return say("look-into-it", `${doubt} No number here can be believed before it is known why.`);
  const units = Object.values(evaluation.units).reduce((sum, count) => sum + count, 0);
  if (units === 0)
    return say("keep-running", "No call has been part of it yet: no unit was targeted and covered, or calls name no end user or session.");
  const goals = metrics.filter(({ role }) => role === "goal");
  const findings = goals.flatMap((metric) =>
    metric.variants.flatMap((one) => (one.comparison === null ? [] : [{ metric, variant: one.variant, ...one.comparison }])),
  );
  const worse = findings.filter(({ verdict }) => verdict === "worse");
  const better = findings.filter(({ verdict, variant }) => verdict === "better" && !worse.some((one) => one.variant === variant));
  const [best] = better.toSorted((a, b) => a.adjustedP - b.adjustedP);
  const { daysMin } = experiment.analysis;
  if (best !== undefined) {
    const text = `${best.variant} is better than ${controlOf(experiment)}: ${best.metric.name} by ${shown(best.metric, best)}; no harm was found in ${guardrails(metrics)}.${doubts(evaluation)}`;
    return evaluation.daysRun < daysMin
      ? say(
          "keep-running",
          `${text} It has run for ${days(evaluation.daysRun)} of the ${daysMin} days that it should, so that all days of the week are in it.`,
          best.variant,
        )
      : say("ship", text, best.variant);
  }
  const [worst] = worse;
  if (worst !== undefined && worse.length === experiment.variants.length - 1)
    return say(
      "roll-back",
      `${worst.variant} is worse than ${controlOf(experiment)}: ${worst.metric.name} by ${shown(worst.metric, worst)}.`,
    );
  if (experiment.variants.some(({ key }) => (evaluation.units[key] ?? 0) < experiment.analysis.unitsMin))
    return say(
      "keep-running",
      `Too few units for a verdict: each variant needs ${experiment.analysis.unitsMin}. You may look as often as you like.`,
    );
  const left =
    evaluation.daysLeft === null
      ? ""
      : ` About ${days(evaluation.daysLeft)} more would show an effect of ${percent(experiment.analysis.targetEffect)}.`;
  return say(
    "keep-running",
    `No difference has been found yet, and no harm in ${guardrails(metrics)}.${left}${doubts(evaluation)} You may look as often as you like.`,
  );
}

/** What does not forbid a verdict and should be read with it. */
const doubts = ({ health }: Evaluation): string => health.warnings.map((warning) => ` But: ${warning}`).join("");

function guardrails(metrics: readonly MetricFinding[]): string {
  const names = metrics.filter(({ role }) => role === "guardrail").map(({ name }) => name);
  return names.length === 0 ? "any guardrail (there is none)" : names.join(", ");
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const days = (count: number): string => `${count < 10 ? count.toFixed(1) : count.toFixed(0)} days`;
