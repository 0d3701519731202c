/**
 * Which of a choice's tool calls a streamed piece belongs to, where backends are sloppy: no index at all, index 0 for every
 * call, the id repeated on each piece, several whole calls at once. A caller puts pieces together by their index, so a wrong
 * one joins two calls into one that nobody asked for. Pure, besides what it remembers of one stream.
 */

export interface ToolCallIndexes {
  /**
   * @param given the piece's own index, if it is one.
   * @param id of the call, empty where the piece has none; so too `name`.
   */
  of(given: unknown, id: string, name: string): ToolCallPiece;
  /** Calls so far: one more than the highest index. */
  count(): number;
}

export interface ToolCallPiece {
  readonly index: number;
  /** The call's id has come with an earlier piece; said again, some callers would append it. */
  readonly idKnown: boolean;
  /** So has its name, the very same. */
  readonly nameKnown: boolean;
}

/** An index beyond this is no index. */
const indexMax = 1023;

export function toolCallIndexes(): ToolCallIndexes {
  const indexOfId = new Map<string, number>();
  /** Indexes whose call has its id. */
  const named = new Set<number>();
  /** Index → the name with which its call began. */
  const names = new Map<number, string>();
  /** The backend's index → that of the call which it last stood for. */
  const meant = new Map<number, number>();
  let count = 0;
  let last = 0;

  function indexOf(given: number | undefined, id: string, name: string): number {
    if (id !== "") {
      const known = indexOfId.get(id);
      if (known !== undefined) return known;
      const asked = given === undefined ? undefined : (meant.get(given) ?? given);
      // Its own index, unless that is another call's by now.
      if (asked !== undefined) return named.has(asked) ? count : asked;
      return name === "" && count > 0 && !named.has(last) ? last : count;
    }
    if (given !== undefined) return meant.get(given) ?? given;
    // Without id and index only a name tells that another call begins.
    return name !== "" ? count : last;
  }

  return {
    of(given, id, name) {
      const own = typeof given === "number" && Number.isInteger(given) && given >= 0 && given <= indexMax ? given : undefined;
      const index = indexOf(own, id, name);
      const idKnown = id !== "" && indexOfId.has(id);
      if (id !== "") {
        indexOfId.set(id, index);
        named.add(index);
      }
      const nameKnown = name !== "" && names.get(index) === name;
      if (name !== "" && !nameKnown) names.set(index, name);
      if (own !== undefined) meant.set(own, index);
      count = Math.max(count, index + 1);
      last = index;
      return { index, idKnown, nameKnown };
    },
    count: () => count,
  };
}
