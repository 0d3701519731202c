/** A text as it differs from another, word by word. What tells them apart comes when it is first needed. */
import { useEffect, useState } from "react";

interface Part {
  readonly value: string;
  readonly added: boolean;
  readonly removed: boolean;
}

export function WordDiff({ before, after }: { readonly before: string; readonly after: string }) {
  const [parts, setParts] = useState<readonly Part[]>();
  useEffect(() => {
    let wanted = true;
    void import("diff").then(({ diffWordsWithSpace }) => wanted && setParts(diffWordsWithSpace(before, after)));
    return () => {
      wanted = false;
    };
  }, [before, after]);
  if (parts === undefined) return after;
  return parts.map(({ value, added, removed }, index) =>
    added ? <ins key={index}>{value}</ins> : removed ? <del key={index}>{value}</del> : <span key={index}>{value}</span>,
  );
}
