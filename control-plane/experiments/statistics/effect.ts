/** How far a variant is from control, and the test for a horizon that was fixed beforehand. Decisions are taken on the absolute scale. */
import { normalQuantile, studentCdf, studentQuantile } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";

export interface Effect {
  readonly value: number;
  readonly standardError: number;
  /** Of both arms together. */
  readonly units: number;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Treatment minus control. */
export const absoluteEffect = (control: Estimate, treatment: Estimate): Effect => ({
  value: treatment.value - control.value,
  standardError: Math.sqrt(squaredError(treatment) + squaredError(control)),
  units: control.units + treatment.units,
});

/** Over control, by the delta method. For display only: under peeking its false positives pass the nominal rate where events are rare. */
export const relativeEffect = (control: Estimate, treatment: Estimate): Effect => ({
  value: (treatment.value - control.value) / Math.abs(control.value),
  standardError: Math.sqrt(
    squaredError(treatment) / control.value ** 2 + (squaredError(control) * treatment.value ** 2) / control.value ** 4,
  ),
  units: control.units + treatment.units,
});

/** ln(treatment / control): the scale on which a relative interval is computed for display. Both values must be above 0. */
export const logRatio = (control: Estimate, treatment: Estimate): Effect => ({
  value: Math.log(treatment.value / control.value),
  standardError: Math.sqrt(squaredError(treatment) / treatment.value ** 2 + squaredError(control) / control.value ** 2),
  units: control.units + treatment.units,
});

export interface FixedHorizonTest extends Interval {
  readonly p: number;
}

/** Welch's test. Valid for one look at a sample size that was chosen before; never for a page that refreshes. */
export function welchTest(effect: Effect, control: Estimate, treatment: Estimate, alpha: number): FixedHorizonTest {
  const degrees = welchDegrees(control, treatment);
  const half = studentQuantile(1 - alpha / 2, degrees) * effect.standardError;
  return {
    lower: effect.value - half,
    upper: effect.value + half,
    p: 2 * (1 - studentCdf(Math.abs(effect.value / effect.standardError), degrees)),
  };
}

/** H1: the effect is above 0. */
export function welchTestGreater(effect: Effect, control: Estimate, treatment: Estimate, alpha: number): FixedHorizonTest {
  const degrees = welchDegrees(control, treatment);
  return {
    lower: effect.value - studentQuantile(1 - alpha, degrees) * effect.standardError,
    upper: Number.POSITIVE_INFINITY,
    p: 1 - studentCdf(effect.value / effect.standardError, degrees),
  };
}

/** Of a normal effect. */
export function normalInterval({ value, standardError }: Effect, alpha: number): Interval {
  const half = normalQuantile(1 - alpha / 2) * standardError;
  return { lower: value - half, upper: value + half };
}

const squaredError = ({ variance, units }: Estimate): number => variance / units;

/** Welch-Satterthwaite. */
function welchDegrees(control: Estimate, treatment: Estimate): number {
  const [one, other] = [squaredError(control), squaredError(treatment)];
  return (one + other) ** 2 / (one ** 2 / (control.units - 1) + other ** 2 / (treatment.units - 1));
}
