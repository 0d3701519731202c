/**
 * Calls in the order of how long they took or what they cost, the most first. Pages are by key (that measure, then the call's id).
 *
 * Where the sums say that the calls that are meant lie among few, those few are read and sorted. Else calls are read off an index in
 * order, some thousand at a time, and those that do not fit are passed over: what could not be looked through in time is the next
 * page's, as in findCalls. Calls whose cost is not known have no place among the dear ones.
 */
import { ValidationError } from "../control-error.ts";
import { executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { candidates } from "./call-candidates.ts";
import { type Astray, astrayIn, daysOf, type Given, instantOf, parametersOf, type Span } from "./ledger-span.ts";
import { keptSince } from "./plan-usage.ts";
import {
  type CallFilter,
  checkCallFilter,
  entryColumns,
  type FoundCalls,
  type LedgerEntry,
  ledgerEntry,
  ownConditions,
  type Row,
} from "./read-usage.ts";
import { type ReadOn, searchOn } from "./search-on.ts";
import { conditionsOf } from "./usage-statement.ts";

const measures = { slowest: "duration_ms", dearest: "cost_nanodollars" } as const;
export type MeasuredOrder = keyof typeof measures;

export interface OrderedPage {
  /** Exclusive: see orderedCursorOf. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface SearchBounds {
  /** Calls that are read and sorted at once. */
  readonly sortedMax: number;
  /** Calls that are first read off the index at once. */
  readonly readAtOnce: number;
}

const usualBounds: SearchBounds = { sortedMax: 20_000, readAtOnce: 1_000 };
const stretchesMax = 48;

export const orderedCursorOf = (order: MeasuredOrder, { durationMs, costNanodollars, callId }: LedgerEntry): string =>
  `${order}.${order === "slowest" ? durationMs : costNanodollars}.${callId}`;

/** @throws ValidationError for a cursor that is none of this order, or a filter that cannot be. */
export async function findOrderedCalls(
  database: Database,
  organisationId: string,
  filter: CallFilter,
  order: MeasuredOrder,
  page: OrderedPage,
  bounds: SearchBounds = usualBounds,
): Promise<FoundCalls> {
  const beganAtMs = performance.now();
  checkCallFilter(filter);
  const search: Search = { filter, measure: measures[order], limit: page.limit };
  const after = page.after === undefined ? undefined : readCursor(order, page.after);
  return database.tenantAtOnce(organisationId, async (em) => {
    const span = { fromMs: filter.since?.getTime() ?? 0, untilMs: filter.until?.getTime() ?? Number.POSITIVE_INFINITY };
    // These lead to their calls by themselves.
    const direct = filter.callId != null || filter.requestId != null || filter.end_user != null;
    const few = direct ? [span] : await fewStretches(em, filter, span, bounds.sortedMax);
    if (few !== undefined) return { entries: await sorted(em, search, after, few), reached: undefined };
    const astray = await astrayIn(em, span);
    return searchOn({
      beganAtMs,
      limit: page.limit,
      after: after && `${after.value}.${after.callId}`,
      readAtOnce: bounds.readAtOnce,
      readOn: (step) => readOn({ em, search, span, astray }, step),
      cursorAt: (place) => `${order}.${place}`,
    });
  });
}

interface Search {
  readonly filter: CallFilter;
  readonly measure: (typeof measures)[MeasuredOrder];
  readonly limit: number;
}

interface Place {
  readonly value: string;
  readonly callId: string;
}

/** Where in time the calls can be; undefined: among more than may be sorted at once. */
async function fewStretches(em: EntityManager, filter: CallFilter, span: Span, sortedMax: number): Promise<readonly Span[] | undefined> {
  const { minutesFromMs } = keptSince(Date.now(), 0);
  const stretches: Span[] = [];
  let calls = 0;
  for await (const { fromMs, untilMs, all } of candidates(em, { filter, span, newestFirst: true, minutesFromMs })) {
    const last = stretches.at(-1);
    if (last !== undefined && last.fromMs === untilMs) stretches[stretches.length - 1] = { fromMs, untilMs: last.untilMs };
    else stretches.push({ fromMs, untilMs });
    calls += all;
    if (calls > sortedMax || stretches.length > stretchesMax) return undefined;
  }
  return stretches;
}

async function sorted(em: EntityManager, search: Search, after: Place | undefined, stretches: readonly Span[]): Promise<LedgerEntry[]> {
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (first === undefined || last === undefined) return [];
  const astray = await astrayIn(em, { fromMs: last.fromMs, untilMs: first.untilMs });
  const { parameters, given } = parametersOf();
  const conditions = [...conditionsOfSearch(search, given), ...beyond(search, after, given)];
  const parts = stretches.map(
    (span) => `(select * from usage_event where ${[...within(span, astray, given), ...conditions].join(" and ")})`,
  );
  const rows = await executeBound<Row>(
    em,
    // Kept from being planned into the whole: by the index of the order, few among many would be sought one by one.
    `with found as materialized (${parts.join(" union all ")})
      select ${entryColumns} from found as usage_event order by ${orderOf(search)} limit ${given(search.limit, "bigint")}`,
    parameters,
  );
  return rows.map(ledgerEntry);
}

interface Reading {
  readonly em: EntityManager;
  readonly search: Search;
  readonly span: Span;
  readonly astray: Astray;
}

/** Of the next `most` calls in order those that fit, with how many were read and where the last of them stands; one row says that alone. */
function readOn({ em, search, span, astray }: Reading, { place, most, room }: ReadOn): Promise<readonly Row[]> {
  const { measure } = search;
  const [value = "", callId = ""] = place?.split(".") ?? [];
  const from = place === undefined ? undefined : { value, callId };
  const { parameters, given } = parametersOf();
  const conditions = [...within(span, astray, given), ...boundsOf(search, given), ...beyond(search, from, given)];
  return executeBound<Row>(
    em,
    `with read as materialized (
        select * from usage_event where ${conditions.join(" and ")} order by ${orderOf(search)} limit ${given(most, "bigint")}),
      found as (
        select ${entryColumns}, ${measure} as measured from read as usage_event
        where ${["true", ...conditionsOfSearch(search, given)].join(" and ")} order by ${orderOf(search)} limit ${given(room, "bigint")})
      select edge.*, found.* from
        (select count(*)::text as read, (array_agg(${measure}::text || '.' || call_id::text order by ${measure}, call_id desc))[1] as reached from read) as edge
        left join found on true order by found.measured desc, found.call_id::uuid`,
    parameters,
  );
}

const orderOf = ({ measure }: Search): string => `usage_event.${measure} desc, usage_event.call_id`;

const conditionsOfSearch = ({ filter, measure }: Search, given: Given): readonly string[] => [
  `${measure} is not null`,
  ...conditionsOf(filter, "ledger", given),
  ...ownConditions(filter, given),
];

/** What of the filter is said of the measure itself: behind it there is nothing to look for. */
const boundsOf = ({ filter, measure }: Search, given: Given): readonly string[] => {
  const { durationMsMin, durationMsMax, costNanodollarsMin } = filter;
  const bounds = measure === "duration_ms" ? { durationMsMin, durationMsMax } : { costNanodollarsMin };
  return [`${measure} is not null`, ...ownConditions(bounds, given)];
};

/** All of time needs no word; of a part the days are named, so that others are not looked at. */
const within = (span: Span, astray: Astray, given: Given): readonly string[] =>
  span.fromMs === 0 && span.untilMs === Number.POSITIVE_INFINITY
    ? ["true"]
    : [
        daysOf(span, astray, given),
        `started_at >= ${given(instantOf(span.fromMs), "timestamptz")} and started_at < ${given(instantOf(span.untilMs), "timestamptz")}`,
      ];

const beyond = ({ measure }: Search, place: Place | undefined, given: Given): readonly string[] => {
  if (place === undefined) return [];
  const value = given(place.value, "bigint");
  return [`${measure} <= ${value} and (${measure} < ${value} or usage_event.call_id > ${given(place.callId, "uuid")})`];
};

function readCursor(order: MeasuredOrder, cursor: string): Place {
  const [of, value = "", callId = ""] = cursor.split(".");
  if (of !== order || !/^\d{1,18}$/.test(value) || !isUuid(callId))
    throw new ValidationError([{ path: "after", message: "is not a cursor of this order; take one from pageInfo or an edge" }]);
  return { value, callId };
}
