/** What this tab remembers of the explorer while it lives: in memory alone, so that no query outlasts a reload, and of one person. */
import type { Ask } from "./link.ts";
import { remembered } from "./operations.ts";

interface Kept {
  readonly person: string;
  readonly draft: Ask | undefined;
  readonly last: readonly Ask[];
}

let kept: Kept = { person: "", draft: undefined, last: [] };

/** @param person who is signed in, and for which organisation. */
export const keptOf = (person: string): Kept => (kept.person === person ? kept : { person, draft: undefined, last: [] });

export function keepDraft(person: string, draft: Ask): void {
  kept = { ...keptOf(person), draft };
}

export function keepAsked(person: string, asked: Ask): void {
  const before = keptOf(person);
  kept = { ...before, last: remembered(before.last, asked) };
}
