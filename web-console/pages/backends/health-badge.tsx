/** How a backend does in a word. */
import { graphql } from "../../graphql/documents.ts";
import { Badge } from "../../ui/marks.tsx";
import { type SeenBackend, seenBy } from "./in-words.ts";

export const healthFragment = graphql(`
  fragment BackendHealth on Backend {
    createdAt
    archivedAt
    drainedAt
    circuits {
      state
      attempts
      lastErrorAt
    }
    lastDay {
      figures {
        calls
      }
    }
  }
`);

export function HealthBadge({ of }: { readonly of: SeenBackend }) {
  const { word, tone } = seenBy(of);
  return <Badge tone={tone}>{word}</Badge>;
}
