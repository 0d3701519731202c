/**
 * JSON that a caller wrote, kept as it was written. A request that goes on in its own dialect is forwarded as this text with a
 * few members replaced, so that unknown fields, the order of keys and numbers beyond 2^53 survive: JSON.parse would lose them.
 *
 * The scan is structural only (strings, depth, where the top-level members stand) and must run before JSON.parse, because V8
 * parses a million nested arrays without complaint and other parts of a program then overflow on them.
 */
import { GatewayError } from "../gateway-error.ts";

/** Deeper nesting has no use in a completion and is refused. */
export const jsonDepthMax = 64;

export interface JsonText {
  readonly text: string;
  /** Where each top-level member stands in the text. */
  readonly members: ReadonlyMap<string, MemberSpan>;
  /** The parsed value. Do not copy it with spread or assign: a member may be named __proto__. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** Offsets: of the name's opening quote, and of the value [start, end). */
export interface MemberSpan {
  readonly name: number;
  readonly start: number;
  readonly end: number;
}

/** @throws GatewayError INVALID_ARGUMENT: not JSON, not an object, too deep, a name twice. */
export function readJsonText(text: string): JsonText {
  const members = scan(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8's message quotes the text around the mistake, which helps whoever wrote it and is theirs.
    throw new GatewayError(
      "INVALID_ARGUMENT",
      `the body is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : "it does not parse"}`,
      { cause },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new GatewayError("INVALID_ARGUMENT", "the body must be a JSON object");
  return { text, members, value: value as Record<string, unknown> };
}

/** A text for a value that was made here and not written by a caller. */
export const jsonTextOf = (value: Readonly<Record<string, unknown>>): JsonText => readJsonText(JSON.stringify(value));

/**
 * The text with members replaced, added or (undefined) left out.
 * @param replacements member name → JSON text of its new value.
 */
export function spliced(json: JsonText, replacements: ReadonlyMap<string, string | undefined>): string {
  const { text, members } = json;
  for (const [name, by] of replacements) if (by === undefined && members.has(name)) return rebuilt(json, replacements);
  const edits: { start: number; end: number; by: string }[] = [];
  let added = "";
  for (const [name, by] of replacements) {
    if (by === undefined) continue;
    const span = members.get(name);
    if (span === undefined) added += `,${JSON.stringify(name)}:${by}`;
    else edits.push({ start: span.start, end: span.end, by });
  }
  edits.sort((a, b) => a.start - b.start);
  let result = "";
  let at = 0;
  for (const { start, end, by } of edits) {
    result += text.slice(at, start) + by;
    at = end;
  }
  if (added === "") return result + text.slice(at);
  const close = text.lastIndexOf("}");
  return result + text.slice(at, close) + (members.size === 0 ? added.slice(1) : added) + text.slice(close);
}

function rebuilt({ text, members }: JsonText, replacements: ReadonlyMap<string, string | undefined>): string {
  const parts: string[] = [];
  for (const [name, span] of members) {
    if (!replacements.has(name)) parts.push(text.slice(span.name, span.end));
  }
  for (const [name, by] of replacements) if (by !== undefined) parts.push(`${JSON.stringify(name)}:${by}`);
  return `{${parts.join(",")}}`;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;

/** Finds the top-level members. Text that is not JSON gives some answer; JSON.parse is the judge of that. */
function scan(text: string): Map<string, MemberSpan> {
  const members = new Map<string, MemberSpan>();
  let depth = 0;
  let nameStart = -1;
  let nameEnd = -1;
  let valueStart = -1;
  const close = (at: number) => {
    if (valueStart < 0) return;
    let end = at;
    while (end > valueStart && isSpace(text.charCodeAt(end - 1))) end--;
    while (valueStart < end && isSpace(text.charCodeAt(valueStart))) valueStart++;
    const name = unquoted(text.slice(nameStart, nameEnd + 1));
    // Two values for one name: the backend might take the one that was not checked here.
    if (members.has(name))
      throw new GatewayError("INVALID_ARGUMENT", `the body says "${name.slice(0, 100)}" twice`, { field: name.slice(0, 100) });
    members.set(name, { name: nameStart, start: valueStart, end });
    valueStart = -1;
  };
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote: {
        const end = stringEnd(text, i);
        if (depth === 1 && valueStart < 0) {
          nameStart = i;
          nameEnd = end;
        }
        i = end;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        if (++depth > jsonDepthMax) throw new GatewayError("INVALID_ARGUMENT", `the body is nested more than ${jsonDepthMax} levels deep`);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        if (--depth === 0) close(i);
        break;
      case colon:
        if (depth === 1 && valueStart < 0 && nameStart >= 0) valueStart = i + 1;
        break;
      case comma:
        if (depth === 1) close(i);
        break;
    }
  }
  return members;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** The index of the quote that closes the string opened at `open`, or the text's last index. */
function stringEnd(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length - 1;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}

function unquoted(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}
