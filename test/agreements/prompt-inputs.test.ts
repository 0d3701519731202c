/** A prompt's variables: what is missing, unknown or of another type is named, and a schema that could harm is refused. */
import { describe, expect, it } from "vitest";
import { compileInputs, derivedInputs, faultsInSchema } from "#agreements/prompt-inputs.ts";

const schema = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 5 },
    count: { type: "integer", minimum: 1 },
    docs: { type: "array", items: { $ref: "#/$defs/doc" } },
  },
  required: ["name"],
  $defs: { doc: { type: "object", required: ["title"], properties: { title: { type: "string" } } } },
};

describe("variables", () => {
  const inputs = compileInputs(schema, ["name"]);
  it.each([
    ["are well", { name: "Ada", count: 2, docs: [{ title: "A" }] }, undefined],
    ["are missing", { count: 2 }, { variable: "name", fault: "missing" }],
    ["are unknown", { name: "Ada", tone: "x" }, { variable: "tone", fault: "unknown" }],
    ["are of another type", { name: 7 }, { variable: "name", fault: "ill-typed" }],
    ["are out of range", { name: "Ada", count: 0 }, { variable: "count", fault: "ill-typed" }],
    ["are wrong deep within", { name: "Ada", docs: [{ title: 3 }] }, { variable: "docs", fault: "ill-typed" }],
    ["are no property of their own", { name: "Ada", constructor: 1 }, { variable: "constructor", fault: "unknown" }],
  ])("that %s", (_, given, fault) => {
    const found = inputs.faultIn(given);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(fault);
  });
  it("without a schema are checked by name", () => {
    const byName = compileInputs(undefined, ["a"]);
    expect(byName.faultIn({ a: [1] })).toBeUndefined();
    expect(byName.faultIn({})).toBeUndefined();
    expect(byName.faultIn({ b: 1 })).toMatchObject({ variable: "b", fault: "unknown" });
  });
});

describe("what is derived from templates", () => {
  const derived = derivedInputs(
    [
      "{{ user.name }} {{ user.address.city | upcase }} {% for doc in docs %}{{ doc.title }}{% endfor %} {{ tone }} {% render 'rules', x: limit %}",
      "{{ items[0].name }} {{ names.size }} {{ table[key] }} {% if maybe.there %}{{ maybe.there }}{% endif %}",
    ],
    { rules: "At most {{ x }}." },
  );
  it("says which have properties and which are gone through, and no more than the templates do", () => {
    const object = (properties: object) => ({ type: ["object", "null"], properties });
    expect(derived).toEqual({
      type: "object",
      properties: {
        docs: { type: ["array", "object", "null"] },
        items: {},
        key: {},
        limit: {},
        maybe: object({ there: {} }),
        names: {},
        table: {},
        tone: {},
        user: object({ address: object({ city: {} }), name: {} }),
      },
      additionalProperties: false,
    });
  });
  it.each([
    [{ user: "Ada" }, "user"],
    [{ user: { name: "Ada", address: "London" } }, "user"],
    [{ docs: "one" }, "docs"],
  ])("refuses %j", (given, variable) => {
    const { faultIn } = compileInputs(derived, Object.keys(derived["properties"] as object));
    expect(faultIn(given)).toMatchObject({ variable, fault: "ill-typed" });
    expect(faultIn({ user: { name: "Ada", age: 3 }, docs: [], tone: 1, maybe: null })).toBeUndefined();
  });
});

describe("a schema", () => {
  it("that is good is taken", () => expect(faultsInSchema(schema, ["name", "docs"])).toEqual([]));
  it.each([
    ["is no object", [], [], /JSON object/],
    ["lacks a variable", schema, ["other"], /no property for the variable "other"/],
    ["requires what it does not have", { type: "object", properties: {}, required: ["x"] }, [], /requires "x"/],
    ["brings a regular expression", { type: "object", properties: { a: { type: "string", pattern: "(a+)+$" } } }, ["a"], /pattern/],
    ["brings them for names", { type: "object", properties: { a: { patternProperties: { "(a+)+$": {} } } } }, ["a"], /patternProperties/],
    ["refers to elsewhere", { type: "object", properties: { a: { $ref: "https://example.com/s" } } }, ["a"], /\$defs/],
    ["refers to nothing", { type: "object", properties: { a: { $ref: "#/$defs/none" } } }, ["a"], /none|ref/i],
    ["is of another type", { type: "array" }, [], /"type": "object"/],
  ])("that %s is refused", (_, bad, variables, message) => {
    expect(faultsInSchema(bad, variables).join()).toMatch(message);
  });
});
