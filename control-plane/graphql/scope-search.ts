/** Limits found by the words of what they are laid on: the names of things, and of scopes such as "end user". */
import { raw } from "@mikro-orm/core";
import { holds, patternOf } from "./text-search.ts";

/** What a limit can be laid on, each with the column that people know it by. */
const scopes = [
  ["project", "name"],
  ["api_key", "name"],
  ["route", "name"],
  ["backend", "key"],
] as const;

interface Limits {
  readonly table: "quota" | "budget";
  /** Those with a closed list of words: "input tokens" finds input_tokens. */
  readonly wordColumns: readonly string[];
  /** A query for the ids of what a row is laid on, by the row's alias. */
  readonly laidOn: (row: string) => string;
}

/** Its things are sought once, and not for each limit. */
export const searchOfLimits = ({ table, wordColumns, laidOn }: Limits) => ({
  inWords: "what it is laid on or what it counts",
  holds: (text: string): object => {
    const things = scopes.map(([thing, name]) => `select id from ${thing} where ${name} ilike ?`).join(" union all ");
    const limits = `select limited.id from ${table} as limited, lateral (${laidOn("limited")}) as scope(id) where scope.id in (${things})`;
    const byThing = raw(
      (row) => `${row}.id in (${limits})`,
      scopes.map(() => patternOf(text)),
    );
    return { $or: [holds(wordColumns, text.replaceAll(" ", "_")), { [byThing]: [] }] };
  },
});
