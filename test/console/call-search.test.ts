/** The call log's address, read as GraphQL takes it. */
import { expect, it } from "vitest";
import { callSearch, cleared, filterOf, orderOf, readFilters } from "../../web-console/pages/calls/call-search.ts";

it.each([
  [
    { slow: "900", cost: "5000" },
    { durationMsMin: 900, costNanodollarsMin: "5000" },
  ],
  [{ tag: "team=a=b" }, { tags: [{ name: "team", values: ["a=b"] }] }],
  [{ tag: "team=" }, { tags: [{ name: "team", values: [""] }] }],
  [{ cost: "-1", outcome: "GONE", strange: "x" }, {}],
])("reads %j", (search, filter) => {
  expect(filterOf(readFilters(search))).toEqual(filter);
});

it("seeks words from the newest on, and else in the order of the address", () => {
  expect([orderOf({}), orderOf({ sort: "dearest" }), orderOf({ sort: "slowest", said: "river" })]).toEqual(["NEWEST", "DEAREST", "NEWEST"]);
});

it("clears all that it knows", () => {
  expect(Object.keys(cleared)).toEqual(Object.keys(callSearch));
});
