/** The explorer's pure parts: what is found in a text and in the schema, what an address carries, and what a tab may remember. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { askIn, explorerHash } from "../../web-console/pages/explorer/link.ts";
import {
  chosenOf,
  nameAt,
  operationsIn,
  queryProblem,
  remembered,
  rememberedMax,
  variablesProblem,
} from "../../web-console/pages/explorer/operations.ts";
import { membersOf, search } from "../../web-console/pages/explorer/schema-words.ts";

const root = resolve(import.meta.dirname, "../..");
const schema = buildSchema(readFileSync(join(root, "control-plane/schema.graphql"), "utf8"));

describe("a query in an address", () => {
  it.each([["{ a }"], ['query Q($n: Int = 5) { a(text: "50% of #1 & more") }']])("comes out as it went in: %s", (query) => {
    const hash = explorerHash(query, { n: 5 });
    const asked = { query, variables: '{\n  "n": 5\n}' };
    expect([askIn(`#${hash}`), askIn(hash), askIn(decodeURIComponent(hash))]).toEqual([asked, asked, asked]);
  });

  it.each(["", "#", "#main", "#%7B", "#%22text%22", "#{}", "#null"])("is not in %j", (hash) => {
    expect(askIn(hash)).toBeUndefined();
  });
});

describe("what stands in the editor", () => {
  const two = "query One { viewer { actor } }\nmutation Two { __typename }";

  it("is one operation of several: the named, else the first, and by the cursor the one it is in", () => {
    const operations = operationsIn(two);
    expect(operations.map(({ name, operation }) => [name?.value, operation])).toEqual([
      ["One", "query"],
      ["Two", "mutation"],
    ]);
    expect([chosenOf(operations, "Two")?.operation, chosenOf(operations, "gone")?.operation]).toEqual(["mutation", "query"]);
    expect([nameAt(two, 3), nameAt(two, two.length), nameAt("{ viewer { actor } }", 3)]).toEqual(["One", "Two", undefined]);
    expect(operationsIn("{ viewer {")).toEqual([]);
  });

  it("is checked by the schema, and by its form alone where there is none", () => {
    expect(queryProblem(schema, "{ viewer { actor } }")).toBeUndefined();
    expect(queryProblem(schema, "{\n  viewer { actr } }")).toMatch(/^Line 2: Cannot query field "actr"/);
    expect(queryProblem(undefined, "{ viewer { actr } }")).toBeUndefined();
    expect(queryProblem(undefined, "{ viewer {")).toMatch(/^Line 1: Syntax Error/);
    expect(queryProblem(schema, "  \n")).toBeUndefined();
  });

  it.each([
    ['{ "first": 3 }', undefined],
    ["", /"\$first" of required type "Int!" was not provided/],
    ['{ "first": "three" }', /Int cannot represent non-integer value/],
    ["[1]", /JSON object/],
    ["{", /JSON object/],
  ])("has variables that fit it or not: %s", (variables, problem) => {
    const [operation] = operationsIn("query Q($first: Int!) { routes(first: $first) { edges { cursor } } }");
    const found = variablesProblem(schema, operation, variables);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});

describe("what a tab remembers", () => {
  it("is the last twenty, the newest first and each once", () => {
    const asks = Array.from({ length: rememberedMax + 5 }, (_, n) => ({ query: `{ a${n} }`, variables: "{}" }));
    const all = asks.reduce<ReturnType<typeof remembered>>(remembered, []);
    expect(all.map(({ query }) => query)).toEqual(
      asks
        .slice(-20)
        .reverse()
        .map(({ query }) => query),
    );
    expect(remembered(all, { query: "{ a10 }", variables: "{}" }).map(({ query }) => query)).toEqual([
      "{ a10 }",
      ...all.map(({ query }) => query).filter((query) => query !== "{ a10 }"),
    ]);
  });

  it("holds no secret of a change: neither its variables nor the texts in it", () => {
    const [kept] = remembered([], {
      query: 'mutation M($key: String!) { set(key: $key, other: "sk-secret", block: """sk-block""", count: 3) { ok } }',
      variables: '{"key": "sk-variable", "nested": {"deep": "sk-deep"}}',
    });
    expect(`${kept?.query}${kept?.variables}`).not.toMatch(/sk-/);
    expect(kept?.query).toMatch(/count: 3/);
    expect(JSON.parse(kept?.variables ?? "")).toEqual({ key: null, nested: null });
  });
});

describe("the schema", () => {
  it("is searched by names first, those that can be asked for before others", () => {
    expect(search(schema, "routes")[0]).toMatchObject({ type: "Query", member: { name: "routes" } });
    expect(search(schema, "Route")[0]).toEqual({ type: "Route", member: undefined });
    expect(search(schema, "no such word at all")).toEqual([]);
    expect(search(schema, " ")).toEqual([]);
  });

  it("tells of a type what stands in it, with arguments and marks", () => {
    const query = schema.getQueryType();
    const routes = query && membersOf(query).find(({ name }) => name === "routes");
    expect(routes?.given).toMatch(/^\(.*first: Int.*\)$/);
    expect(routes?.type).toMatch(/Connection/);
    expect(search(schema, "__Type")).toEqual([]);
  });
});
