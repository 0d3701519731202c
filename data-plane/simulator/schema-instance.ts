/**
 * One value that satisfies a JSON Schema, chosen by a seed: what a model with constrained decoding would answer. It knows the
 * keywords that tools and structured outputs use. Any other keyword that could make the value wrong is refused by name,
 * because a value that only seems to satisfy the schema would make tests lie.
 */
import { pickFrom, pickIndex, type Random } from "./seeded-random.ts";
import { invalidField } from "./simulator-error.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Below this depth optional properties are left out, so that recursive schemas come to an end. */
const optionalDepthMax = 6;
/** A schema whose required parts nest deeper than this has no finite instance that anyone wants. */
const depthMax = 40;
const valuesMax = 10_000;
const lettersMax = 100_000;
const itemsMax = 1_000;

const annotations = new Set(
  "$schema $id $anchor $comment $defs definitions title description default examples deprecated readOnly writeOnly additionalProperties contentMediaType contentEncoding".split(
    " ",
  ),
);
const understood = new Set(
  "type properties required items enum const minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems uniqueItems format anyOf oneOf $ref".split(
    " ",
  ),
);

/** Fixed texts, because a schema's format has one shape and any instance of it will do. */
const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-15T09:30:00Z",
  date: "2026-01-15",
  time: "09:30:00Z",
  duration: "PT15M",
  email: "person@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.10",
  ipv6: "2001:db8::10",
  uri: "https://example.com/page",
  uuid: "0198c0de-0000-7000-8000-000000000001",
};

type Schema = Readonly<Record<string, unknown>>;

interface Walk {
  readonly root: unknown;
  readonly random: Random;
  readonly words: readonly string[];
  /** The request's field that holds the schema, for messages. */
  readonly param: string;
  values: number;
}

/**
 * @param words texts are made of these; not empty
 * @param param the request's field that holds the schema
 * @throws SimulatorError 400 that names the keyword or the place
 */
export function schemaInstance(schema: unknown, random: Random, words: readonly string[], param: string): Json {
  return instanceOf(schema, { root: schema, random, words, param, values: 0 }, 0);
}

function instanceOf(schema: unknown, walk: Walk, depth: number): Json {
  if (++walk.values > valuesMax) throw refused(walk, `asks for more than ${valuesMax} values; make it smaller`);
  if (depth > depthMax) throw refused(walk, `nests its required parts deeper than ${depthMax}; it may have no finite instance`);
  if (schema === true) return pickFrom(walk.random, walk.words);
  if (!isObject(schema)) throw refused(walk, "has a part that is neither an object nor true, so nothing satisfies it");
  for (const keyword of Object.keys(schema))
    if (!understood.has(keyword) && !annotations.has(keyword) && !keyword.startsWith("x-"))
      throw refused(walk, `uses "${keyword}", which the simulator does not support; leave it out`, "unsupported_schema_keyword");

  if (schema.$ref !== undefined) return instanceOf(resolve(schema.$ref, walk), walk, depth + 1);
  if (schema.const !== undefined) return schema.const as Json; // JSON, because the schema came from JSON.parse
  if (Array.isArray(schema.enum)) {
    if (schema.enum.length === 0) throw refused(walk, 'has an empty "enum", so nothing satisfies it');
    return schema.enum[pickIndex(walk.random, schema.enum.length)] as Json;
  }
  for (const branches of ["anyOf", "oneOf"] as const) {
    const list = schema[branches];
    if (list === undefined) continue;
    const { [branches]: _taken, ...rest } = schema;
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    if (!isObject(first)) throw refused(walk, `has "${branches}" without a first branch that is an object`);
    return instanceOf({ ...rest, ...first }, walk, depth + 1);
  }

  const type = typeOf(schema);
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return walk.random() < 0.5;
    case "integer":
    case "number":
      return numberOf(schema, walk, type === "integer");
    case "string":
      return stringOf(schema, walk);
    case "array":
      return arrayOf(schema, walk, depth);
    case "object":
      return objectOf(schema, walk, depth);
    default:
      throw refused(walk, `has the type "${type}", which JSON Schema does not know`);
  }
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return String(type.find((one) => one !== "null") ?? "null");
  if (schema.properties !== undefined || schema.required !== undefined) return "object";
  if (schema.items !== undefined || schema.minItems !== undefined) return "array";
  if (schema.minimum !== undefined || schema.maximum !== undefined || schema.multipleOf !== undefined) return "number";
  return "string";
}

function objectOf(schema: Schema, walk: Walk, depth: number): Json {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  // A null prototype: "__proto__" is a property like any other.
  const instance: { [key: string]: Json } = Object.create(null);
  for (const [name, property] of Object.entries(properties))
    if (required.has(name) || depth < optionalDepthMax) instance[name] = instanceOf(property, walk, depth + 1);
  for (const name of required) if (!Object.hasOwn(instance, name)) instance[name] = pickFrom(walk.random, walk.words);
  return instance;
}

