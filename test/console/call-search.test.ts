/** The call log's address, read as GraphQL takes it. */
import { expect, it } from "vitest";
import { callSearch, cleared, columnsOf, filterOf, orderOf, readFilters, withColumn } from "../../web-console/pages/calls/call-search.ts";

it.each([
  [
    { slow: "900", cost: "5000" },
    { durationMsMin: 900, costNanodollarsMin: "5000" },
  ],
  [{ prompt: "p" }, { promptId: ["p"] }],
  [{ prompt: "p", version: "3" }, { promptVersion: ["p@3"] }],
  [{ version: "3" }, {}],
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

it("has columns in the address where they are not the usual ones, in the order in which they stand", () => {
  expect([columnsOf(undefined), columnsOf("cost,model,colour"), columnsOf("none")]).toEqual([
    ["backend", "key", "tokens", "first", "cost"],
    ["model", "cost"],
    [],
  ]);
  expect([
    withColumn(undefined, "model", true),
    withColumn("backend,model,key,tokens,first,cost", "model", false),
    withColumn("cost", "cost", false),
  ]).toEqual(["backend,model,key,tokens,first,cost", undefined, "none"]);
});
