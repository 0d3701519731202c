/** What a rule would have said over a time that is past, so that its threshold is chosen with eyes open. Pure. */
import { type Comparison, decide, knownValue, type RuleCondition, type RuleState } from "./decide.ts";
import type { MetricUnit } from "./metric.ts";
import type { Measured } from "./read-values.ts";

export interface PreviewPoint {
  readonly atMs: number;
  /** The worst of the step. Null: too few calls to say. */
  readonly value: number | null;
}

export interface PreviewFiring {
  readonly sinceMs: number;
  /** Null: it fires still. */
  readonly untilMs: number | null;
  readonly worst: number | null;
}

export interface RulePreview {
  readonly points: readonly PreviewPoint[];
  readonly firings: readonly PreviewFiring[];
}

const pointsMax = 288;
const minuteMs = 60_000;

const worseOf = (comparison: Comparison, one: number | null, other: number | null): number | null => {
  if (one === null || other === null) return one ?? other;
  return comparison === "above" ? Math.max(one, other) : Math.min(one, other);
};

/** @param values one for each minute, the first of the window that ends at `firstAtMs`. */
export function previewOf(condition: RuleCondition, values: readonly Measured[], firstAtMs: number): RulePreview {
  return { points: pointsOf(condition, values, firstAtMs), firings: firingsOf(condition, values, firstAtMs) };
}

function firingsOf(condition: RuleCondition, values: readonly Measured[], firstAtMs: number): readonly PreviewFiring[] {
  const firings: PreviewFiring[] = [];
  let state: RuleState | undefined;
  for (const [index, measured] of values.entries()) {
    const atMs = firstAtMs + index * minuteMs;
    const { after, tell } = decide(condition, state, { ...measured, atMs, muted: false });
    state = after;
    const known = knownValue(condition, measured);
    const last = firings.at(-1);
    if (tell === "fired") firings.push({ sinceMs: atMs, untilMs: null, worst: known });
    else if (last !== undefined && last.untilMs === null)
      firings[firings.length - 1] = {
        ...last,
        worst: worseOf(condition.comparison, last.worst, known),
        untilMs: tell === "resolved" ? atMs : null,
      };
  }
  return firings;
}

/** Steps of so many minutes that the points can be drawn; what was worst in each is what a rule minds. */
function pointsOf(condition: RuleCondition, values: readonly Measured[], firstAtMs: number): readonly PreviewPoint[] {
  const step = Math.max(1, Math.ceil(values.length / pointsMax));
  return Array.from({ length: Math.ceil(values.length / step) }, (_, index) => ({
    atMs: firstAtMs + index * step * minuteMs,
    value: values
      .slice(index * step, (index + 1) * step)
      .map((measured) => knownValue(condition, measured))
      .reduce((worst, value) => worseOf(condition.comparison, worst, value), null),
  }));
}

/** What may be away from the usual before somebody is called. */
const marginAbove = 1.25;
const marginBelow = 0.5;
/** Of the minutes that were worst, those that the threshold does not heed: incidents are not the usual. */
const unusualShare = 0.02;
const shareMin = 0.05;

/**
 * A threshold that the usual of this time stays clear of, rounded to two digits. Null: nothing is known of the time, or a sum that is
 * often 0 leaves nothing to be below.
 */
export function proposedThreshold(
  { comparison, callsMin }: Pick<RuleCondition, "comparison" | "callsMin">,
  unit: MetricUnit,
  values: readonly Measured[],
): number | null {
  const known = values.flatMap((measured) => knownValue({ callsMin }, measured) ?? []).sort((one, other) => one - other);
  if (known.length === 0) return null;
  const rank = Math.floor((known.length - 1) * (comparison === "above" ? 1 - unusualShare : unusualShare));
  const usual = known[rank] ?? 0;
  if (comparison === "below") return usual === 0 ? null : roundedDown(usual * marginBelow);
  const above = roundedUp(usual * marginAbove);
  return unit === "share" ? Math.min(0.99, Math.max(shareMin, above)) : above === 0 ? null : above;
}

const scaleOf = (value: number): number => 10 ** (Math.floor(Math.log10(value)) - 1);
const tidy = (value: number): number => Number(value.toPrecision(2));
const roundedUp = (value: number): number => (value === 0 ? 0 : tidy(Math.ceil(value / scaleOf(value)) * scaleOf(value)));
const roundedDown = (value: number): number => (value === 0 ? 0 : tidy(Math.floor(value / scaleOf(value)) * scaleOf(value)));