function arrayOf(schema: Schema, walk: Walk, depth: number): Json {
  const least = count(schema.minItems, 0, "minItems", itemsMax, walk);
  const most = count(schema.maxItems, Math.max(least, 2), "maxItems", Number.MAX_SAFE_INTEGER, walk);
  if (least > most) throw refused(walk, 'has "minItems" above "maxItems"');
  const wanted = depth < optionalDepthMax ? Math.min(most, Math.max(least, 1 + pickIndex(walk.random, 2))) : least;
  const items: Json[] = [];
  const seen = new Set<string>();
  for (let tries = 0; items.length < wanted && tries < wanted * 20; tries++) {
    const item = instanceOf(schema.items ?? true, walk, depth + 1);
    const text = JSON.stringify(item);
    if (schema.uniqueItems === true && seen.has(text)) continue;
    seen.add(text);
    items.push(item);
  }
  if (items.length < least) throw refused(walk, 'has "uniqueItems" and more "minItems" than the simulator finds different values');
  return items;
}

function stringOf(schema: Schema, walk: Walk): string {
  const { format } = schema;
  const least = count(schema.minLength, 0, "minLength", lettersMax, walk);
  const most = count(schema.maxLength, Math.max(least, 60), "maxLength", Number.MAX_SAFE_INTEGER, walk);
  if (least > most) throw refused(walk, 'has "minLength" above "maxLength"');
  if (format !== undefined) {
    const text = typeof format === "string" ? formats[format] : undefined;
    if (text === undefined || text.length < least || text.length > most)
      throw refused(walk, `uses the format "${String(format)}" in a way the simulator does not support`, "unsupported_schema_keyword");
    return text;
  }
  let text = `${pickFrom(walk.random, walk.words)} ${pickFrom(walk.random, walk.words)}`;
  while (text.length < least) text += ` ${pickFrom(walk.random, walk.words)}`;
  return text.slice(0, Math.max(least, Math.min(most, text.length)));
}

function numberOf(schema: Schema, walk: Walk, whole: boolean): number {
  const step = number(schema.multipleOf, walk, "multipleOf") ?? (whole ? 1 : 0.5);
  if (step <= 0) throw refused(walk, 'has a "multipleOf" that is not above 0');
  const grid = whole && !Number.isInteger(step) ? 1 : step;
  const above = number(schema.exclusiveMinimum, walk, "exclusiveMinimum");
  const below = number(schema.exclusiveMaximum, walk, "exclusiveMaximum");
  const least = Math.max(number(schema.minimum, walk, "minimum") ?? Number.NEGATIVE_INFINITY, above ?? Number.NEGATIVE_INFINITY);
  const most = Math.min(number(schema.maximum, walk, "maximum") ?? Number.POSITIVE_INFINITY, below ?? Number.POSITIVE_INFINITY);
  const from = Number.isFinite(least) ? least : Number.isFinite(most) ? most - 100 * grid : 0;
  const to = Number.isFinite(most) ? most : from + 100 * grid;
  const allowed = (value: number) => value >= from && value <= to && value !== above && value !== below;

  const first = Math.ceil(from / grid);
  const steps = Math.min(Math.floor(to / grid) - first, 100);
  const start = first + pickIndex(walk.random, Math.max(steps, 0) + 1);
  for (const candidate of [start * grid, first * grid, (first + 1) * grid]) if (allowed(candidate)) return candidate;
  // A narrow range between two grid points, such as 0.1 to 0.2: any number in it will do unless the schema asked for a grid.
  const middle = (from + to) / 2;
  if (!whole && schema.multipleOf === undefined && allowed(middle)) return middle;
  throw refused(walk, "has a range that no number satisfies");
}

function resolve(reference: unknown, walk: Walk): unknown {
  if (reference === "#") return walk.root;
  const path = typeof reference === "string" ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference) : null;
  const [, section = "", name = ""] = path ?? [];
  const definitions = isObject(walk.root) ? walk.root[section] : undefined;
  const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
  if (path === null || !isObject(definitions) || !Object.hasOwn(definitions, key))
    throw refused(
      walk,
      `has the $ref "${String(reference)}"; only "#" and existing "#/$defs/…" can be followed`,
      "unsupported_schema_keyword",
    );
  return definitions[key];
}

function count(value: unknown, fallback: number, keyword: string, most: number, walk: Walk): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most)
    throw refused(walk, `has a "${keyword}" that is not a whole number from 0 to ${most}`);
  return value;
}

function number(value: unknown, walk: Walk, keyword: string): number | undefined {
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
  throw refused(walk, `has a "${keyword}" that is not a number`);
}

const isObject = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);

const refused = (walk: Walk, what: string, code = "invalid_schema") => invalidField(walk.param, `the schema ${what}`, code);
