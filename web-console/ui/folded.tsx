/** What most people leave alone, folded away; open at first where something stands in it, and whenever something in it is wrong. */
import { type ReactNode, useState } from "react";

interface FoldedProps {
  readonly summary: ReactNode;
  /** As it begins: what is emptied later does not close under the hand. */
  readonly filled: boolean;
  readonly wrong?: boolean;
  readonly children: ReactNode;
}

export function Folded({ summary, filled, wrong = false, children }: FoldedProps) {
  const [begins] = useState(filled);
  return (
    <details open={begins || wrong}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
