/** Two changes to one thing, put together field by field. */
export type Picks = Readonly<Record<string, "mine" | "theirs">>;

export const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Field by field: whoever changed it; where both did, who was picked. */
export function merged<V extends Readonly<Record<string, unknown>>>(base: V, mine: V, theirs: V, picks: Picks): V {
  const entries = Object.keys(base).map((name) => {
    if (same(mine[name], base[name])) return [name, theirs[name]];
    if (same(theirs[name], base[name])) return [name, mine[name]];
    return [name, picks[name] === "theirs" ? theirs[name] : mine[name]];
  });
  return Object.fromEntries(entries) as V;
}
