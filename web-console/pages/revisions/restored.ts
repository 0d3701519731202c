/** What a restore leaves as it is: what opens doors, and whose all of it is. */
const neverRestored: ReadonlySet<string> = new Set(["organisation", "api_key"]);

const namedMax = 12;

interface Compared<Change> {
  readonly changesCount: number;
  /** The first of them. */
  readonly changes: readonly Change[];
}

/** @returns count, of which `named` are the first; `atLeast`: not all that differs was listed, so there may be more. */
export function restoredOf<Change extends { readonly kind: string }>({ changesCount, changes }: Compared<Change>) {
  const restored = changes.filter(({ kind }) => !neverRestored.has(kind));
  return { count: restored.length, atLeast: changesCount > changes.length, named: restored.slice(0, namedMax) };
}
