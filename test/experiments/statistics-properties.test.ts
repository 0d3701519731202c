/** What must hold of the statistics whatever the numbers are, and what the simulation says of their promises. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { event, lognormal, methods, peek, simulationDefault, unitOrRequest } from "../../control-plane/experiments/simulation.ts";
import { beliefOf, isBestFound, topTwoShares, withFloor } from "../../control-plane/experiments/statistics/bandit.ts";
import { narrowed, sequenceLess, sequenceOf } from "../../control-plane/experiments/statistics/confidence-sequence.ts";
import { absoluteEffect } from "../../control-plane/experiments/statistics/effect.ts";
import { adjustedEstimate, cupedOf, estimateOf } from "../../control-plane/experiments/statistics/estimate.ts";
import { daysLeft, powerAt, unitsForFixedHorizon, unitsForSequence } from "../../control-plane/experiments/statistics/power.ts";
import { quantileEstimate } from "../../control-plane/experiments/statistics/quantile.ts";
import { sampleRatio } from "../../control-plane/experiments/statistics/sample-ratio.ts";
import { merged, noUnits, sumsOf, type UnitSums, type UnitValue } from "../../control-plane/experiments/statistics/unit-sums.ts";

const whole = (max: number) => fc.integer({ min: 0, max });
const unit: fc.Arbitrary<UnitValue> = fc.record({ numerator: whole(100), denominator: fc.integer({ min: 1, max: 20 }), before: whole(50) });
const units = fc.array(unit, { minLength: 3, maxLength: 40 });
const kinds = ["mean", "ratio"] as const;
const settings = { alpha: 0.05, unitsPlanned: 5000 };

describe("sums", () => {
  it("merge like the samples they stand for, in whatever order events come", () => {
    fc.assert(
      fc.property(units, units, (one, other) => {
        // Whole numbers, so that addition is exact.
        expect(merged(sumsOf(one), sumsOf(other))).toEqual(sumsOf([...other].reverse().concat(one)));
        expect(merged(sumsOf(one), noUnits)).toEqual(sumsOf(one));
      }),
    );
  });
});

describe("a comparison", () => {
  it("turns its sign when the arms are swapped, contains its estimate, and is below alpha exactly where it excludes 0", () => {
    fc.assert(
      fc.property(units, units, fc.constantFrom(...kinds), (one, other, kind) => {
        const [a, b] = [estimateOf(kind, sumsOf(one)), estimateOf(kind, sumsOf(other))];
        const effect = absoluteEffect(a, b);
        fc.pre(effect.standardError > 1e-6);
        const view = sequenceOf(effect, settings);
        const swapped = sequenceOf(absoluteEffect(b, a), settings);
        expect(swapped.lower).toBeCloseTo(-view.upper, 8);
        expect(view.lower).toBeLessThanOrEqual(effect.value);
        expect(view.upper).toBeGreaterThanOrEqual(effect.value);
        if (Math.abs(view.p - 0.05) > 1e-9) expect(view.p < 0.05).toBe(view.lower > 0 || view.upper < 0);
        expect(sequenceLess(effect, settings).upper).toBeGreaterThan(effect.value);
      }),
    );
  });

  it("only narrows over time, until the world has changed", () => {
    const before = { lower: -1, upper: 2, p: 0.3 };
    expect(narrowed(before, { lower: -0.5, upper: 3, p: 0.4 })).toEqual({ lower: -0.5, upper: 2, p: 0.3 });
    expect(narrowed(before, { lower: 3, upper: 4, p: 0.01 })).toEqual({ lower: 3, upper: 4, p: 0.01 });
  });
});

describe("CUPED", () => {
  it("with a covariate that says nothing is the plain estimate", () => {
    fc.assert(
      fc.property(units, fc.constantFrom(...kinds), (sample, kind) => {
        const sums = sumsOf(sample.map((one) => ({ ...one, before: 7 })));
        expect(adjustedEstimate(kind, sums, cupedOf(kind, [sums]))).toEqual(estimateOf(kind, sums));
      }),
    );
  });

  it("takes out what was known before: a covariate that explains nearly all leaves nearly no variance, and no bias", () => {
    const arm = (shift: number, from: number): UnitSums =>
      sumsOf(
        Array.from({ length: 200 }, (_, i) => ({
          numerator: ((i + from) % 40) + (i % 2) + shift,
          denominator: 1,
          before: (i + from) % 40,
        })),
      );
    const [control, treatment] = [arm(0, 0), arm(3, 5)];
    const cuped = cupedOf("mean", [control, treatment]);
    const plain = absoluteEffect(estimateOf("mean", control), estimateOf("mean", treatment));
    const adjusted = absoluteEffect(adjustedEstimate("mean", control, cuped), adjustedEstimate("mean", treatment, cuped));
    expect(adjusted.standardError).toBeLessThan(plain.standardError / 5);
    expect(adjusted.value).toBeCloseTo(3, 1);
  });
});

describe("under continuous peeking", () => {
  const look = { ...simulationDefault, runs: 500 };
  it.each([
    ["lognormal", "mean", lognormal(1)],
    ["errors of 0.5 %", "proportion", event(0.005)],
    ["errors of 10 %", "proportion", event(0.1)],
  ] as const)("the sequence finds less than 5 % false differences in %s", (_, kind, draw) => {
    expect(peek([draw, draw], kind, methods["sequence, absolute"], look).found).toBeLessThanOrEqual(0.05);
  });
  it("looks that were planned and kept to find less than 5 % too", () => {
    const planned = { ...look, lookEvery: 500 };
    expect(peek([lognormal(1), lognormal(1)], "mean", methods["planned looks"], planned).found).toBeLessThanOrEqual(0.06);
    expect(peek([event(0.01), event(0.03)], "proportion", methods["planned looks"], planned).found).toBeGreaterThan(0.95);
  });
  it("a fixed-horizon test finds far more, so that the check above can fail", () => {
    expect(peek([lognormal(1), lognormal(1)], "mean", methods["fixed t-test"], look).found).toBeGreaterThan(0.2);
  });
  it("an error rate that rises from 1 % to 20 % is seen within 150 units an arm by a guardrail", () => {
    const seen = peek([event(0.01), event(0.2)], "proportion", methods["sequence, guardrail"], look);
    expect(seen.found).toBe(1);
    expect(seen.unitsMedian).toBeLessThanOrEqual(150);
  });
  it("an alarm on the shares of units stays quiet while they are as promised, and sounds when they are not", () => {
    let state = 12345;
    const random = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state / 2 ** 31;
    };
    const alarm = (share: number) => {
      const counts = [0, 0];
      for (let i = 0; i < 5000; i++) {
        const at = random() < share ? 0 : 1;
        counts[at] = (counts[at] ?? 0) + 1;
        if (i % 50 === 0 && sampleRatio(counts, [1, 1]).alwaysValidP < 0.001) return true;
      }
      return false;
    };
    expect(Array.from({ length: 200 }, () => alarm(0.5)).filter(Boolean).length).toBeLessThanOrEqual(1);
    expect(alarm(0.6)).toBe(true);
  });
});

it("requests that are counted as people find differences in half of the cases, people do not", () => {
  const { byRequest, byUnit } = unitOrRequest({ runs: 400, seed: 3, alpha: 0.05 });
  expect(byRequest).toBeGreaterThan(0.3);
  expect(byUnit).toBeLessThan(0.09);
});

describe("power", () => {
  it("of the units that were asked for is the power that was asked for, and the sequence asks for more", () => {
    const asked = { alpha: 0.05, power: 0.8, unitsPlanned: 5000 };
    const needed = unitsForFixedHorizon(2, 0.1, asked);
    expect(powerAt(needed, 2, 0.1, asked)).toBeCloseTo(0.8, 3);
    const longer = unitsForSequence(2, 0.1, asked) / needed;
    expect(longer).toBeGreaterThan(2.2);
    expect(longer).toBeLessThan(3);
  });
  it("knows how many days are left, or that none will do", () => {
    expect(daysLeft(1000, 400, 60)).toBe(10);
    expect(daysLeft(1000, 1200, 0)).toBe(0);
    expect(daysLeft(1000, 400, 0)).toBeUndefined();
  });
});

it("quantiles are order statistics, with an error only where there are enough events", () => {
  const sorted = Array.from({ length: 1000 }, (_, i) => i + 1);
  const { value, standardError } = quantileEstimate(sorted, 0.5, 0.05);
  expect(value).toBe(500);
  expect(standardError).toBeCloseTo(1000 * Math.sqrt(0.25 / 1000), 0);
  expect(quantileEstimate(sorted, 0.5, 0.05, 4).standardError).toBeCloseTo(2 * standardError, 8);
  expect(quantileEstimate(sorted.slice(0, 300), 0.99, 0.05).standardError).toBeNaN();
});

describe("a bandit", () => {
  const arm = (value: number) => ({ value, variance: 0.25, units: 400 });
  const arms = [arm(0.5), arm(0.52), arm(0.7)];
  it("gives the best the most, keeps a floor for all, and turns round where lower is better", () => {
    const shares = topTwoShares(arms.map((one) => beliefOf(one, "higher")));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(Math.max(...shares)).toBe(shares[2]);
    const weights = withFloor(shares, 0.05);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.05);
    expect(weights.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    const turned = topTwoShares(arms.map((one) => beliefOf(one, "lower")));
    expect(Math.min(...turned)).toBe(turned[2]);
  });
  it("stops when the best is beyond doubt and not before", () => {
    expect(isBestFound(arms, "higher", 0.05, 0)).toBe(true);
    expect(isBestFound(arms, "lower", 0.05, 0)).toBe(false);
  });
});
