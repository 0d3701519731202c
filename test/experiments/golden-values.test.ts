/**
 * The statistics against published values: GrowthBook's gbstats, the confseq reference of Howard and Ramdas, Kohavi et al., and
 * values that were computed independently with SciPy. What they are and where each comes from is said beside it.
 */
import { describe, expect, it } from "vitest";
import { chancesOfBest } from "../../control-plane/experiments/statistics/bandit.ts";
import { bayesianView, chanceOfHigherRate, flatPrior, riskOf } from "../../control-plane/experiments/statistics/bayesian.ts";
import {
  logMixture,
  logMixtureGreater,
  rhoSquared,
  sequenceGreater,
  sequenceOf,
} from "../../control-plane/experiments/statistics/confidence-sequence.ts";
import { normalCdf } from "../../control-plane/experiments/statistics/distributions.ts";
import { absoluteEffect, relativeEffect, welchTest, welchTestGreater } from "../../control-plane/experiments/statistics/effect.ts";
import { type Estimate, estimateOf } from "../../control-plane/experiments/statistics/estimate.ts";
import { groupSequentialBounds } from "../../control-plane/experiments/statistics/group-sequential.ts";
import { adjustedPValues } from "../../control-plane/experiments/statistics/multiple-comparisons.ts";
import { bisect } from "../../control-plane/experiments/statistics/numeric.ts";
import { unitsForFixedHorizon, widening } from "../../control-plane/experiments/statistics/power.ts";
import { bernoulliSequence, quantileComparisonP } from "../../control-plane/experiments/statistics/quantile.ts";
import { sampleRatio } from "../../control-plane/experiments/statistics/sample-ratio.ts";
import { sampleSums } from "../../control-plane/experiments/statistics/unit-sums.ts";

const mean = (units: number, sum: number, squares: number): Estimate => estimateOf("mean", sampleSums(units, sum, squares));
const share = (successes: number, units: number): Estimate => estimateOf("proportion", sampleSums(units, successes, successes));
const a = mean(3407, 1396.87, 52377.9767);
const aSmaller = mean(3000, 1396.87, 52377.9767);
const b = mean(3461, 2422.7, 134698.29);

const near = (actual: object, expected: Readonly<Record<string, number>>, digits = 5) => {
  for (const [name, value] of Object.entries(expected))
    expect(actual[name as keyof typeof actual] as number, name).toBeCloseTo(value, digits);
};

describe("Welch's test gives gbstats' values", () => {
  it("relative", () => {
    const effect = relativeEffect(a, b);
    near(effect, { value: 0.70732, standardError: 0.37879 });
    near(welchTest(effect, a, b, 0.05), { lower: -0.03526, upper: 1.44989, p: 0.06191 });
  });
  it("absolute", () => {
    const effect = absoluteEffect(a, b);
    near(effect, { value: 0.29, standardError: 0.12478 });
    near(welchTest(effect, a, b, 0.05), { lower: 0.04538, upper: 0.53462, p: 0.02016 });
  });
  it("of proportions, relative", () => {
    const effect = relativeEffect(share(14, 28), share(16, 30));
    near(effect, { value: 0.06667 });
    near(welchTest(effect, share(14, 28), share(16, 30), 0.05), { lower: -0.47767, upper: 0.61101, p: 0.80707 });
  });
  it("one-sided, absolute", () => {
    near(welchTestGreater(absoluteEffect(aSmaller, b), aSmaller, b, 0.05), { lower: 0.02079148, p: 0.03554272 });
  });
});

describe("the confidence sequence gives gbstats' values", () => {
  it("two-sided, planned for 1000 units", () => {
    const effect = relativeEffect(aSmaller, b);
    near(effect, { value: 0.50336, standardError: 0.33341 });
    near(sequenceOf(effect, { alpha: 0.05, unitsPlanned: 1000 }), { lower: -0.55844, upper: 1.56516, p: 1 });
  });
  it("of proportions, planned for 5000 units", () => {
    const effect = relativeEffect(share(1396, 3000), share(2422, 3461));
    near(effect, { value: 0.50386 });
    near(sequenceOf(effect, { alpha: 0.05, unitsPlanned: 5000 }), { lower: 0.40098, upper: 0.60675 });
  });
  it("one-sided", () => {
    const view = sequenceGreater(absoluteEffect(aSmaller, b), { alpha: 0.05, unitsPlanned: 5000 });
    near(view, { lower: -0.12656844172804982 }, 10);
    // gbstats' bisection stops at 0.46316; the exact root is 0.46305.
    expect(view.p).toBeCloseTo(0.46305, 5);
  });
});

