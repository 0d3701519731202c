/** What of the call log is in its address: filters, order, the view that was taken, and the call that is open. Pure. */
import { money } from "../../format/numbers.ts";
import { number, oneOf, type StateOf, text } from "../../shell/url-state.ts";
import { type RangeName, rangeChoices } from "../overview/ranges.ts";
import { outcomes, outcomeWords } from "./outcomes.ts";

const wholeNumber = (given: unknown): string | undefined => (/^\d{1,18}$/.test(String(given)) ? String(given) : undefined);

/** "team=": calls without that tag. Undefined: it says no value, and what is meant cannot be known. */
function tagOf(typed: string): { name: string; values: string[] } | undefined {
  const [name = "", ...value] = typed.split("=");
  return name.trim() === "" || value.length === 0 ? undefined : { name: name.trim(), values: [value.join("=").trim()] };
}

/** What is wrong with filters whose words can be wrong, for their fields. Such a filter holds nobody back. */
export const filterProblems = ({ tag, cost }: Pick<CallFilterState, "tag" | "cost">) => ({
  tag: tag === undefined || tagOf(tag) !== undefined ? undefined : "Write name=value; this is not filtered by",
  cost: cost === undefined || wholeNumber(cost) !== undefined ? undefined : "Write dollars, such as 0.05; this is not filtered by",
});

export const callSearch = {
  route: text,
  backend: text,
  key: text,
  project: text,
  prompt: text,
  /** Of the prompt. */
  version: wholeNumber,
  outcome: oneOf("FAILED", ...outcomes),
  range: oneOf(...(Object.keys(rangeChoices) as RangeName[])),
  since: text,
  until: text,
  slow: number,
  /** In nano-dollars; else what was typed, for filterProblems to refuse. */
  cost: text,
  /** "name=value"; else as with cost. */
  tag: text,
  /** Words that were said. */
  said: text,
  request: text,
  user: text,
  experiment: text,
  sort: oneOf("slowest", "dearest"),
  /** Ids of columns, see columnsOf. */
  cols: text,
  /** The id of the view that was taken, see views.tsx. */
  view: text,
  call: text,
} as const;

export type CallFilterState = StateOf<typeof callSearch>;

/** All filters and the order away. */
export const cleared: CallFilterState = Object.fromEntries(Object.keys(callSearch).map((name) => [name, undefined]));

const filterWords: Readonly<Record<keyof typeof callSearch, string>> = {
  route: "Route",
  backend: "Backend",
  key: "API key",
  project: "Project",
  prompt: "Prompt",
  version: "Version",
  outcome: "Outcome",
  range: "Time",
  since: "Since",
  until: "Until",
  slow: "Took at least, ms",
  cost: "Cost at least",
  tag: "Tag",
  said: "Words",
  request: "Request id",
  user: "End user",
  experiment: "Experiment",
  sort: "Order",
  cols: "Columns",
  view: "View",
  call: "Call",
};

/** Filters as one reads them. Those that are ids are only named: what they are called is not in the address. */
export function inWords(search: Readonly<Record<string, string>>): string {
  return Object.entries(readFilters(search))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const word = filterWords[name as keyof typeof callSearch];
      return `${word}: ${saidOf(name, String(value))}`;
    })
    .join(" · ");
}

function saidOf(name: string, value: string): string {
  if (["backend", "key", "project", "prompt", "experiment"].includes(name)) return "one";
  if (name === "outcome") return value === "FAILED" ? "anything but ok" : outcomeWords(value);
  if (name === "range") return rangeChoices[value as RangeName].name;
  if (name === "cost") return wholeNumber(value) === undefined ? value : money(value);
  if (name === "sort") return `${value} first`;
  if (name === "cols") return String(columnsOf(value).length);
  return value;
}

/** What of a search this page knows; the rest is ignored, as in an address. */
export const readFilters = (search: unknown): CallFilterState =>
  Object.fromEntries(Object.entries(callSearch).map(([name, read]) => [name, read((search as Record<string, unknown>)[name])]));

export type CallOrder = "NEWEST" | "SLOWEST" | "DEAREST";
/** Words are sought from the newest call on, whatever the address says. */
export const orderOf = ({ sort, said }: CallFilterState): CallOrder =>
  sort === undefined || said !== undefined ? "NEWEST" : sort === "slowest" ? "SLOWEST" : "DEAREST";

export type CallFilter = ReturnType<typeof filterOf>;

/** As GraphQL takes it. */
export function filterOf(url: CallFilterState) {
  const range = url.range === undefined ? undefined : rangeChoices[url.range].of();
  const since = url.since ?? range?.since;
  const tag = url.tag === undefined ? undefined : tagOf(url.tag);
  const cost = wholeNumber(url.cost);
  return {
    ...(url.route && { routeName: [url.route] }),
    ...(url.backend && { backendId: [url.backend] }),
    ...(url.key && { apiKeyId: [url.key] }),
    ...(url.project && { projectId: [url.project] }),
    ...(url.prompt && (url.version ? { promptVersion: [`${url.prompt}@${url.version}`] } : { promptId: [url.prompt] })),
    ...(url.outcome && { outcome: url.outcome === "FAILED" ? outcomes.filter((one) => one !== "OK") : [url.outcome] }),
    ...(url.slow && { durationMsMin: url.slow }),
    ...(cost && { costNanodollarsMin: cost }),
    ...(tag && { tags: [tag] }),
    ...(url.request && { requestId: url.request }),
    ...(url.user && { endUser: [url.user] }),
    ...(url.experiment && { experimentId: [url.experiment] }),
    ...(since && { since }),
    ...(url.until && { until: url.until }),
  };
}

/** Of columns that can be left out, in the order in which they stand. */
export const columnIds = ["backend", "model", "key", "attempts", "tokens", "first", "cost"] as const;
export type ColumnId = (typeof columnIds)[number];
const usualColumns: readonly ColumnId[] = ["backend", "key", "tokens", "first", "cost"];

/** @param cols "backend,cost"; "none": none of them. Undefined: the usual ones. */
export function columnsOf(cols: string | undefined): readonly ColumnId[] {
  if (cols === undefined) return usualColumns;
  const named = cols.split(",");
  return columnIds.filter((id) => named.includes(id));
}

/** The address with a column more or less. */
export function withColumn(cols: string | undefined, id: ColumnId, shown: boolean): string | undefined {
  const before = columnsOf(cols);
  const after = columnIds.filter((one) => (one === id ? shown : before.includes(one)));
  if (after.join() === usualColumns.join()) return undefined;
  return after.length === 0 ? "none" : after.join();
}
