/** How a backend does in a word: the worst that any node sees. */
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Badge, type Tone } from "../../ui/marks.tsx";

export const healthFragment = graphql(`
  fragment BackendHealth on Backend {
    archivedAt
    drainedAt
    circuits {
      state
    }
  }
`);

type Health = ResultOf<typeof healthFragment>;

/** @returns rank: the worse, the higher. */
export function seenBy({ archivedAt, drainedAt, circuits }: Health): { readonly word: string; readonly tone: Tone; readonly rank: number } {
  if (archivedAt !== null) return { word: "archived", tone: "neutral", rank: 0 };
  if (drainedAt !== null) return { word: "drained", tone: "warn", rank: 3 };
  if (circuits.length === 0) return { word: "no node", tone: "neutral", rank: 2 };
  const passing = circuits.filter(({ state }) => state !== "CLOSED").length;
  if (passing === 0) return { word: "healthy", tone: "good", rank: 1 };
  if (passing === circuits.length) return { word: "failing", tone: "bad", rank: 5 };
  return { word: `failing on ${passing} of ${circuits.length}`, tone: "bad", rank: 4 };
}

export function HealthBadge({ of }: { readonly of: Health }) {
  const { word, tone } = seenBy(of);
  return <Badge tone={tone}>{word}</Badge>;
}
