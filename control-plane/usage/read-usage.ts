/**
 * Reads of the ledger for one organisation, behind the database's tenant wall. Pages are by key (start of the call, then its
 * id), so that the thousandth page costs what the first did; a summary reads a bounded range of time and answers a bounded
 * number of groups. Numbers that are money or tokens are 64 bits all the way.
 */
import { ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { UsageAttempt, UsageExposure } from "../database/entities/usage-event.ts";
import type { Database } from "../database/orm.ts";
import { requireStorable } from "../storable-text.ts";
import { type OutcomeName, outcomes } from "./ledger-text.ts";

export { type OutcomeName, outcomes } from "./ledger-text.ts";

export interface UsageFilter {
  readonly since?: Date | null | undefined;
  readonly until?: Date | null | undefined;
  readonly routeName?: string | null | undefined;
  readonly apiKeyId?: string | null | undefined;
  readonly backendId?: string | null | undefined;
  readonly outcome?: OutcomeName | null | undefined;
}

/** One row of the ledger. Null is "not known", never 0. */
export interface LedgerEntry {
  readonly callId: string;
  readonly nodeId: string;
  /** Microseconds since the epoch: what a page's cursor needs. */
  readonly startedAtMicros: bigint;
  readonly projectId: string;
  readonly apiKeyId: string;
  readonly routeId: string;
  readonly routeName: string;
  readonly ingress: string;
  readonly streamed: boolean;
  readonly attempts: readonly UsageAttempt[];
  readonly backendId: string;
  readonly providerId: string;
  readonly modelAsked: string;
  readonly modelServed: string;
  readonly promptId: string;
  readonly promptVersion: number;
  readonly exposure: UsageExposure | null;
  readonly inputTokens: bigint | null;
  readonly outputTokens: bigint | null;
  readonly cacheReadTokens: bigint | null;
  readonly cacheWriteTokens: bigint | null;
  readonly reasoningTokens: bigint | null;
  readonly usageEstimated: boolean | null;
  readonly costNanodollars: bigint | null;
  readonly priceVersion: bigint;
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly outcome: OutcomeName;
  readonly errorReason: string;
  readonly finishReason: string;
  readonly cache: string;
  readonly configEpoch: string;
  readonly configNumber: bigint;
  readonly tags: Readonly<Record<string, string>>;
}

const text = (column: string) => `${column}::text as ${column}`;
const entryColumns = [
  text("call_id"),
  "node_id",
  "floor(extract(epoch from started_at) * 1000000)::bigint::text as started_at_micros",
  "project_id, api_key_id, route_id, route_name, ingress, streamed, attempts, backend_id, provider_id, model_asked, model_served",
  "prompt_id, prompt_version, exposure, usage_estimated, outcome, error_reason, finish_reason, cache, config_epoch, tags",
  ...["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"].map(text),
  ...["cost_nanodollars", "price_version", "duration_ms", "time_to_first_token_ms", "config_number"].map(text),
].join(", ");

type Row = Readonly<Record<string, unknown>>;

export interface UsagePage {
  /** Positions are exclusive: see cursorOf. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  /** From the oldest on instead of from the newest. */
  readonly inverted: boolean;
}

export const cursorOf = (entry: Pick<LedgerEntry, "startedAtMicros" | "callId">): string => `${entry.startedAtMicros}.${entry.callId}`;

/** Newest first; with `inverted` oldest first. @throws ValidationError for a cursor that is none. */
export async function usageEntries(
  database: Database,
  organisationId: string,
  filter: UsageFilter,
  page: UsagePage,
): Promise<LedgerEntry[]> {
  const conditions = conditionsOf(filter);
  if (page.after !== undefined) conditions.push(beyond(page.after, "after"));
  if (page.before !== undefined) conditions.push(beyond(page.before, "before"));
  const order = page.inverted ? "started_at asc, usage_event.call_id desc" : "started_at desc, usage_event.call_id asc";
  const rows = await database.tenant(organisationId, (em) =>
    em.execute<Row[]>(`select ${entryColumns} from usage_event ${whereOf(conditions)} order by ${order} limit ?`, [
      ...conditions.flatMap((condition) => condition.values),
      page.limit,
    ]),
  );
  return rows.map(ledgerEntry);
}

export async function usageEntry(database: Database, organisationId: string, callId: string): Promise<LedgerEntry | undefined> {
  if (!isUuid(callId)) return undefined;
  const rows = await database.tenant(organisationId, (em) =>
    em.execute<Row[]>(`select ${entryColumns} from usage_event where call_id = ?`, [callId]),
  );
  return rows.map(ledgerEntry)[0];
}

export const usageGroupings = ["route", "backend", "key", "day"] as const;
export type UsageGrouping = (typeof usageGroupings)[number];

export interface UsageSummaryGroup {
  /** A route's name, an id of a backend or key, or a day in UTC such as 2027-01-31. Empty: none was used. */
  readonly group: string;
  readonly requests: bigint;
  readonly failedRequests: bigint;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly costNanodollars: bigint;
  /** Requests whose cost is not known; they are not in `costNanodollars`. */
  readonly requestsWithoutCost: bigint;
}

const groupColumns = {
  route: "route_name",
  backend: "backend_id",
  key: "api_key_id",
  day: "to_char(started_at at time zone 'UTC', 'YYYY-MM-DD')",
} as const satisfies Record<UsageGrouping, string>;
const groupsMax = 1000;
const daysMax = 93;

/** Groups with the most requests first, days in order; at most 1000. @throws ValidationError for a range that is empty or longer than 93 days. */
export async function usageSummary(
  database: Database,
  organisationId: string,
  range: { readonly since: Date; readonly until: Date },
  grouping: UsageGrouping,
): Promise<readonly UsageSummaryGroup[]> {
  const lengthMs = range.until.getTime() - range.since.getTime();
  if (lengthMs <= 0) throw new ValidationError([{ path: "range.until", message: "must be after range.since" }]);
  if (lengthMs > daysMax * 86_400_000) throw new ValidationError([{ path: "range", message: `may be ${daysMax} days long; ask in parts` }]);
  const rows = await database.tenant(organisationId, (em) =>
    em.execute<Row[]>(
      `select ${groupColumns[grouping]} as grouped, count(*)::text as requests,
         (count(*) filter (where outcome <> 'ok'))::text as failed_requests,
         coalesce(sum(input_tokens), 0)::text as input_tokens, coalesce(sum(output_tokens), 0)::text as output_tokens,
         coalesce(sum(cost_nanodollars), 0)::text as cost_nanodollars,
         (count(*) filter (where cost_nanodollars is null))::text as requests_without_cost
       from usage_event where started_at >= ? and started_at < ?
       group by 1 order by ${grouping === "day" ? "1" : "count(*) desc, 1"} limit ${groupsMax}`,
      [range.since.toISOString(), range.until.toISOString()],
    ),
  );
  return rows.map((row) => ({
    group: String(row.grouped),
    requests: integer(row.requests),
    failedRequests: integer(row.failed_requests),
    inputTokens: integer(row.input_tokens),
    outputTokens: integer(row.output_tokens),
    costNanodollars: integer(row.cost_nanodollars),
    requestsWithoutCost: integer(row.requests_without_cost),
  }));
}

interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

function conditionsOf(filter: UsageFilter): Condition[] {
  const { routeName, apiKeyId, backendId } = filter;
  requireStorable({ "filter.routeName": routeName, "filter.apiKeyId": apiKeyId, "filter.backendId": backendId });
  const conditions: Condition[] = [];
  const add = (sql: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined) conditions.push({ sql, values: [value] });
  };
  add("started_at >= ?", filter.since?.toISOString());
  add("started_at < ?", filter.until?.toISOString());
  add("route_name = ?", routeName);
  add("api_key_id = ?", apiKeyId);
  add("backend_id = ?", backendId);
  add("outcome = ?", filter.outcome);
  return conditions;
}

