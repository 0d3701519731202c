/**
 * JSON between two dialects, number for number: JSON.parse rounds what has more digits than a double holds, and an identifier in
 * a tool's arguments would come out as another. Such numbers are kept as they were written and are written so again.
 */

/** As of ECMAScript's "JSON.parse source text access"; the standard library's types do not have it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** A double holds any number of up to this many digits. */
const digitsMax = 15;
const manyDigits = /\d[\d.]{15}/;

/** As JSON.parse, for what is written out again by JSON.stringify. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  const revive: Reviver = (_key, value, { source = "" }) =>
    typeof value === "number" && source.replaceAll(/[eE].*$|\D/g, "").length > digitsMax ? rawJson(source) : value;
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}
