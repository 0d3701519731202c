/** The call log's address, read as GraphQL takes it. */
import { expect, it } from "vitest";
import {
  callSearch,
  cleared,
  columnsOf,
  filterOf,
  filterProblems,
  inWords,
  orderOf,
  readFilters,
  withColumn,
} from "../../web-console/pages/calls/call-search.ts";
import { costWords } from "../../web-console/pages/calls/outcomes.ts";

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
  [{ tag: "team", cost: "abc" }, {}],
  [{ tag: "=checkout" }, {}],
  [{ cost: "-1", outcome: "GONE", strange: "x" }, {}],
])("reads %j", (search, filter) => {
  expect(filterOf(readFilters(search))).toEqual(filter);
});

it("says filters as one reads them, before they are kept as a view", () => {
  expect(inWords({ outcome: "UPSTREAM_ERROR", range: "7d", cost: "5000000000", backend: "0190", sort: "slowest", strange: "x" })).toBe(
    "Backend: one · Outcome: upstream error · Time: Last 7 days · Cost at least: $5.00 · Order: slowest first",
  );
});

it("says at its field which filter cannot be read", () => {
  expect([filterProblems({ tag: "team", cost: "abc" }), filterProblems({ tag: "team=", cost: "0" }), filterProblems({})]).toEqual([
    { tag: "Write name=value; this is not filtered by", cost: "Write dollars, such as 0.05; this is not filtered by" },
    { tag: undefined, cost: undefined },
    { tag: undefined, cost: undefined },
  ]);
});

it("says what a call cost, and misses a price only where tokens were used", () => {
  const none = { costNanodollars: null, priceVersion: null, inputTokens: null, outputTokens: null, attempts: [] };
  expect([
    costWords({ ...none, costNanodollars: "1900000", priceVersion: 2, inputTokens: "5" }),
    costWords({ ...none, inputTokens: "5", attempts: [{ result: "ok" }] }),
    costWords({ ...none, attempts: [{ result: "ok" }] }),
    costWords({ ...none, attempts: [{ result: "BACKEND_UNAVAILABLE" }] }),
    costWords({ ...none, inputTokens: "0", outputTokens: "0" }),
  ]).toEqual([
    "$0.0019 (price version 2)",
    "not known: the backend has no price",
    "not known: no tokens were counted",
    "none: no backend answered",
    "none: no backend answered",
  ]);
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
