import { expect, test } from "vitest";
import { schemaInstance } from "../../data-plane/simulator/schema-instance.ts";
import { seededRandom } from "../../data-plane/simulator/seeded-random.ts";
import { SimulatorError } from "../../data-plane/simulator/simulator-error.ts";

const instance = (schema: unknown, seed = "1") => schemaInstance(schema, seededRandom(seed), ["gateway", "deploy"], "schema");
const seeds = Array.from({ length: 30 }, (_, index) => String(index));

test.each<[string, unknown, (value: never) => boolean]>([
  ["null", { type: "null" }, (value) => value === null],
  ["a nullable string", { type: ["null", "string"] }, (value) => typeof value === "string"],
  ["a boolean", { type: "boolean" }, (value) => typeof value === "boolean"],
  ["an enum", { enum: ["a", 2, null] }, (value) => ["a", 2, null].includes(value)],
  ["a constant", { const: { a: [1] } }, (value) => JSON.stringify(value) === '{"a":[1]}'],
  ["an integer in a range", { type: "integer", minimum: 3, maximum: 5 }, (value) => Number.isInteger(value) && value >= 3 && value <= 5],
  ["an integer in an open range", { type: "integer", exclusiveMinimum: 3, exclusiveMaximum: 5 }, (value) => value === 4],
  ["an integer below zero", { type: "integer", maximum: -10 }, (value) => Number.isInteger(value) && value <= -10],
  ["a multiple", { type: "integer", minimum: 10, multipleOf: 7 }, (value) => value >= 10 && value % 7 === 0],
  ["a number in a narrow range", { type: "number", minimum: 0.1, maximum: 0.2 }, (value) => value >= 0.1 && value <= 0.2],
  ["a long string", { type: "string", minLength: 200 }, (value: string) => value.length >= 200],
  ["a short string", { type: "string", maxLength: 3 }, (value: string) => value.length <= 3],
  ["an empty string", { type: "string", maxLength: 0 }, (value) => value === ""],
  ["a date", { type: "string", format: "date" }, (value) => /^\d{4}-\d{2}-\d{2}$/.test(value)],
  [
    "a list",
    { type: "array", items: { type: "integer" }, minItems: 4 },
    (value: unknown[]) => value.length >= 4 && value.every(Number.isInteger),
  ],
  [
    "different items",
    { type: "array", items: { type: "integer", minimum: 0, maximum: 9 }, minItems: 5, uniqueItems: true },
    (value: unknown[]) => new Set(value).size >= 5,
  ],
  ["at most one item", { type: "array", items: true, maxItems: 1 }, (value: unknown[]) => value.length <= 1],
  ["the first of several", { anyOf: [{ type: "integer" }, { type: "string" }] }, (value) => Number.isInteger(value)],
  ["the first of one", { oneOf: [{ type: "string" }, { type: "null" }] }, (value) => typeof value === "string"],
  [
    "a reference",
    { type: "object", properties: { city: { $ref: "#/$defs/city" } }, required: ["city"], $defs: { city: { enum: ["Bern"] } } },
    (value: { city: string }) => value.city === "Bern",
  ],
  ["a required property that is not described", { type: "object", required: ["x"] }, (value: object) => "x" in value],
  ["anything", true, (value) => value !== undefined],
])("gives %s for every seed", (_, schema, holds) => {
  for (const seed of seeds) {
    const value = instance(schema, seed);
    expect(holds(value as never), JSON.stringify(value)).toBe(true);
  }
});

test("the same seed gives the same value", () => {
  const schema = { type: "object", properties: { a: { type: "string" }, b: { type: "array", items: { type: "number" } } } };
  expect(instance(schema, "7")).toEqual(instance(schema, "7"));
  expect(new Set(seeds.map((seed) => JSON.stringify(instance(schema, seed)))).size).toBeGreaterThan(5);
});

test("a recursive schema comes to an end where its recursion is optional", () => {
  const tree = { type: "object", properties: { name: { type: "string" }, child: { $ref: "#" } }, required: ["name"] };
  expect(JSON.stringify(instance(tree)).length).toBeLessThan(1_000);
});

test.each([
  ["pattern", { type: "string", pattern: "^a$" }, /"pattern"/],
  ["allOf", { allOf: [{ type: "string" }] }, /"allOf"/],
  ["an unknown format", { type: "string", format: "iban" }, /iban/],
  ["a foreign reference", { $ref: "https://example.com/x" }, /\$ref/],
  ["a type that is none", { type: "text" }, /"text"/],
  ["false", { type: "object", properties: { a: false }, required: ["a"] }, /nothing satisfies/],
  ["an empty range", { type: "integer", minimum: 5, maximum: 4 }, /range/],
  ["endless recursion", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, /deeper|values/],
  ["too many values", { type: "array", minItems: 1000, items: { type: "array", minItems: 1000, items: true } }, /values/],
  ["too long", { type: "string", minLength: 1e9 }, /minLength/],
  ["too few different values", { type: "array", minItems: 3, uniqueItems: true, items: { enum: [1, 2] } }, /uniqueItems/],
])("refuses %s and names it", (_, schema, message) => {
  let caught: unknown;
  try {
    instance(schema);
  } catch (reason) {
    caught = reason;
  }
  expect(caught).toBeInstanceOf(SimulatorError);
  expect(caught).toMatchObject({ status: 400, message: expect.stringMatching(message), details: { param: "schema" } });
});
