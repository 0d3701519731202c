/** How many units a comparison takes, and how long until they have come. Pure. */

export interface Arrivals {
  /** How long was looked. */
  readonly days: number;
  readonly units: number;
  /** Of these, those that came in the last day and not before. */
  readonly unitsLastDay: number;
}

/** Of control and the arm that is compared with it and has least: that comparison takes longest. */
export interface Slowest {
  /** The smaller one's share of the two, up to a half. */
  readonly share: number;
  /** The two's share of all arms. */
  readonly ofAll: number;
}

/** @param weights of the arms. @param control where control stands among them. */
export function slowestComparison(weights: readonly number[], control: number): Slowest {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const own = weights[control] ?? 0;
  const least = Math.min(...weights.filter((_, at) => at !== control));
  return { share: Math.min(own, least) / (own + least), ofAll: (own + least) / all };
}

/** @param halfOfTwo what experimentPower answers for the slowest comparison. */
export const unitsInAll = (halfOfTwo: number, { ofAll }: Slowest): number => Math.ceil((2 * halfOfTwo) / ofAll);

/**
 * Until so many units have come, of those that call now. Who comes back is not counted twice, so after the time that was looked at
 * only newcomers count. @param part the share of units that take part. @returns undefined: so many never come.
 */
export function daysUntil(units: number, { days, units: seen, unitsLastDay }: Arrivals, part: number): number | undefined {
  const had = seen * part;
  if (had <= 0) return undefined;
  if (units <= had || days < 1) return (days * units) / had;
  const fresh = unitsLastDay * part;
  return fresh <= 0 ? undefined : days + (units - had) / fresh;
}

/** What each comparison's p is held against where several goals or arms are judged. Holm's own first step, so on the safe side. */
export const alphaOfOne = (alpha: number, correction: string, goals: number, arms: number): number =>
  correction === "NONE" ? alpha : alpha / Math.max(1, goals * (arms - 1));