describe("the normal mixture gives confseq's values", () => {
  const rho2 = rhoSquared(0.05, 100);
  it("two-sided, and is what the interval is made of", () => {
    expect(1 / rho2).toBeCloseTo(12.60056, 5);
    const { upper } = sequenceOf({ value: 0, standardError: 0.1, units: 100 }, { alpha: 0.05, unitsPlanned: 100 });
    expect(upper * 100).toBeCloseTo(30.35209, 5);
    expect(logMixture(1, 100, rho2)).toBeCloseTo(-0.6510052, 6);
  });
  it("one-sided", () => {
    const oneSided = rhoSquared(0.1, 100);
    // Their s is the sum, ours the effect over its standard error: s / sqrt(v).
    expect(logMixtureGreater(10 / 10, 100, oneSided)).toBeCloseTo(-0.06502391, 6);
    expect(bisect((s) => logMixtureGreater(s / 10, 100, oneSided) - Math.log(20), 0, 100)).toBeCloseTo(27.66071, 4);
  });
  it("of quantiles of two arms", () => {
    const from = (offset: number) => Array.from({ length: 1000 }, (_, i) => i + 1 + offset);
    const p = (offset: number, quantile: number) =>
      quantileComparisonP(from(0), from(offset), quantile, { unitsPlanned: 100, alpha: 0.05 });
    expect(p(70, 0.5)).toBeCloseTo(0.814704, 5);
    expect(p(85, 0.5)).toBeCloseTo(0.0838055, 5);
    expect(p(100, 0.5)).toBeCloseTo(0.0054947, 5);
    expect(p(55, 0.9)).toBeCloseTo(0.0340463, 5);
  });
  it.each([
    [700, 1000, 100, 0.651629, 0.745949],
    [15, 50, 50, 0.129556, 0.511896],
    [5, 50, 50, 0.013021, 0.269264],
  ])("of a rate: %i of %i", (successes, trials, unitsPlanned, lower, upper) => {
    near(bernoulliSequence(successes, trials, { unitsPlanned, alpha: 0.05 }), { lower, upper });
  });
});

describe("TensorZero's sequence is another one, and ours is not it", () => {
  it("puts the variance inside and squares alpha", () => {
    const [v, n, alpha, rho2] = [0.25, 100, 0.05, 0.296 ** 2];
    const theirs = Math.sqrt(((n * v * rho2 + 1) / (n ** 2 * rho2)) * Math.log((n * v * rho2 + 1) / alpha ** 2));
    expect(theirs).toBeCloseTo(0.1613737, 6);
    const ours = sequenceOf({ value: 0, standardError: Math.sqrt(v / n), units: n }, { alpha, unitsPlanned: 100 }).upper;
    expect(Math.abs(ours - theirs)).toBeGreaterThan(0.005);
  });
});

describe("the Bayesian view gives gbstats' values", () => {
  it("of proportions, with a flat prior", () => {
    const view = bayesianView(relativeEffect(share(49, 100), share(51, 100)), flatPrior, 0.05);
    near(view, { mean: 0.04082, lower: -0.24779, upper: 0.32943, chanceAbove: 0.60918 });
    near(view.risk, { ofControl: 0.0814, ofVariant: 0.04058 }, 4);
  });
  it("of means, with a flat prior and another", () => {
    const effect = relativeEffect(mean(10, 100, 1002.25), mean(10, 105, 1111.5));
    near(bayesianView(effect, flatPrior, 0.05), { chanceAbove: 0.91923 });
    near(bayesianView(effect, { mean: 0.1, variance: 0.1 }, 0.05), { mean: 0.05063, chanceAbove: 0.92315 });
  });
  it("of risk, also far out", () => {
    near(riskOf(0.1, 0.05), { ofControl: 0.1004245351308, ofVariant: 0.0004245351308 }, 10);
    expect(riskOf(1, 0.001)).toEqual({ ofControl: 1, ofVariant: 0 });
  });
  it("and the exact chance for rates", () => {
    const of = (successes: number, units: number) => ({ successes, units });
    expect(chanceOfHigherRate(of(49, 100), of(51, 100))).toBeCloseTo(0.6107705, 6);
    expect(chanceOfHigherRate(of(100, 1000), of(120, 1000))).toBeCloseTo(0.9231834, 6);
  });
});

