/** An alert rule in its form: thresholds as people type them, and what a chart fills in. */
import { describe, expect, it } from "vitest";
import { shownValue, thresholdOf, typedThreshold } from "../../web-console/pages/alerts/rules/metrics.ts";
import { toldWords } from "../../web-console/pages/alerts/rules/preview-words.ts";
import { conditionOf, inputOf, newRule, refusalOf, thresholdFault, withMetric } from "../../web-console/pages/alerts/rules/rule-values.ts";
import { instantOf, typedInstant } from "../../web-console/pages/alerts/rules/typed-instant.ts";

describe("thresholds", () => {
  it.each([
    ["5", "SHARE", 0.05, "5", "5%"],
    ["0.3 %", "SHARE", 0.003, "0.3", "0.3%"],
    ["1,250", "MILLISECONDS", 1250, "1250", "1.25 s"],
    ["12.50", "NANODOLLARS", 12_500_000_000, "12.50", "$12.50"],
    ["300", "CALLS", 300, "300", "300"],
  ] as const)("%s of %s is %s and back", (typed, unit, threshold, back, shown) => {
    expect([thresholdOf(typed, unit), typedThreshold(threshold, unit), shownValue(threshold, unit)]).toEqual([threshold, back, shown]);
  });
  it.each([
    ["", "SHARE"],
    ["101", "SHARE"],
    ["-1", "CALLS"],
    ["a few", "TOKENS"],
    ["1e3", "MILLISECONDS"],
  ] as const)("%j is none of %s", (typed, unit) => {
    expect(thresholdOf(typed, unit)).toBeUndefined();
  });
});

describe("a rule to be made", () => {
  const asked = {
    ...newRule({ metric: "ERROR_RATE", route: "r1" }, ["w1"]),
    name: " Errors ",
    threshold: "5",
    emails: "a@x.org, b@x.org;",
  };
  it("sends what the chart and the person said", () => {
    expect(inputOf(asked)).toEqual({
      name: "Errors",
      metric: "ERROR_RATE",
      filter: { projectId: null, apiKeyId: null, routeId: "r1", backendId: null },
      comparison: "ABOVE",
      threshold: 0.05,
      windowMinutes: 15,
      callsMin: 20,
      holdMinutes: 0,
      webhookIds: ["w1"],
      emails: ["a@x.org", "b@x.org"],
    });
    expect(refusalOf(asked)).toBeUndefined();
    expect(conditionOf({ ...asked, threshold: "" }).threshold).toBeNull();
  });
  it("says what is missing", () => {
    expect(refusalOf({ ...asked, name: "  " })).toBe("Give it a name");
    expect(refusalOf({ ...asked, threshold: "" })).toBe("Say at which threshold it tells");
    expect(refusalOf({ ...asked, threshold: "-3" })).toBe("The threshold: A percentage from 0 to 100, such as 5");
    expect(refusalOf({ ...asked, callsMin: "1.5" })).toBe("Calls and minutes are whole numbers");
  });
  it("lets go what another metric cannot be told apart by, and a threshold of another unit", () => {
    expect(withMetric(asked, "RETRY_RATE")).toEqual({ metric: "RETRY_RATE" });
    expect(withMetric(asked, "DENIAL_RATE")).toEqual({ metric: "DENIAL_RATE", routeId: "", apiKeyId: "" });
    expect(withMetric(asked, "COST")).toEqual({ metric: "COST", threshold: "", callsMin: "0" });
  });
});

it.each([
  ["-3", "CALLS", "ABOVE", "A number of 0 or more, such as 250"],
  ["0", "CALLS", "BELOW", "Nothing is below 0"],
  ["100", "ERROR_RATE", "ABOVE", "No share is above 100 percent"],
  ["", "ERROR_RATE", "ABOVE", undefined],
  ["7", "CALLS", "BELOW", undefined],
] as const)("a threshold of %j for %s %s: %s", (threshold, metric, comparison, fault) => {
  expect(thresholdFault({ ...newRule({ metric }, []), threshold, comparison })).toBe(fault);
});

describe("what it would have told", () => {
  const asked = { windowMinutes: 15, callsMin: 20 };
  const of = (firings: number, value: number | null = 1) => ({ points: [{ value: null }, { value }], firings: Array(firings).fill({}) });
  it.each([
    [of(0, null), 5, "No 15 minutes had the 20 calls that it wants: a longer time, or fewer calls, would say something."],
    [of(0), null, "Type a threshold to see what it would have told."],
    [of(0), 5, "It would have told nobody anything."],
    [of(4), 5, "It would have told 4 times."],
    [of(82), 5, "It would have told 82 times; the last 4:"],
  ])("%#", (preview, threshold, words) => {
    expect(toldWords(preview, asked, threshold)).toBe(words);
  });
});

it.each([true, false])("a time is typed and read in the same zone (UTC: %s)", (utc) => {
  const at = new Date("2026-11-21T12:34:00Z");
  expect(instantOf(typedInstant(at, utc), utc)).toEqual(at);
  expect(instantOf("", utc)).toBeUndefined();
});
