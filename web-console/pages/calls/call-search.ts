/** What of the call log is in its address: filters, order, the view that was taken, and the call that is open. Pure. */
import { number, oneOf, type StateOf, text } from "../../shell/url-state.ts";
import { type RangeName, rangeChoices } from "../overview/ranges.ts";
import { outcomes } from "./outcome-badge.tsx";

export const callSearch = {
  route: text,
  backend: text,
  key: text,
  project: text,
  outcome: oneOf("FAILED", ...outcomes),
  range: oneOf(...(Object.keys(rangeChoices) as RangeName[])),
  since: text,
  until: text,
  slow: number,
  request: text,
  user: text,
  experiment: text,
  sort: oneOf("slowest", "dearest"),
  /** The id of the view that was taken, see views.tsx. */
  view: text,
  call: text,
} as const;

export type CallFilterState = StateOf<typeof callSearch>;

/** All filters and the order away. */
export const cleared: CallFilterState = Object.fromEntries(Object.keys(callSearch).map((name) => [name, undefined]));

/** What of a search this page knows; the rest is ignored, as in an address. */
export const readFilters = (search: unknown): CallFilterState =>
  Object.fromEntries(Object.entries(callSearch).map(([name, read]) => [name, read((search as Record<string, unknown>)[name])]));

export type CallOrder = "NEWEST" | "SLOWEST" | "DEAREST";
export const orderOf = ({ sort }: CallFilterState): CallOrder =>
  sort === undefined ? "NEWEST" : sort === "slowest" ? "SLOWEST" : "DEAREST";

export type CallFilter = ReturnType<typeof filterOf>;

/** As GraphQL takes it. */
export function filterOf(url: CallFilterState) {
  const range = url.range === undefined ? undefined : rangeChoices[url.range].of();
  const since = url.since ?? range?.since;
  return {
    ...(url.route && { routeName: [url.route] }),
    ...(url.backend && { backendId: [url.backend] }),
    ...(url.key && { apiKeyId: [url.key] }),
    ...(url.project && { projectId: [url.project] }),
    ...(url.outcome && { outcome: url.outcome === "FAILED" ? outcomes.filter((one) => one !== "OK") : [url.outcome] }),
    ...(url.slow && { durationMsMin: url.slow }),
    ...(url.request && { requestId: url.request }),
    ...(url.user && { endUser: [url.user] }),
    ...(url.experiment && { experimentId: [url.experiment] }),
    ...(since && { since }),
    ...(url.until && { until: url.until }),
  };
}
