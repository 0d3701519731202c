/** A share that is all in one arm and nothing in the other shows no spread, and is a difference all the same once enough was seen. */
import { expect, it } from "vitest";
import { sequenceOf, unitsPlannedDefault } from "../../control-plane/experiments/statistics/confidence-sequence.ts";
import { absoluteEffect } from "../../control-plane/experiments/statistics/effect.ts";
import { smoothedShare } from "../../control-plane/experiments/statistics/estimate.ts";

const settings = { alpha: 0.05, unitsPlanned: unitsPlannedDefault };
const p = (units: number) => {
  const [none, all] = [0, 1].map((value) => smoothedShare({ value, variance: 0, units }));
  if (none === undefined || all === undefined) throw new Error("two arms were made");
  return sequenceOf(absoluteEffect(none, all), settings).p;
};

it("is nothing after two units, and found after a hundred", () => {
  expect(p(2)).toBeGreaterThan(0.05);
  expect(p(100)).toBeLessThan(1e-6);
});

it("keeps its value, and is never without spread", () => {
  expect(smoothedShare({ value: 1, variance: 0, units: 8 })).toEqual({ value: 1, variance: 0.9 * (1 - 0.9), units: 8 });
});
