/** A caller's JSON kept as it was written: exact where it is exchanged, untouched everywhere else, refused where it is not sure. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonDepthMax, jsonTextOf, readJsonText, spliced } from "../../data-plane/pipeline/json-text.ts";

const whitespace = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 });

/** A string's JSON text with any of its characters written as an escape. */
const stringText = (value: string): fc.Arbitrary<string> =>
  fc.array(fc.boolean(), { minLength: value.length, maxLength: value.length }).map((escaped) => {
    const written = Array.from(value.split(""), (character, i) => {
      const plain = JSON.stringify(character).slice(1, -1);
      return escaped[i] ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : plain;
    });
    return `"${written.join("")}"`;
  });

const numbers = fc.constantFrom("0", "-0", "1", "12345678901234567890", "1e400", "-1.50", "0.1E+2", "9007199254740993");
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom('"', "\\", '\\"', "}", "{", "]", ",", ":", '","a":1', "\u2028", "🚰", "\ud800", "__proto__", "\u0000", "messages", "}]"),
);

/**
 * V8 13.6 (Node 24.21) compares an escaped name's raw text with the name that it expects there: once `{"\\":1}` was parsed, it reads
 * `{"\u003a":1}` as having a name of one backslash. What it answers depends on what it read before, so no name here has one.
 */
const names = nasty.filter((name) => !name.includes("\\"));

