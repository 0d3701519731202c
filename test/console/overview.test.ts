/** What the overview compares, and what it calls a change: the console's pure parts. */
import { expect, it } from "vitest";
import { changeKind, changeMarks } from "../../web-console/pages/overview/changes.ts";
import { comparedWith, comparisonsFor, todayAndYesterday } from "../../web-console/pages/overview/ranges.ts";
import { changeOn, perSecond } from "../../web-console/pages/overview/report.ts";

const day = { since: "2027-03-10T12:00:00.000Z", until: "2027-03-11T12:00:00.000Z" };

it("compares a range with another of the same length that shares no call with it", () => {
  expect(comparedWith(day, "before")).toEqual({ since: "2027-03-09T12:00:00.000Z", until: "2027-03-10T12:00:00.000Z" });
  expect(comparedWith(day, "week")).toEqual({ since: "2027-03-03T12:00:00.000Z", until: "2027-03-04T12:00:00.000Z" });
  expect(comparisonsFor("1h")).toEqual(["before", "day", "week", "month"]);
  expect(comparisonsFor("7d")).toEqual(["before", "week", "month"]);
  expect(comparisonsFor("90d")).toEqual(["before"]);
});

it("compares today until now with the same hours of yesterday", () => {
  const [today, yesterday] = todayAndYesterday(true, Date.parse("2027-03-11T09:30:20Z"));
  expect(today).toEqual({ since: "2027-03-11T00:00:00.000Z", until: "2027-03-11T09:31:00.000Z" });
  expect(yesterday).toEqual({ since: "2027-03-10T00:00:00.000Z", until: "2027-03-10T09:31:00.000Z" });
});

it("says a change in percent as long as that says anything, and a rate in as many digits as count", () => {
  expect([changeOn(112, 100), changeOn(95, 100, "a day before"), changeOn(5000, 1), changeOn(1, 0), changeOn(null, 3)]).toEqual([
    "+12% on the time before",
    "−5.0% on a day before",
    "more than ten times the time before",
    undefined,
    undefined,
  ]);
  expect([changeOn(100, 100), changeOn(7, 9_999_999), changeOn(0, 9_999_999)]).toEqual([
    "the same as the time before",
    "less than 1% of the time before",
    "−100% on the time before",
  ]);
  expect([perSecond("0", 1000), perSecond("1", 3_600_000), perSecond("1000", 86_400_000), perSecond("123456", 60_000)]).toEqual([
    "0",
    "<0.01",
    "0.012",
    "2.06k",
  ]);
});

it("tells deployed prompts and experiments that moved from other changes, as the control plane words them", () => {
  expect(
    ["prompt greeting: production is version 3", "rollout faster: step 2 of 3", "bandit b: a 60 %", "route chat changed", "promptly"].map(
      changeKind,
    ),
  ).toEqual(["prompt", "experiment", "experiment", "configuration", "configuration"]);
  expect(changeMarks([{ number: "7", createdAt: "2027-03-10T12:00:00Z", actor: "token:ada", summary: "experiment e started" }])).toEqual([
    { time: 1_804_680_000, label: "Revision 7: experiment e started", kind: "experiment", to: "/revisions/7" },
  ]);
});
