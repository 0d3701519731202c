/** Of an experiment, what it is measured by and how it goes on, as lines. */
import { duration, percent } from "../../format/numbers.ts";
import { type Bag, bags, isBag, isEmpty, type Line, linesOf } from "./value-lines.ts";

const plain = (word: unknown): string => String(word).replaceAll("_", " ");
const shares: ReadonlySet<string> = new Set(["alpha", "targetEffect", "winsoriseAt", "floor", "delta"]);

/** Shares of one as percent, which the forms ask for. */
const inPercent = (bag: Bag): Bag =>
  Object.fromEntries(Object.entries(bag).map(([name, value]) => [name, shares.has(name) ? percent(Number(value)) : value]));

/** "guardrail: error rate, margin 0.01", and a line for each other part. */
export function measured(value: unknown): readonly Line[] {
  if (!isBag(value)) return [];
  const { metrics, ...rest } = value;
  return [
    ...bags(metrics).map(
      ({ metric, role, feedback, category, margin, windowHours }): Line => [
        [
          `${role}: ${plain(metric)}`,
          ...(isEmpty(feedback) ? [] : [String(feedback)]),
          ...(isEmpty(category) ? [] : [String(category)]),
          ...(isEmpty(margin) || margin === 0 ? [] : [`margin ${margin}`]),
          ...(isEmpty(windowHours) || windowHours === 0 ? [] : [`after ${windowHours} h`]),
        ].join(", "),
      ],
    ),
    ...linesOf(inPercent(rest)),
  ];
}

/** "step 1: 10% for 6 h, 20 units in each arm at least" */
export function rollout(value: unknown): readonly Line[] {
  if (!isBag(value)) return [];
  const { steps, ...rest } = value;
  return [
    ...bags(steps).map(
      ({ share, holdSeconds, unitsMin, approval }, index): Line => [
        `step ${index + 1}: ${percent(Number(share))} for ${duration(Number(holdSeconds) * 1000)}, ${unitsMin} units in each arm at least` +
          (approval === true ? ", and somebody approves" : ""),
      ],
    ),
    ...linesOf(rest),
  ];
}

export const weights = (value: unknown): readonly Line[] => (isBag(value) ? linesOf(inPercent(value)) : []);
