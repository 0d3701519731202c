import { expect, test } from "vitest";
import { type Comparison, verdictOfMetric } from "../../control-plane/experiments/evaluate.ts";

const comparison: Comparison = {
  effect: 40,
  lower: 10,
  upper: 70,
  p: 0.001,
  adjustedP: 0.2,
  relative: null,
  chanceBetter: 0.01,
  chanceBetterSceptical: null,
  riskOfVariant: 40,
  riskOfControl: 0,
  verdict: "open",
};
const slower = { role: "secondary", direction: "lower", margin: 0 } as const;
const said = (metric: Parameters<typeof verdictOfMetric>[0], given: Partial<Comparison> = {}, believable = true) =>
  verdictOfMetric(metric, { ...comparison, ...given }, { alpha: 0.05 }, believable);

test("a secondary metric is better or worse by its interval, whatever the correction among the goals says", () => {
  expect(said(slower)).toBe("worse");
  expect(said({ ...slower, direction: "higher" })).toBe("better");
  expect(said(slower, { effect: -40, lower: -70, upper: -10 })).toBe("better");
  expect(said(slower, { lower: -10 })).toBe("open");
  expect(said(slower, { lower: null, upper: null })).toBe("open");
  expect(said({ ...slower, role: "goal" })).toBe("open");
});

test("it has no verdict with too few units, without a good side, and where the numbers cannot be believed", () => {
  expect(said(slower, { verdict: "too-few-units" })).toBe("too-few-units");
  expect(said({ ...slower, direction: "neutral" })).toBe("open");
  expect(said(slower, {}, false)).toBe("open");
});