describe("the sample ratio", () => {
  it("of Kohavi's example (chapter 21) is an alarm", () => {
    const ratio = sampleRatio([821588, 815482], [1, 1]);
    expect(ratio.chiSquare).toBeCloseTo(22.7744, 4);
    expect(ratio.p).toBeCloseTo(1.8218e-6, 9);
  });
  it.each([
    [[5000, 5200], [1, 1], 0.0476704],
    [[1000, 1100], [1, 1], 0.0290963],
    [[310, 340, 350], [1, 1, 1], 0.2725318],
    [[9050, 950], [9, 1], 0.0955807],
  ])("of %j at %j", (counts, weights, p) => {
    expect(sampleRatio(counts, weights).p).toBeCloseTo(p, 6);
  });
});

describe("corrections", () => {
  it("agree with SciPy", () => {
    const p = [0.01, 0.04, 0.03, 0.005];
    near({ ...adjustedPValues(p, "holm") }, { 0: 0.03, 1: 0.06, 2: 0.06, 3: 0.02 }, 10);
    near({ ...adjustedPValues(p, "benjamini-hochberg") }, { 0: 0.02, 1: 0.04, 2: 0.04, 3: 0.02 }, 10);
  });
});

describe("the chance of being best", () => {
  it.each([
    [
      [0, 0.1, 0.2],
      [0.1, 0.1, 0.1],
      [0.0471507, 0.2240983, 0.728751],
    ],
    [
      [1, 2, 3],
      [0.5, 0.5, 0.5],
      [0.0013251, 0.0783383, 0.9203366],
    ],
    [
      [0, 0.5, 1],
      [0.05, 0.5, 1.5],
      [0.04064, 0.3433401, 0.6160199],
    ],
  ])("of means %j with deviations %j", (means, deviations, expected) => {
    const chances = chancesOfBest(means.map((value, i) => ({ mean: value, standardDeviation: deviations[i] ?? 0 })));
    expected.forEach((value, i) => {
      expect(chances[i]).toBeCloseTo(value, 6);
    });
  });
});

describe("bounds for planned looks give those of Spotify's confidence", () => {
  it("over the first twelve days of an experiment", () => {
    const shares = [
      0.011404679673257933, 0.02292450819418779, 0.0356455988484443, 0.04835740420885424, 0.05971666577058213, 0.06976017458481187,
      0.07984165086754545, 0.09002459314412276, 0.10026356929804565, 0.11129746744100509, 0.1222487922920801, 0.13250332796555583,
    ];
    const expected = [
      5.0536015, 4.819334, 4.70702194, 4.60970036, 4.55329219, 4.5118919, 4.465161, 4.42168832, 4.37932413, 4.33343066, 4.29780246,
      4.26550766,
    ];
    const bounds = groupSequentialBounds(shares, { alpha: 1 / 300, sides: 2, exponent: 2 });
    // Their search stops within 1e-7 of an error of 1e-6 a look, which is about a hundredth of z.
    bounds.forEach((bound, i) => {
      expect(Math.abs(bound - (expected[i] ?? 0))).toBeLessThan(0.015);
    });
    expect(bounds[0]).toBeCloseTo(5.0536015, 6);
  });
  it("as the alpha of each look, where more came than was planned", () => {
    const shares = [250, 450, 630, 810].map((units) => units / 810);
    const alphas = groupSequentialBounds(shares, { alpha: 0.01, sides: 2, exponent: 2 }).map((bound) => 2 * normalCdf(-bound));
    [0.00095, 0.00241, 0.0041, 0.00636].forEach((alpha, i) => {
      expect(Math.abs((alphas[i] ?? 0) - alpha)).toBeLessThan(1e-4);
    });
  });
  it("and are the plain test's where there is one look", () => {
    expect(groupSequentialBounds([1])).toEqual([expect.closeTo(1.959964, 6)]);
  });
});

describe("power", () => {
  it("takes the widths of the reference: 1.55 times at the plan, more to both sides", () => {
    const settings = { alpha: 0.05, unitsPlanned: 5000 };
    const ratios = [500, 1000, 5000, 10_000, 100_000].map((units) => Math.round(widening(units, settings) * 100) / 100);
    expect(ratios).toEqual([1.97, 1.72, 1.55, 1.56, 1.7]);
  });
  it("is the textbook's for one look", () => {
    // (1.959964 + 0.841621)² × 2 × 1 / 0.1².
    expect(unitsForFixedHorizon(1, 0.1, { alpha: 0.05, power: 0.8 })).toBeCloseTo(1569.8, 1);
  });
});
