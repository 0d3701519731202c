/** How an answer ended, in one vocabulary. Each dialect has a table of its own words; one that is in none is kept as it is, and told. */
import type { FinishReason } from "../pipeline/completion-event.ts";

export type FinishTable = Readonly<Record<string, FinishReason["unified"]>>;

/** Told once for each word that no table has. Never throws. */
export type UnknownFinish = (dialect: string, raw: string) => void;

/** @param log is called once for each word of a dialect, and for 100 words at the most: they are a backend's. */
export function unknownFinishOnce(log: (dialect: string, raw: string) => void): UnknownFinish {
  const seen = new Set<string>();
  return (dialect, raw) => {
    const key = `${dialect} ${raw.slice(0, 100)}`;
    if (seen.has(key) || seen.size >= 100) return;
    seen.add(key);
    log(dialect, raw.slice(0, 100));
  };
}

export function finishReasonIn(dialect: string, table: FinishTable, raw: string, unknown: UnknownFinish): FinishReason {
  const unified = Object.hasOwn(table, raw) ? table[raw] : undefined;
  if (unified === undefined) unknown(dialect, raw);
  return { unified: unified ?? "other", raw };
}
