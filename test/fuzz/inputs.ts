/** What is thrown at readers: recordings with bytes exchanged, bodies with members exchanged, and JSON of any shape in the dialects' own words. */
import fc from "fast-check";
import { answerCases } from "../conformance/field-matrix/answer-cases.ts";
import { requestCases } from "../conformance/field-matrix/request-cases.ts";

type Json = Record<string, unknown>;

/** Bytes with some of them exchanged, cut out, put in. */
export const mutatedBytes = (originals: readonly Uint8Array[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...originals),
      fc.array(fc.record({ at: fc.nat(), drop: fc.nat(40), put: fc.oneof(fc.uint8Array({ maxLength: 8 }), scrap) }), {
        minLength: 1,
        maxLength: 6,
      }),
    )
    .map(([original, edits]) => {
      let bytes = Buffer.from(original);
      for (const { at, drop, put } of edits) {
        const from = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + drop)]);
      }
      return bytes;
    });

/** What readers that look at text instead of meaning stumble over. */
const scrap = fc
  .constantFrom(
    "[DONE]",
    "\n",
    "\r",
    "\n\n",
    "\r\n\r\n",
    "data: ",
    "event: ",
    ": ",
    "\u0000",
    "\ufeff",
    '"',
    "\\",
    "\\u",
    "{",
    "}",
    "[",
    "]",
    ",",
    "null",
    "\ud83d",
    "1e999",
    "-0",
    '"__proto__":',
  )
  .map((text) => Buffer.from(text, "utf8"));

const words = [...new Set(JSON.stringify([answerCases, requestCases]).match(/"\w+"(?=:)/g) ?? [])].map((word) => word.slice(1, -1));
const texts = [...new Set(JSON.stringify([answerCases, requestCases]).match(/:"[\w./:-]{1,40}"/g) ?? [])].map((text) => text.slice(2, -1));

/** JSON of any shape, with the words of all dialects among its keys and its texts. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, "", "\ud800", "__proto__"),
    fc.constantFrom(...texts),
    fc.string({ maxLength: 8 }),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...words), tie("tree"), { maxKeys: 5 }),
  ),
})).tree;

/** One of the values, with some of what is in it exchanged for anything, taken out, doubled, or put under another name. */
export const mutatedJson = (originals: readonly Json[]): fc.Arbitrary<Json> =>
  fc
    .tuple(
      fc.constantFrom(...originals),
      fc.array(
        fc.record({ at: fc.nat(), how: fc.constantFrom("put", "drop", "double", "rename"), by: anyJson, word: fc.constantFrom(...words) }),
        {
          maxLength: 4,
        },
      ),
    )
    .map(([original, edits]) => {
      const value = structuredClone(original);
      for (const { at, how, by, word } of edits) {
        const places = placesIn(value);
        const place = places[at % places.length];
        if (place !== undefined) edit(place, how, by, word);
      }
      return value;
    });

interface Place {
  readonly holder: Json | unknown[];
  readonly key: string | number;
}

function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (Array.isArray(value)) for (const [key, entry] of value.entries()) placesIn(entry, addTo(places, { holder: value, key }));
  else if (typeof value === "object" && value !== null)
    for (const [key, entry] of Object.entries(value)) placesIn(entry, addTo(places, { holder: value as Json, key }));
  return places;
}

function addTo(places: Place[], place: Place): Place[] {
  places.push(place);
  return places;
}

function edit({ holder, key }: Place, how: string, by: unknown, word: string): void {
  if (Array.isArray(holder)) {
    const at = Number(key);
    if (how === "put" || how === "rename") holder[at] = by;
    else if (how === "drop") holder.splice(at, 1);
    else holder.splice(at, 0, structuredClone(holder[at]));
    return;
  }
  const said = holder[key];
  if (how === "put") holder[key] = by;
  else if (how === "double") holder[word] = structuredClone(said);
  else delete holder[key];
  if (how === "rename") holder[word] = said;
}
