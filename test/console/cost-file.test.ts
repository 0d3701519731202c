/** The file of the page Cost: its columns stay where they are, and each row says of which time it is. */
import { expect, it } from "vitest";
import { headerOf, jsonOf, linesOf } from "../../web-console/pages/cost/groups-file.ts";

const figures = (costNanodollars: string) => ({ costNanodollars, calls: "3", failedCalls: "1", totalTokens: "90", unpricedCalls: "0" });
const report = {
  groups: [{ values: [{ value: "support", label: null }], figures: figures("700") }],
  rest: { figures: figures("20") },
};
const period = { since: "2026-10-01T00:00:00.000Z", until: "2026-11-01T00:00:00.000Z" };

it("has stable columns and the period in each row, in that of all others too", () => {
  expect(headerOf(["ROUTE_NAME"])).toEqual([
    ...["route_name", "route_name_label", "cost_nanodollars", "calls", "failed_calls", "total_tokens", "unpriced_calls"],
    ...["period_since", "period_until"],
  ]);
  expect(linesOf(report, period)).toEqual([
    ["support", "support", "700", "3", "1", "90", "0", period.since, period.until],
    ["", "all others", "20", "3", "1", "90", "0", period.since, period.until],
  ]);
  expect(JSON.parse(jsonOf(report, ["ROUTE_NAME"], period))[1]).toMatchObject({ cost_nanodollars: "20", period_until: period.until });
});
