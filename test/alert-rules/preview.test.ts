/** What a rule would have said, and the threshold that is proposed for it. */
import { describe, expect, it } from "vitest";
import { valueInWords, windowInWords } from "../../control-plane/alert-rules/metric.ts";
import { previewOf, proposedThreshold } from "../../control-plane/alert-rules/preview.ts";
import { type MinutePart, slide, windowAt } from "../../control-plane/alert-rules/read-values.ts";
import { binOf } from "../../control-plane/usage/latency-sketch.ts";

const minute = 60_000;
const condition = { comparison: "above", threshold: 0.5, callsMin: 0, holdMs: 0 } as const;
const measured = (value: number | null) => ({ value, calls: 10 });

describe("the window slides", () => {
  const part = (calls: number, counted: number, ms?: number): MinutePart => {
    const bins = new Float64Array(256);
    if (ms !== undefined) bins[binOf(ms)] = calls;
    return { calls, counted, bins: ms === undefined ? undefined : bins };
  };
  it("over shares, with what left it gone to the call", () => {
    const minutes = [part(10, 10), part(10, 0), part(0, 0), part(0, 0), part(4, 1)];
    expect(slide("error_rate", minutes, 2)).toEqual([
      { calls: 20, value: 0.5 },
      { calls: 10, value: 0 },
      { calls: 0, value: null },
      { calls: 4, value: 0.25 },
    ]);
  });
  it("over sums, where nothing is 0", () => {
    expect(slide("cost", [part(1, 7), part(0, 0), part(0, 0)], 2).map(({ value }) => value)).toEqual([7, 0]);
  });
  it("over latencies, as sketches that are added and taken away", () => {
    const minutes = [part(9, 0, 10), part(1, 0, 5_000), part(100, 0, 10), part(100, 0, 10)];
    const values = slide("duration_p95", minutes, 2).map(({ value }) => value);
    expect(values[0]).toBeGreaterThan(4_700);
    expect(values.slice(1)).toEqual([10, 10]);
  });
});

it("looks at the minute that runs for what is above, and only at what is surely in the ledger for what is below", () => {
  const now = Date.parse("2026-11-21T12:34:30Z");
  const minutes = (range: { since: Date; until: Date }) => [
    range.since.toISOString().slice(11, 16),
    range.until.toISOString().slice(11, 16),
  ];
  expect(minutes(windowAt("above", 5 * minute, now))).toEqual(["12:30", "12:35"]);
  expect(minutes(windowAt("below", 5 * minute, now))).toEqual(["12:28", "12:33"]);
});

it("lists each time it would have fired, with the worst of it, and one that lasts still", () => {
  const values = [...Array(10).fill(0.1), 0.6, 0.9, ...Array(20).fill(0.1), 0.7].map(measured);
  const { firings, points } = previewOf(condition, values, 0);
  expect(firings).toEqual([
    { sinceMs: 10 * minute, untilMs: 17 * minute, worst: 0.9 },
    { sinceMs: 32 * minute, untilMs: null, worst: 0.7 },
  ]);
  expect(points).toHaveLength(values.length);
});

it("draws a week in few points without losing its worst minute", () => {
  const values = Array.from({ length: 10_080 }, (_, index) => measured(index === 5_000 ? 0.93 : 0.01));
  const { points } = previewOf(condition, values, 0);
  expect(points).toHaveLength(288);
  expect(points.filter(({ value }) => value === 0.93)).toHaveLength(1);
});

describe("a threshold is proposed", () => {
  const propose = (comparison: "above" | "below", unit: "share" | "milliseconds" | "calls", values: readonly (number | null)[]) =>
    proposedThreshold({ comparison, callsMin: 0 }, unit, values.map(measured));
  const week = (usual: number, incident: number) => [...Array(990).fill(usual), ...Array(10).fill(incident)];
  it.each([
    ["a quarter over the usual, and an incident is not the usual", "above", "milliseconds", week(803, 9_000), 1_100],
    ["a share of at least five in a hundred", "above", "share", week(0.001, 0.9), 0.05],
    ["half of the usual", "below", "calls", week(130, 0), 65],
    ["not where nothing is known", "above", "share", [null, null], null],
    ["not where the usual is nothing", "below", "calls", week(0, 5), null],
    ["for small numbers too", "above", "share", week(0.113, 0.9), 0.15],
  ] as const)("%s", (_, comparison, unit, values, expected) => {
    expect(propose(comparison, unit, values)).toBe(expected);
  });
});

it.each([
  [0.0523, "share", "5.23%"],
  [1423.4, "milliseconds", "1,423 ms"],
  [250_000_000, "nanodollars", "$0.25"],
  [12, "calls", "12"],
] as const)("%s %s is %s in words", (value, unit, words) => {
  expect(valueInWords(value, unit)).toBe(words);
});

it("says windows as people do", () => {
  expect([15, 60, 90, 360, 1440].map(windowInWords)).toEqual(["15 minutes", "hour", "90 minutes", "6 hours", "24 hours"]);
});
