/**
 * Always-valid inference: intervals that hold at every look at once, so that nobody has to promise not to look. Asymptotic
 * confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, Annals of Statistics 52(6), 2024, arXiv 2103.06476), which
 * are the normal mixture of Johari, Pekelis and Walsh with another name.
 */
import { normalCdf } from "./distributions.ts";
import type { Effect, Interval } from "./effect.ts";
import { bisect } from "./numeric.ts";

export interface SequenceSettings {
  /** 0 to 1. */
  readonly alpha: number;
  /** Units of both arms at which a decision is expected: where the interval is tightest. Fixed at the start. */
  readonly unitsPlanned: number;
}

export const unitsPlannedDefault = 5000;
/** Harm must be seen early, at the price of wider intervals later. */
export const unitsPlannedOfGuardrail = 500;

/** An interval with its always-valid p-value. */
export interface SequenceView extends Interval {
  readonly p: number;
}

/** Two-sided. */
export function sequenceOf(effect: Effect, { alpha, unitsPlanned }: SequenceSettings): SequenceView {
  const rho2 = rhoSquared(alpha, unitsPlanned);
  const scaled = effect.units * rho2;
  const half = effect.standardError * Math.sqrt((2 * (scaled + 1) * Math.log(Math.sqrt(scaled + 1) / alpha)) / scaled);
  return { ...around(effect.value, half), p: pValue(effect, rho2) };
}

/** H1: the effect is above 0. The interval is [lower, infinity). */
export function sequenceGreater(effect: Effect, { alpha, unitsPlanned }: SequenceSettings): SequenceView {
  const rho2 = rhoSquared(2 * alpha, unitsPlanned);
  const half = oneSidedHalf(effect, rho2, alpha);
  return { lower: effect.value - half, upper: Number.POSITIVE_INFINITY, p: oneSidedP(effect, rho2) };
}

/** H1: the effect is below 0. The interval is (-infinity, upper]. */
export function sequenceLess(effect: Effect, settings: SequenceSettings): SequenceView {
  const { lower, p } = sequenceGreater({ ...effect, value: -effect.value }, settings);
  return { lower: Number.NEGATIVE_INFINITY, upper: -lower, p };
}

/** What holds of all looks so far holds now: the intersection of the intervals and the least p. */
export function narrowed(before: SequenceView | undefined, now: SequenceView): SequenceView {
  if (before === undefined) return now;
  const lower = Math.max(before.lower, now.lower);
  const upper = Math.min(before.upper, now.upper);
  // Intervals that have come apart say that the world has changed; what is true now is the newer one.
  return lower <= upper ? { lower, upper, p: Math.min(before.p, now.p) } : { ...now, p: Math.min(before.p, now.p) };
}

/** rho², tuned so that the interval is tightest at `unitsPlanned`. */
export const rhoSquared = (alpha: number, unitsPlanned: number): number =>
  (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / unitsPlanned;

/** ln of the two-sided normal mixture at z = effect / standard error: what 1/p is. */
export const logMixture = (z: number, units: number, rho2: number): number => {
  const scaled = units * rho2;
  return -Math.log1p(scaled) / 2 + (z * z * scaled) / (2 * (1 + scaled));
};

/** ln of the one-sided normal mixture. */
export const logMixtureGreater = (z: number, units: number, rho2: number): number => {
  const scaled = units * rho2;
  return Math.log(2) + logMixture(z, units, rho2) + Math.log(normalCdf(z * Math.sqrt(scaled / (1 + scaled))));
};

const around = (value: number, half: number): Interval => ({ lower: value - half, upper: value + half });

function pValue({ value, standardError, units }: Effect, rho2: number): number {
  if (standardError === 0) return value === 0 ? 1 : 0;
  return Math.min(1, Math.exp(-logMixture(value / standardError, units, rho2)));
}

function oneSidedHalf({ standardError, units }: Effect, rho2: number, alpha: number): number {
  const scaled = units * rho2;
  return standardError * Math.sqrt(((2 * (scaled + 1)) / scaled) * Math.log(1 + Math.sqrt(scaled + 1) / (2 * alpha)));
}

/** The alpha at which the bound would touch 0 with the same tuning; 1 where the effect is not above 0. */
function oneSidedP(effect: Effect, rho2: number): number {
  if (!(effect.value > 0)) return 1;
  const slack = (alpha: number) => oneSidedHalf(effect, rho2, alpha) - effect.value;
  if (slack(1) >= 0) return 1;
  return slack(alphaMin) <= 0 ? alphaMin : bisect(slack, alphaMin, 1);
}

/** Less is nobody's business. */
const alphaMin = 1e-12;
