/** What people call nodes: the name that each gave itself, told apart by a piece of the id where several have the same. Pure. */

/** A name of our own making is cut to this, in characters: reports come over a channel that anyone in Redis may write to. */
const nameLengthMax = 100;

export interface NodeNames {
  /** Empty: it has none. */
  note(id: string, name: string): void;
  knows(id: string): boolean;
  /** Always something: of a node that was never heard, or has no name, its short id. */
  of(id: string): string;
}

/** @param idsMax how many are kept; those that were noted first go. */
export function nodeNames(idsMax: number): NodeNames {
  const names = new Map<string, string>();
  const idsOf = new Map<string, Set<string>>();
  const forget = (id: string) => {
    const before = names.get(id);
    if (before === undefined) return;
    names.delete(id);
    const others = idsOf.get(before);
    others?.delete(id);
    if (others?.size === 0) idsOf.delete(before);
  };
  return {
    note: (id, said) => {
      const name = readable(said);
      if (names.get(id) === name) return;
      forget(id);
      if (name === "") return;
      const [first] = names.size >= idsMax ? names.keys() : [];
      if (first !== undefined) forget(first);
      names.set(id, name);
      const ids = idsOf.get(name) ?? new Set();
      idsOf.set(name, ids.add(id));
    },
    knows: (id) => names.has(id),
    of: (id) => {
      const name = names.get(id);
      if (name === undefined) return shortNodeId(id);
      return (idsOf.get(name)?.size ?? 0) > 1 ? `${name} (${shortNodeId(id)})` : name;
    },
  };
}

/** The end of a UUID v7 is chance; its beginning is the time, which nodes that are started together have in common. */
export const shortNodeId = (id: string): string => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id.slice(-6) : id);

const readable = (name: string): string => name.replaceAll(/\p{C}/gu, "").trim().slice(0, nameLengthMax).toWellFormed();
