/** How many units an effect needs to be seen, and how long that takes. */
import { rhoSquared, unitsPlannedDefault } from "./confidence-sequence.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";

export interface PowerSettings {
  readonly alpha: number;
  /** The chance of seeing it, 0 to 1. */
  readonly power: number;
  readonly unitsPlanned: number;
}

export const powerDefault: PowerSettings = { alpha: 0.05, power: 0.8, unitsPlanned: unitsPlannedDefault };

/** In one arm of two equal ones, for one look at the end. @param variance of one unit. @param effect the smallest worth seeing, absolute. */
export function unitsForFixedHorizon(variance: number, effect: number, { alpha, power }: Pick<PowerSettings, "alpha" | "power">): number {
  return ((normalQuantile(1 - alpha / 2) + normalQuantile(power)) ** 2 * 2 * variance) / effect ** 2;
}

/** The same where one may look at any time: the interval is wider, so more units are needed, at worst about 2.4 times as many. */
export function unitsForSequence(variance: number, effect: number, settings: PowerSettings): number {
  const fixed = unitsForFixedHorizon(variance, effect, settings);
  let units = fixed;
  // The width depends on the number of units; three rounds settle it well within a unit in a thousand.
  for (let round = 0; round < 3; round++) units = fixed * widening(2 * units, settings) ** 2;
  return units;
}

/** How many times as many units two arms need together where the smaller has this share of them: 1 of one half, 2.8 of a tenth. */
export const unevenness = (share: number): number => 1 / (4 * share * (1 - share));

/** Half-width of the sequence over that of a fixed-horizon interval, at so many units of both arms. */
export function widening(units: number, { alpha, unitsPlanned }: Pick<PowerSettings, "alpha" | "unitsPlanned">): number {
  const scaled = units * rhoSquared(alpha, unitsPlanned);
  return Math.sqrt((2 * (scaled + 1) * Math.log(Math.sqrt(scaled + 1) / alpha)) / scaled) / normalQuantile(1 - alpha / 2);
}

/** The chance that one look at so many units in each arm shows the effect. */
export function powerAt(unitsInArm: number, variance: number, effect: number, { alpha }: Pick<PowerSettings, "alpha">): number {
  const z = Math.abs(effect) / Math.sqrt((2 * variance) / unitsInArm);
  return normalCdf(z - normalQuantile(1 - alpha / 2));
}

/** Days until each arm has the units it needs; 0: it has them; undefined: none arrive. */
export function daysLeft(unitsNeeded: number, unitsNow: number, unitsADay: number): number | undefined {
  if (unitsNow >= unitsNeeded) return 0;
  return unitsADay > 0 ? (unitsNeeded - unitsNow) / unitsADay : undefined;
}
