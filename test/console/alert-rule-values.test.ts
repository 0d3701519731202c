/** An alert rule in its form: thresholds as people type them, and what a chart fills in. */
import { describe, expect, it } from "vitest";
import { shownValue, thresholdOf, typedThreshold } from "../../web-console/pages/alerts/rules/metrics.ts";
import { conditionOf, inputOf, newRule, refusalOf, withMetric } from "../../web-console/pages/alerts/rules/rule-values.ts";
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
    expect(refusalOf({ ...asked, threshold: "" })).toBe("The threshold is a percentage, such as 5");
    expect(refusalOf({ ...asked, callsMin: "1.5" })).toBe("Calls and minutes are whole numbers");
  });
  it("lets go what another metric cannot be told apart by, and a threshold of another unit", () => {
    expect(withMetric(asked, "RETRY_RATE")).toEqual({ metric: "RETRY_RATE" });
    expect(withMetric(asked, "DENIAL_RATE")).toEqual({ metric: "DENIAL_RATE", routeId: "", apiKeyId: "" });
    expect(withMetric(asked, "COST")).toEqual({ metric: "COST", threshold: "", callsMin: "0" });
  });
});

it.each([true, false])("a time is typed and read in the same zone (UTC: %s)", (utc) => {
  const at = new Date("2026-11-21T12:34:00Z");
  expect(instantOf(typedInstant(at, utc), utc)).toEqual(at);
  expect(instantOf("", utc)).toBeUndefined();
});