/** JSON text of any value, with whitespace wherever it may stand. */
const { valueText } = fc.letrec<{ valueText: string }>((tie) => ({
  valueText: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("null", "true", "false"),
    numbers,
    nasty.chain(stringText),
    fc
      .array(fc.tuple(whitespace, tie("valueText"), whitespace), { maxLength: 4 })
      .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
    fc
      .array(fc.tuple(whitespace, names.chain(stringText), whitespace, whitespace, tie("valueText"), whitespace), { maxLength: 4 })
      .map((items) => `{${items.map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`).join(",")}}`),
  ),
}));

interface WrittenMember {
  readonly name: string;
  readonly nameText: string;
  readonly value: string;
}

/** Members of an object by name, each once, with the text of the whole object. */
const written = fc
  .uniqueArray(names, { maxLength: 6 })
  .chain((drawn) => fc.tuple(...drawn.map((name) => fc.record({ name: fc.constant(name), nameText: stringText(name), value: valueText }))))
  .chain((members: WrittenMember[]) =>
    fc
      .array(fc.tuple(whitespace, whitespace, whitespace, whitespace), { minLength: members.length + 2, maxLength: members.length + 2 })
      .map((spaces) => {
        const body = members.map(({ nameText, value }, i) => {
          const [a = "", b = "", c = "", d = ""] = spaces[i] ?? [];
          return `${a}${nameText}${b}:${c}${value}${d}`;
        });
        const [before = "", within = "", after = ""] = spaces[members.length] ?? [];
        return { members, text: `${before}{${members.length === 0 ? within : body.join(",")}}${after}` };
      }),
  );

test("each member's place in the text is its value's, to the character", () => {
  fc.assert(
    fc.property(written, ({ members, text }) => {
      const json = readJsonText(text);
      expect([...json.members.keys()].sort()).toEqual(members.map(({ name }) => name).sort());
      for (const { name, nameText, value } of members) {
        const span = json.members.get(name);
        expect(text.slice(span?.start, span?.end)).toBe(value);
        expect(text.startsWith(nameText, span?.name)).toBe(true);
      }
      expect(json.value).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("spliced text is the object with members replaced, added and left out, and what is untouched is as it was written", () => {
  fc.assert(
    fc.property(
      written,
      fc.array(fc.tuple(fc.oneof(names, fc.nat(5)), fc.option(valueText, { nil: undefined })), { maxLength: 5 }),
      ({ members, text }, edits) => {
        // A number means the object's own member of that place, so that replacing is as usual as adding.
        const replacements = new Map(edits.map(([name, by]) => [typeof name === "string" ? name : (members[name]?.name ?? "new"), by]));
        const result = spliced(readJsonText(text), replacements);

        const expected = new Map(members.map(({ name, value }) => [name, value]));
        for (const [name, by] of replacements) {
          if (by === undefined) expected.delete(name);
          else expected.set(name, by);
        }
        const after = readJsonText(result);
        expect([...after.members.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [name, value] of expected) {
          const span = after.members.get(name);
          // Byte for byte: also numbers beyond 2^53, escapes, whitespace within.
          expect(result.slice(span?.start, span?.end)).toBe(value);
        }
        for (const { name, nameText } of members)
          if (!replacements.has(name)) expect(result.startsWith(nameText, after.members.get(name)?.name)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("text that nothing is done to is the same text", () => {
  fc.assert(
    fc.property(written, ({ text }) => {
      expect(spliced(readJsonText(text), new Map([["not there", undefined]]))).toBe(text);
    }),
  );
});

test.each<[string, Record<string, string | undefined>, string]>([
  ["{}", { a: "1" }, '{"a":1}'],
  ["{ }", { a: "1", b: "2" }, '{ "a":1,"b":2}'],
  ['{"a":1}', { a: "2" }, '{"a":2}'],
  ['{ "a" : 1 , "b":2 }\n', { a: '{"x":[]}' }, '{ "a" : {"x":[]} , "b":2 }\n'],
  ['{"a":1, "b" : 2,"c":3}', { b: undefined }, '{"a":1,"c":3}'],
  ['{"a":1}', { a: undefined }, "{}"],
  ['{"a":"}"}', { b: '"}"' }, '{"a":"}","b":"}"}'],
  ['{"\\u0061":1}', { a: "2" }, '{"\\u0061":2}'],
  ['{"b":{"a":1},"a":[{"a":2}]}', { a: "3" }, '{"b":{"a":1},"a":3}'],
  ['{"n":12345678901234567890}', { m: "1" }, '{"n":12345678901234567890,"m":1}'],
])("%s with %j is %s", (text, replacements, expected) => {
  expect(spliced(readJsonText(text), new Map(Object.entries(replacements)))).toBe(expected);
});

describe("what is not sure is refused:", () => {
  test.each([
    ["nothing", "", /not JSON/],
    ["text", "hello", /not JSON/],
    ["a list", "[1,2]", /must be a JSON object/],
    ["a list that looks like members", '["a","b"]', /must be a JSON object/],
    ["null", "null", /must be a JSON object/],
    ["a string", '"{}"', /must be a JSON object/],
    ["two objects", "{}{}", /not JSON/],
    ["an object that does not end", '{"a":1', /not JSON/],
    ["a string that does not end", '{"a":"', /not JSON/],
    ["a string whose end is escaped", '{"a":"\\"}', /not JSON/],
    ["a comma too many", '{"a":1,}', /not JSON/],
    ["brackets crossed", '{"a":[}]', /not JSON/],
    ["single quotes", "{'a':1}", /not JSON/],
    ["a comment", '{"a":1/**/}', /not JSON/],
    ["NaN", '{"a":NaN}', /not JSON/],
    ["a byte order mark", '\ufeff{"a":1}', /not JSON/],
    ["a name twice", '{"a":1,"b":2,"a":3}', /says "a" twice/],
    ["a name twice, once escaped", '{"model":"x","\\u006dodel":"y"}', /says "model" twice/],
    ["an empty name twice", '{"":1,"":2}', /says "" twice/],
    ["__proto__ twice", '{"__proto__":1,"__proto__":2}', /twice/],
  ])("%s", (_, text, message) => {
    expect(() => readJsonText(text)).toThrow(
      expect.objectContaining({ kind: "INVALID_ARGUMENT", message: expect.stringMatching(message) }),
    );
  });

  test("a name twice below the top is the backend's business", () => {
    expect(readJsonText('{"a":{"b":1,"b":2}}').members.size).toBe(1);
  });

  test("more levels than are allowed, before anything is parsed", () => {
    const nested = (open: string, close: string, levels: number) => `{"a":${open.repeat(levels - 1)}1${close.repeat(levels - 1)}}`;
    expect(() => readJsonText(nested("[", "]", jsonDepthMax))).not.toThrow();
    expect(() => readJsonText(nested("[", "]", jsonDepthMax + 1))).toThrow("more than 64 levels");
    expect(() => readJsonText(nested('{"a":', "}", jsonDepthMax + 1))).toThrow("more than 64 levels");
    expect(() => readJsonText(`{"a":${"[".repeat(1_000_000)}`)).toThrow("more than 64 levels");
    // In a string, and one beside the other, they are no levels.
    expect(() => readJsonText(`{"a":"${"[{".repeat(1000)}","b":[${"[],".repeat(1000)}[]]}`)).not.toThrow();
  });
});

test("any text at all is read as JSON.parse reads it, or refused", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ au1'), maxLength: 30 }), fc.string({ unit: "binary" })),
      (text) => {
        let value: unknown;
        try {
          value = readJsonText(text).value;
        } catch (error) {
          expect(error).toHaveProperty("kind", "INVALID_ARGUMENT");
          return;
        }
        expect(value).toEqual(JSON.parse(text));
      },
    ),
    { numRuns: 3000 },
  );
});

test("a member named __proto__ is a member and nothing more", () => {
  const { value, members } = readJsonText('{"__proto__":{"polluted":true},"a":1}');
  expect(Object.keys(value)).toEqual(["__proto__", "a"]);
  expect(members.has("__proto__")).toBe(true);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("a value that was made here has its text", () => {
  expect(jsonTextOf({ a: [1, "x"], b: undefined }).text).toBe('{"a":[1,"x"]}');
});
