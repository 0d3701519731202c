/**
 * Reads of the ledger for one organisation, behind the database's tenant wall. Pages are by key (start of the call, then its
 * id), so that the thousandth page costs what the first did. Numbers that are money or tokens are 64 bits all the way.
 */
import { ValidationError } from "../control-error.ts";
import { executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { UsageAttempt, UsageExposure, UsageQuotaMark } from "../database/entities/usage-event.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { requireStorable } from "../storable-text.ts";
import { candidates, type Sought } from "./call-candidates.ts";
import { astrayIn, daysOf, type Given, instantOf, parametersOf, type Span } from "./ledger-span.ts";
import { type OutcomeName, outcomes } from "./ledger-text.ts";
import { keptSince } from "./plan-usage.ts";
import { checkFilter, type DimensionFilter } from "./usage-question.ts";
import { conditionsOf } from "./usage-statement.ts";

export interface CallFilter extends DimensionFilter {
  readonly since?: Date | null | undefined;
  readonly until?: Date | null | undefined;
  readonly callId?: readonly string[] | null | undefined;
  /** The caller's own. */
  readonly requestId?: string | null | undefined;
  readonly durationMsMin?: number | null | undefined;
  readonly durationMsMax?: number | null | undefined;
  readonly costNanodollarsMin?: bigint | null | undefined;
  /** That was passed, or refused the call. */
  readonly quotaId?: string | null | undefined;
  /** Whether what was said is kept. */
  readonly hasContent?: boolean | null | undefined;
}

/** One row of the ledger. Null is "not known", never 0. */
export interface LedgerEntry {
  readonly callId: string;
  readonly nodeId: string;
  /** Microseconds since the epoch: what a page's cursor needs. */
  readonly startedAtMicros: bigint;
  readonly projectId: string;
  readonly apiKeyId: string;
  readonly endUserHash: string;
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
  readonly cacheWriteOneHourTokens: bigint | null;
  readonly audioInputTokens: bigint | null;
  readonly audioOutputTokens: bigint | null;
  readonly imageInputTokens: bigint | null;
  readonly imageOutputTokens: bigint | null;
  readonly usageEstimated: boolean | null;
  readonly costNanodollars: bigint | null;
  readonly priceVersion: bigint;
  readonly discountBasisPoints: number;
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly outcome: OutcomeName;
  readonly errorReason: string;
  readonly finishReason: string;
  readonly cache: string;
  readonly configEpoch: string;
  readonly configNumber: bigint;
  readonly tags: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly quotaMarks: readonly UsageQuotaMark[];
  /** See callTimeline; null: nothing was timed. */
  readonly timeline: Uint8Array | null;
  /** When the ledger got it; null: it had it before it wrote this down. */
  readonly recordedAt: Date | null;
}

const text = (column: string) => `${column}::text as ${column}`;
export const entryColumns = [
  text("call_id"),
  "node_id",
  "floor(extract(epoch from started_at) * 1000000)::bigint::text as started_at_micros",
  "(extract(epoch from recorded_at) * 1000)::bigint::text as recorded_at_ms",
  "project_id, api_key_id, end_user_hash, route_id, route_name, ingress, streamed, attempts, backend_id, provider_id, model_asked, model_served",
  "prompt_id, prompt_version, exposure, usage_estimated, outcome, error_reason, finish_reason, cache, config_epoch, tags, request_id, discount_basis_points, quota_marks, timeline",
  ...["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"].map(text),
  ...["cache_write_one_hour_tokens", "audio_input_tokens", "audio_output_tokens", "image_input_tokens", "image_output_tokens"].map(text),
  ...["cost_nanodollars", "price_version", "duration_ms", "time_to_first_token_ms", "config_number"].map(text),
].join(", ");

export type Row = Readonly<Record<string, unknown>>;

export interface UsagePage {
  /** Positions are exclusive: see cursorOf. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  /** From the oldest on instead of from the newest. */
  readonly inverted: boolean;
}

export const cursorOf = (entry: Pick<LedgerEntry, "startedAtMicros" | "callId">): string => `${entry.startedAtMicros}.${entry.callId}`;

export interface FoundCalls {
  readonly entries: LedgerEntry[];
  /** There was no time to look further: a cursor from which to go on. Undefined: all was looked through, or the page is full. */
  readonly reached: string | undefined;
}

/** @throws ValidationError */
export function checkCallFilter(filter: CallFilter): void {
  checkFilter(filter);
  requireStorable({ "filter.requestId": filter.requestId, "filter.quotaId": filter.quotaId });
}

/**
 * Newest first; with `inverted` oldest first. Sums say where in time to look, so that a call a month ago is found as soon as one of now.
 * @throws ValidationError for a cursor that is none, or a filter that cannot be.
 */
export async function findCalls(database: Database, organisationId: string, filter: CallFilter, page: UsagePage): Promise<FoundCalls> {
  checkCallFilter(filter);
  const span = {
    fromMs: Math.max(filter.since?.getTime() ?? 0, page.before === undefined ? 0 : timeOf(page.before, "before")),
    untilMs: Math.min(filter.until?.getTime() ?? latest, page.after === undefined ? latest : timeOf(page.after, "after") + 1),
  };
  return database.tenantAtOnce(organisationId, async (em) => {
    // These lead to their calls by themselves.
    if (filter.callId != null || filter.requestId != null)
      return { entries: await readPart(em, filter, page, [], page.limit), reached: undefined };
    const { minutesFromMs } = keptSince(Date.now(), 0);
    return walk(em, filter, page, { filter, span, newestFirst: !page.inverted, minutesFromMs });
  });
}

/** Reads where calls can be until the page is full, some stretches at a time. */
async function walk(em: EntityManager, filter: CallFilter, page: UsagePage, sought: Sought): Promise<FoundCalls> {
  const giveUpAtMs = performance.now() + searchMs;
  const entries: LedgerEntry[] = [];
  let part: Span[] = [];
  let hoped = 0;
  const read = async (): Promise<void> => {
    for (const entry of part.length === 0 ? [] : await readPart(em, filter, page, part, page.limit - entries.length)) entries.push(entry);
    hoped = 0;
  };
  for await (const { fromMs, untilMs, calls } of candidates(em, sought)) {
    const last = part.at(-1);
    if (last !== undefined && last.fromMs === untilMs) part[part.length - 1] = { fromMs, untilMs: last.untilMs };
    else if (last !== undefined && last.untilMs === fromMs) part[part.length - 1] = { fromMs: last.fromMs, untilMs };
    else part.push({ fromMs, untilMs });
    hoped += calls;
    if (part.length < stretchesAtOnce && hoped < page.limit - entries.length) continue;
    await read();
    if (entries.length >= page.limit) return { entries, reached: undefined };
    if (performance.now() > giveUpAtMs) return { entries, reached: cursorAt(page.inverted ? untilMs : fromMs) };
    part = [];
  }
  await read();
  return { entries, reached: undefined };
}

const latest = Number.POSITIVE_INFINITY;
/** A page is answered within some 300 ms; what was not looked through by then is the next page's. */
const searchMs = 200;
/** In one statement. */
const stretchesAtOnce = 12;

/** Calls of these stretches of time, which come in the order that is sought; of none: of all time. */
async function readPart(
  em: EntityManager,
  filter: CallFilter,
  page: UsagePage,
  spans: readonly Span[],
  limit: number,
): Promise<LedgerEntry[]> {
  const { parameters, given } = parametersOf();
  const conditions = [
    ...conditionsOf(filter, "ledger", given),
    ...ownConditions(filter, given),
    ...(page.after === undefined ? [] : [beyond(page.after, "after", given)]),
    ...(page.before === undefined ? [] : [beyond(page.before, "before", given)]),
  ];
  const order = page.inverted
    ? "usage_event.started_at asc, usage_event.call_id desc"
    : "usage_event.started_at desc, usage_event.call_id asc";
  const most = given(limit, "bigint");
  const [first, last] = [spans[0], spans.at(-1)];
  const astray =
    first === undefined || last === undefined
      ? []
      : await astrayIn(em, { fromMs: Math.min(first.fromMs, last.fromMs), untilMs: Math.max(first.untilMs, last.untilMs) });
  const stretches: readonly (readonly string[])[] =
    spans.length === 0
      ? [[]]
      : spans.map((span) => [
          daysOf(span, astray, given),
          `started_at >= ${given(instantOf(span.fromMs), "timestamptz")} and started_at < ${given(instantOf(span.untilMs), "timestamptz")}`,
        ]);
  const parts = stretches.map((stretch) => {
    const where = [...stretch, ...conditions];
    return `(select * from usage_event ${where.length === 0 ? "" : `where ${where.join(" and ")}`} order by ${order} limit ${most})`;
  });
  const rows = await executeBound<Row>(
    em,
    `select ${entryColumns} from (${parts.join(" union all ")}) as usage_event order by ${order} limit ${most}`,
    parameters,
  );
  return rows.map(ledgerEntry);
}

/** Newest first, however long it takes to find them. */
export async function newestCalls(database: Database, organisationId: string, filter: CallFilter, limit: number): Promise<LedgerEntry[]> {
  const found: LedgerEntry[] = [];
  for (let after: string | undefined; ; ) {
    const { entries, reached } = await findCalls(database, organisationId, filter, { after, limit: limit - found.length, inverted: false });
    found.push(...entries);
    if (reached === undefined || found.length >= limit) return found;
    after = reached;
  }
}

export async function usageEntry(database: Database, organisationId: string, callId: string): Promise<LedgerEntry | undefined> {
  if (!isUuid(callId)) return undefined;
  return (await callsById(database, organisationId, { callId: [callId] }))[0];
}

/** Newest first. */
export const callsById = (
  database: Database,
  organisationId: string,
  filter: CallFilter & { readonly callId: readonly string[] },
): Promise<LedgerEntry[]> => {
  checkFilter(filter);
  return database.tenant(organisationId, (em) =>
    readPart(em, filter, { limit: filter.callId.length, inverted: false }, [], filter.callId.length),
  );
};

export function ownConditions(filter: CallFilter, given: Given): readonly string[] {
  const { since, until, callId, requestId, durationMsMin, durationMsMax, costNanodollarsMin, quotaId, hasContent } = filter;
  return [
    since == null ? [] : `started_at >= ${given(since.toISOString(), "timestamptz")}`,
    until == null ? [] : `started_at < ${given(until.toISOString(), "timestamptz")}`,
    callId == null ? [] : `call_id = any(${given([...callId], "uuid[]")})`,
    // Said twice for the index, which holds no empty ones.
    requestId == null ? [] : `request_id = ${given(requestId, "text")} and request_id <> ''`,
    durationMsMin == null ? [] : `duration_ms >= ${given(durationMsMin, "bigint")}`,
    durationMsMax == null ? [] : `duration_ms <= ${given(durationMsMax, "bigint")}`,
    quotaId == null ? [] : `quota_marks is not null and quota_marks @> ${given(JSON.stringify([{ quotaId }]), "jsonb")}`,
    costNanodollarsMin == null ? [] : `cost_nanodollars >= ${given(costNanodollarsMin, "bigint")}`,
    hasContent == null
      ? []
      : `${hasContent ? "" : "not "}exists (select from call_content as content where content.call_id = usage_event.call_id)`,
  ].flat();
}

/** Where all from `ms` on has been looked through, or with `inverted` all before it. */
const cursorAt = (ms: number): string => `${Math.max(0, ms) * 1000}.ffffffff-ffff-ffff-ffff-ffffffffffff`;

function readCursor(cursor: string, side: string): { readonly micros: string; readonly callId: string } {
  const [micros = "", callId = ""] = cursor.split(".");
  if (!/^\d{1,17}$/.test(micros) || !isUuid(callId))
    throw new ValidationError([{ path: side, message: "is not a cursor of this list; take one from pageInfo or an edge" }]);
  return { micros, callId };
}

/** In whole milliseconds, rounded down. */
const timeOf = (cursor: string, side: string): number => Number(BigInt(readCursor(cursor, side).micros) / 1000n);

/** In the order of the list (newest first), what stands after a cursor, or before it. */
function beyond(cursor: string, side: "after" | "before", given: Given): string {
  const { micros, callId } = readCursor(cursor, side);
  const time = `timestamptz 'epoch' + ${given(micros, "bigint")} * interval '1 microsecond'`;
  const [earlier, later] = side === "after" ? ["<", ">"] : [">", "<"];
  return `started_at ${earlier}= ${time} and (started_at ${earlier} ${time} or usage_event.call_id ${later} ${given(callId, "uuid")})`;
}

/** The statement above names the columns, so what is read here is what stands there. */
export function ledgerEntry(row: Row): LedgerEntry {
  const word = (name: string) => String(row[name] ?? "");
  const known = (name: string) => (row[name] === null || row[name] === undefined ? null : integer(row[name]));
  const timeToFirstTokenMs = known("time_to_first_token_ms");
  return {
    callId: word("call_id"),
    nodeId: word("node_id"),
    startedAtMicros: integer(row.started_at_micros),
    projectId: word("project_id"),
    apiKeyId: word("api_key_id"),
    endUserHash: word("end_user_hash"),
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
    cacheWriteOneHourTokens: known("cache_write_one_hour_tokens"),
    audioInputTokens: known("audio_input_tokens"),
    audioOutputTokens: known("audio_output_tokens"),
    imageInputTokens: known("image_input_tokens"),
    imageOutputTokens: known("image_output_tokens"),
    usageEstimated: row.usage_estimated === null ? null : row.usage_estimated === true,
    costNanodollars: known("cost_nanodollars"),
    priceVersion: integer(row.price_version),
    discountBasisPoints: Number(row.discount_basis_points),
    durationMs: Number(row.duration_ms),
    timeToFirstTokenMs: timeToFirstTokenMs === null ? null : Number(timeToFirstTokenMs),
    outcome: outcomes.find((name) => name === row.outcome) ?? "internal_error",
    errorReason: word("error_reason"),
    finishReason: word("finish_reason"),
    cache: word("cache"),
    configEpoch: word("config_epoch"),
    configNumber: integer(row.config_number),
    tags: row.tags as Readonly<Record<string, string>>,
    requestId: word("request_id"),
    quotaMarks: (row.quota_marks ?? []) as readonly UsageQuotaMark[],
    timeline: (row.timeline ?? null) as Uint8Array | null,
    recordedAt: row.recorded_at_ms === null ? null : new Date(Number(row.recorded_at_ms)),
  };
}

const integer = (value: unknown): bigint => BigInt(String(value));
