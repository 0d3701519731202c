/**
 * Text that can be kept: PostgreSQL's text and jsonb hold no NUL, and neither they nor protobuf hold half of a surrogate pair.
 * Callers can write both in JSON ("\\u0000", "\\ud800"); whatever of theirs is stored or searched for is looked at here first.
 */
import { ValidationError } from "./control-error.ts";

/** What is wrong with the text, for people; undefined: it can be kept. */
export function faultOfText(text: string): string | undefined {
  if (text.includes("\0")) return "must not hold a NUL character";
  return text.isWellFormed() ? undefined : "must be Unicode: it holds half of a surrogate pair";
}

/** For text that reaches the database before a row of it is checked. @throws ValidationError naming the first that cannot be kept. */
export function requireStorable(texts: Readonly<Record<string, string | null | undefined>>): void {
  for (const [path, text] of Object.entries(texts)) {
    const fault = text == null ? undefined : faultOfText(text);
    if (fault !== undefined) throw new ValidationError([{ path, message: fault }]);
  }
}

export interface FaultyValue {
  /** "stop[1]", under the path that was given. A faulty name is not repeated: the path is of what holds it. */
  readonly path: string;
  readonly message: string;
}

/** What in a value cannot be kept, in the order in which it stands there; without recursion, because depth may be a caller's. */
export function faultsIn(path: string, value: unknown): readonly FaultyValue[] {
  const faults: FaultyValue[] = [];
  const waiting = [{ path, value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const message = typeof next.value === "string" ? faultOfText(next.value) : undefined;
    if (message !== undefined) faults.push({ path: next.path, message });
    if (typeof next.value === "number" && !Number.isFinite(next.value)) faults.push({ path: next.path, message: "is too large a number" });
    waiting.push(...partsOf(next.path, next.value, faults).reverse());
  }
  return faults;
}

function partsOf(path: string, value: unknown, faults: FaultyValue[]): { readonly path: string; readonly value: unknown }[] {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return [];
  if (Array.isArray(value)) return value.map((part: unknown, index) => ({ path: `${path}[${index}]`, value: part }));
  return Object.entries(value).flatMap(([name, part]) => {
    const fault = faultOfText(name);
    if (fault === undefined) return [{ path: path === "" ? name : `${path}.${name}`, value: part as unknown }];
    faults.push({ path, message: `a name in it ${fault}` });
    return [];
  });
}
