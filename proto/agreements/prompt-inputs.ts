/**
 * What a prompt takes: its variables as a JSON Schema, derived from its templates or written by its author, and the check of a
 * call's variables against it. Both planes do it alike, so that what was saved is what callers are held to.
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import { compileTemplate, type Partials, type VariableRead } from "./prompt-template.ts";

export type InputSchema = Readonly<Record<string, unknown>>;

/** What is wrong with one variable. */
export interface InputFault {
  readonly variable: string;
  readonly fault: "missing" | "unknown" | "ill-typed";
  /** Of an ill-typed one: what was expected, in the schema's words. */
  readonly message: string;
}

export interface CompiledInputs {
  /** undefined: all is well. */
  faultIn(variables: Readonly<Record<string, unknown>>): InputFault | undefined;
}

/**
 * Without a schema of the author's, what the templates say of each variable by the way they read it: that it has properties, or that it
 * is gone through. None of them must be there, because a template may ask first; one that it cannot do without is missed when it renders.
 */
export function derivedSchema(reads: readonly VariableRead[]): InputSchema {
  const root: ReadOf = { members: new Map(), listed: false, open: false };
  for (const { path, listed } of reads) {
    let at = root;
    for (const part of path) {
      // Of what stands in a place that is not known, nothing more is.
      if (part === null) {
        at.open = true;
        break;
      }
      const next = at.members.get(part) ?? { members: new Map(), listed: false, open: false };
      at.members.set(part, next);
      at = next;
    }
    at.listed ||= listed;
  }
  return { type: "object", properties: propertiesRead(root), additionalProperties: false };
}

/** Of all templates of a version. @throws Error where one is wrong. */
export const derivedInputs = (templates: readonly string[], partials: Partials): InputSchema =>
  derivedSchema(templates.flatMap((template) => compileTemplate(template, partials).reads));

interface ReadOf {
  readonly members: Map<string, ReadOf>;
  listed: boolean;
  /** Also read in a way that lists and texts know. */
  open: boolean;
}

const propertiesRead = ({ members }: ReadOf): InputSchema =>
  Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, read]) => [name, schemaOf(read)]));

function schemaOf(read: ReadOf): InputSchema {
  if (read.members.size > 0 && !read.listed && !read.open) return { type: ["object", "null"], properties: propertiesRead(read) };
  // A loop goes through an object as well, pair by pair.
  return read.listed ? { type: ["array", "object", "null"] } : {};
}

const draft = "2020-12";

/** @param schema as checked by `faultsInSchema`; undefined: names alone are checked. */
export function compileInputs(schema: InputSchema | undefined, variables: readonly string[]): CompiledInputs {
  const known = new Set([...variables, ...Object.keys(propertiesOf(schema))]);
  const required = schema === undefined ? [] : namesIn(schema["required"]);
  const validators = new Map(
    Object.entries(propertiesOf(schema))
      .filter(([, property]) => !saysNothing(property))
      .map(([name, property]) => [name, new Validator(withDefinitions(property, schema), draft, true)]),
  );
  return {
    faultIn: (given) => {
      for (const name of Object.keys(given)) if (!known.has(name)) return { variable: name, fault: "unknown", message: "" };
      for (const name of required) if (!Object.hasOwn(given, name)) return { variable: name, fault: "missing", message: "" };
      for (const [name, value] of Object.entries(given)) {
        const outcome = validators.get(name)?.validate(value);
        if (outcome?.valid === false) return { variable: name, fault: "ill-typed", message: outcome.errors.at(-1)?.error ?? "" };
      }
      return undefined;
    },
  };
}

const saysNothing = (property: unknown): boolean =>
  property === true || (typeof property === "object" && property !== null && Object.keys(property).length === 0);

const schemaLengthMax = 20_000;
const schemaDepthMax = 20;
/** Regular expressions of tenants run in nobody's event loop: one of them can stop it. */
const refusedKeywords = new Set(["pattern", "patternProperties", "$dynamicRef", "$recursiveRef", "$id", "format"]);

/** What is wrong with an author's schema, in words; empty: nothing. */
export function faultsInSchema(schema: unknown, variables: readonly string[]): string[] {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return ["must be a JSON object"];
  const given = schema as InputSchema;
  if (JSON.stringify(given).length > schemaLengthMax) return [`may have ${schemaLengthMax} characters as JSON`];
  const faults = keywordFaults(given);
  if (faults.length > 0) return faults;
  if (given["type"] !== "object") return ['must have "type": "object", with a property for each variable'];
  const properties = propertiesOf(given);
  faults.push(
    ...variables
      .filter((name) => !Object.hasOwn(properties, name))
      .map((name) => `has no property for the variable "${name}" that a template reads`),
    ...namesIn(given["required"])
      .filter((name) => !Object.hasOwn(properties, name))
      .map((name) => `requires "${name}", which is none of its properties`),
  );
  if (faults.length > 0) return faults;
  try {
    // Finds references that lead nowhere, which would otherwise fail with the first call.
    for (const property of Object.values(properties))
      for (const probe of [null, {}, [], ""]) new Validator(withDefinitions(property, given), draft).validate(probe);
  } catch (error) {
    return [error instanceof Error ? error.message : "is no JSON Schema"];
  }
  return [];
}

function keywordFaults(schema: InputSchema): string[] {
  const faults: string[] = [];
  let level: unknown[] = [schema];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > schemaDepthMax) return [`is nested more than ${schemaDepthMax} levels deep`];
    for (const node of level) {
      if (typeof node !== "object" || node === null || Array.isArray(node)) continue;
      for (const [keyword, value] of Object.entries(node)) {
        if (refusedKeywords.has(keyword) && typeof value !== "object") faults.push(`may not use "${keyword}"`);
        if (keyword === "patternProperties") faults.push(`may not use "${keyword}"`);
        if (keyword === "$ref" && (typeof value !== "string" || !value.startsWith("#/$defs/")))
          faults.push('may refer to "#/$defs/…" alone');
      }
    }
    level = level.flatMap((node) => (typeof node === "object" && node !== null ? Object.values(node) : []));
  }
  return faults;
}

function propertiesOf(schema: InputSchema | undefined): Readonly<Record<string, unknown>> {
  const properties = schema?.["properties"];
  return typeof properties === "object" && properties !== null ? (properties as Readonly<Record<string, unknown>>) : {};
}

const withDefinitions = (property: unknown, schema: InputSchema | undefined): Schema =>
  ({
    ...(typeof property === "object" ? property : property === false ? { not: {} } : {}),
    ...(schema?.["$defs"] === undefined ? {} : { $defs: schema["$defs"] }),
  }) as Schema;

const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((name) => typeof name === "string") : []);