const whereOf = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? "" : `where ${conditions.map(({ sql }) => sql).join(" and ")}`;

/** In the order of the list (newest first), what stands after a cursor, or before it. */
function beyond(cursor: string, side: "after" | "before"): Condition {
  const [micros = "", callId = ""] = cursor.split(".");
  if (!/^\d{1,17}$/.test(micros) || !isUuid(callId))
    throw new ValidationError([{ path: side, message: "is not a cursor of this list; take one from pageInfo or an edge" }]);
  const time = "timestamptz 'epoch' + ?::bigint * interval '1 microsecond'";
  const [earlier, later] = side === "after" ? ["<", ">"] : [">", "<"];
  return {
    sql: `(started_at ${earlier} ${time} or (started_at = ${time} and usage_event.call_id ${later} ?::uuid))`,
    values: [micros, micros, callId],
  };
}

/** The statement above names the columns, so what is read here is what stands there. */
function ledgerEntry(row: Row): LedgerEntry {
  const word = (name: string) => String(row[name] ?? "");
  const known = (name: string) => (row[name] === null || row[name] === undefined ? null : integer(row[name]));
  const timeToFirstTokenMs = known("time_to_first_token_ms");
  return {
    callId: word("call_id"),
    nodeId: word("node_id"),
    startedAtMicros: integer(row.started_at_micros),
    projectId: word("project_id"),
    apiKeyId: word("api_key_id"),
    routeId: word("route_id"),
    routeName: word("route_name"),
    ingress: word("ingress"),
    streamed: row.streamed === true,
    attempts: row.attempts as readonly UsageAttempt[],
    backendId: word("backend_id"),
    providerId: word("provider_id"),
    modelAsked: word("model_asked"),
    modelServed: word("model_served"),
    promptId: word("prompt_id"),
    promptVersion: Number(row.prompt_version),
    exposure: (row.exposure ?? null) as UsageExposure | null,
    inputTokens: known("input_tokens"),
    outputTokens: known("output_tokens"),
    cacheReadTokens: known("cache_read_tokens"),
    cacheWriteTokens: known("cache_write_tokens"),
    reasoningTokens: known("reasoning_tokens"),
    usageEstimated: row.usage_estimated === null ? null : row.usage_estimated === true,
    costNanodollars: known("cost_nanodollars"),
    priceVersion: integer(row.price_version),
    durationMs: Number(row.duration_ms),
    timeToFirstTokenMs: timeToFirstTokenMs === null ? null : Number(timeToFirstTokenMs),
    outcome: outcomes.find((name) => name === row.outcome) ?? "internal_error",
    errorReason: word("error_reason"),
    finishReason: word("finish_reason"),
    cache: word("cache"),
    configEpoch: word("config_epoch"),
    configNumber: integer(row.config_number),
    tags: row.tags as Readonly<Record<string, string>>,
  };
}

const integer = (value: unknown): bigint => BigInt(String(value));
