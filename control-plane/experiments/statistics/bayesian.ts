/**
 * The Bayesian view of the same sums: how likely the variant is better, and what is lost if it is not. It does not make peeking
 * free, which whoever shows it should say.
 */
import { betaCdf, betaPdf, normalCdf, normalPdf } from "./distributions.ts";
import { type Effect, type Interval, normalInterval } from "./effect.ts";
import { integral } from "./numeric.ts";

/** Of the effect: normal. `variance` Infinity is the flat prior. */
export interface Prior {
  readonly mean: number;
  readonly variance: number;
}

export const flatPrior: Prior = { mean: 0, variance: Number.POSITIVE_INFINITY };
/** GrowthBook's: a relative effect beyond 60 % is rare. */
export const skepticalPrior: Prior = { mean: 0, variance: 0.09 };

export interface BayesianView extends Interval {
  readonly mean: number;
  readonly standardDeviation: number;
  /** That the effect is above 0. */
  readonly chanceAbove: number;
  readonly risk: Risk;
}

/** Expected loss, in the effect's own unit. */
export interface Risk {
  /** Of staying with control, though the effect is above 0. */
  readonly ofControl: number;
  /** Of taking the variant, though the effect is below 0. */
  readonly ofVariant: number;
}

export function bayesianView({ value, standardError, units }: Effect, prior: Prior, alpha: number): BayesianView {
  const ofData = 1 / standardError ** 2;
  const ofPrior = 1 / prior.variance;
  const mean = (value * ofData + prior.mean * ofPrior) / (ofData + ofPrior);
  const standardDeviation = Math.sqrt(1 / (ofData + ofPrior));
  return {
    mean,
    standardDeviation,
    chanceAbove: normalCdf(mean / standardDeviation),
    risk: riskOf(mean, standardDeviation),
    ...normalInterval({ value: mean, standardError: standardDeviation, units }, alpha),
  };
}

/** Means of the truncated normal, times the chance of being there. */
export function riskOf(mean: number, standardDeviation: number): Risk {
  const z = mean / standardDeviation;
  // Beyond this the density is 0 in a double, and the limit is exact.
  if (Math.abs(z) > 37) return { ofControl: Math.max(0, mean), ofVariant: Math.max(0, -mean) };
  const ofControl = standardDeviation * normalPdf(z) + mean * normalCdf(z);
  return { ofControl, ofVariant: ofControl - mean };
}

/** Exact P(treatment's rate > control's) for counts of successes, from uniform priors. */
export function chanceOfHigherRate(
  control: { readonly successes: number; readonly units: number },
  treatment: { readonly successes: number; readonly units: number },
): number {
  const shape = ({ successes, units }: typeof control) => [successes + 1, units - successes + 1] as const;
  const [a, b] = shape(control);
  const [c, d] = shape(treatment);
  return integral((x) => (x <= 0 || x >= 1 ? 0 : betaPdf(x, c, d) * betaCdf(x, a, b)), 0, 1, 20_000);
}
