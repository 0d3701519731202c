/** What live nodes were started with, put together by setting, so that what differs between them is seen. Pure. */
export interface ToldNode {
  readonly id: string;
  readonly name: string;
  /** Empty: it has not said. */
  readonly settings: readonly Told[];
}

export interface Told {
  readonly name: string;
  readonly value: string | null;
  readonly isSecret: boolean;
  readonly origin: "FILE" | "ENVIRONMENT" | "DEFAULT";
}

/** The same value from the same place, and who has it. */
export interface Answer extends Pick<Told, "value" | "isSecret" | "origin"> {
  readonly nodes: readonly string[];
}

export interface NodesSetting {
  readonly name: string;
  /** Of most nodes first. */
  readonly answers: readonly Answer[];
  /** Nodes that do not know it, as older ones do not. */
  readonly unknownTo: readonly string[];
  readonly differs: boolean;
}

/** They are each node's own, so that they differ is no news. */
const ownOfEach: ReadonlySet<string> = new Set(["PENSTOCK_NODE_NAME", "PENSTOCK_DATA_DIR"]);

export function settingsOfNodes(all: readonly ToldNode[]): readonly NodesSetting[] {
  const nodes = all.filter(({ settings }) => settings.length > 0);
  const names = [...new Set(nodes.flatMap(({ settings }) => settings.map(({ name }) => name)))].sort();
  return names.map((name) => {
    const answers = new Map<string, Answer & { readonly nodes: string[] }>();
    const unknownTo: string[] = [];
    for (const node of nodes) {
      const told = node.settings.find((setting) => setting.name === name);
      if (told === undefined) {
        unknownTo.push(node.name);
        continue;
      }
      const { value, isSecret, origin } = told;
      const key = JSON.stringify([value, isSecret, origin]);
      const answer = answers.get(key) ?? { value, isSecret, origin, nodes: [] };
      answer.nodes.push(node.name);
      answers.set(key, answer);
    }
    const values = new Set([...answers.values()].map(comparable));
    return {
      name,
      answers: [...answers.values()].sort((one, other) => other.nodes.length - one.nodes.length),
      unknownTo,
      differs: !ownOfEach.has(name) && (values.size > 1 || unknownTo.length > 0),
    };
  });
}

/** Of a secret only whether it is set is known; where from does not matter. */
const comparable = ({ value, isSecret, origin }: Answer): string => JSON.stringify(isSecret ? origin !== "DEFAULT" : value);
