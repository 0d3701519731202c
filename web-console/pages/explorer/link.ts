/** A query in an address: after the #, which reaches no server and so no server's log. */
export interface Ask {
  readonly query: string;
  /** JSON, as it was typed. Empty: none. */
  readonly variables: string;
}

/** @param variables as a value; the explorer shows them as JSON. */
export const explorerHash = (query: string, variables: unknown): string => encodeURIComponent(JSON.stringify({ query, variables }));

/** @param hash with or without the # before it, encoded or not: routers differ. @returns undefined where it holds no query. */
export function askIn(hash: string): Ask | undefined {
  const bare = hash.replace(/^#/, "");
  for (const read of [() => bare, () => decodeURIComponent(bare)])
    try {
      const { query, variables } = JSON.parse(read());
      if (typeof query === "string") return { query, variables: JSON.stringify(variables ?? {}, null, 2) };
    } catch {
      // Not in this way.
    }
  return undefined;
}
