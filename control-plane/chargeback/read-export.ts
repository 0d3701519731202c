/**
 * Rows of an export, a thousand at a time, each batch a short transaction behind the tenant wall that goes on where the one before
 * it ended: so a month costs no more memory than an hour, holds nobody up, and the last page costs what the first did.
 */
import { executeBound } from "../database/bound-statement.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { astrayIn, daysOf, type Given, instantOf, parametersOf, type Span } from "../usage/ledger-span.ts";
import { callColumns, dayColumns, dayKeys, daySums, names } from "./export-columns.ts";
import type { Period } from "./period.ts";

export const exportDetails = ["calls", "days"] as const;
export type ExportDetail = (typeof exportDetails)[number];

export type ExportRow = Readonly<Record<string, string | null>>;

const batchRows = 1_000;
/** Days are summed up anew for each batch. */
const statementMs = 30_000;
const dayMs = 86_400_000;

export const columnsOf = (detail: ExportDetail): readonly string[] => Object.keys(detail === "calls" ? callColumns : dayColumns);

export function readExport(
  database: Database,
  organisationId: string,
  period: Period,
  detail: ExportDetail,
): AsyncGenerator<readonly ExportRow[]> {
  return detail === "calls" ? readCalls(database, organisationId, period) : readDays(database, organisationId, period);
}

/** In the order of time. */
async function* readCalls(database: Database, organisationId: string, period: Period): AsyncGenerator<readonly ExportRow[]> {
  for (const day of daysIn(period)) {
    let after: ExportRow | undefined;
    for (;;) {
      const rows = await database.tenant(organisationId, (em) => callsAfter(em, organisationId, day, after));
      const last = rows.at(-1);
      if (last === undefined) break;
      yield rows.map(({ cursor: _, ...row }) => row);
      if (rows.length < batchRows) break;
      after = last;
    }
  }
}

async function callsAfter(
  em: EntityManager,
  organisationId: string,
  day: Span,
  after: ExportRow | undefined,
): Promise<readonly ExportRow[]> {
  const { given, parameters } = parametersOf();
  // From where it ended on, for the index; and what it had of that instant already left out.
  const from = after === undefined ? day.fromMs : Number(BigInt(after["cursor"] ?? 0) / 1000n);
  const span = { fromMs: from, untilMs: day.untilMs };
  const where = await callsWithin(em, organisationId, span, given);
  if (after !== undefined) {
    const time = `timestamptz 'epoch' + ${given(after["cursor"], "bigint")} * interval '1 microsecond'`;
    where.push(`(started_at > ${time} or (started_at = ${time} and call_id < ${given(after["call_id"], "uuid")}))`);
  }
  return executeBound<ExportRow>(
    em,
    `select ${selected(callColumns)}, floor(extract(epoch from e.started_at) * 1000000)::bigint::text as cursor
      from (select * from usage_event where ${where.join(" and ")} order by started_at asc, call_id desc limit ${batchRows}) as e ${names}
      order by e.started_at asc, e.call_id desc`,
    parameters,
  );
}

/** Day by day of UTC; the first and the last are cut off where the period is. */
async function* readDays(database: Database, organisationId: string, period: Period): AsyncGenerator<readonly ExportRow[]> {
  for (const day of daysIn(period)) {
    let after: ExportRow | undefined;
    for (;;) {
      const rows = await database.tenant(organisationId, (em) => sumsAfter(em, organisationId, day, after));
      if (rows.length > 0) yield rows;
      if (rows.length < batchRows) break;
      after = rows.at(-1);
    }
  }
}

async function sumsAfter(
  em: EntityManager,
  organisationId: string,
  day: Span,
  after: ExportRow | undefined,
): Promise<readonly ExportRow[]> {
  await em.execute(`set local statement_timeout = ${statementMs}`);
  const { given, parameters } = parametersOf();
  const keys = dayKeys.join(", ");
  const where = await callsWithin(em, organisationId, day, given);
  if (after !== undefined)
    where.push(
      `(${keys}) > (${dayKeys
        .map((key) => (key === "price_version" ? given(after[key] ?? "0", "bigint") : given(after[key] ?? "", "text")))
        .join(", ")})`,
    );
  return executeBound<ExportRow>(
    em,
    `select ${selected(dayColumns)}
      from (select ${given(new Date(day.fromMs).toISOString().slice(0, 10), "text")} as day, organisation_id, ${keys}, ${daySums} from usage_event
        where ${where.join(" and ")} group by organisation_id, ${keys} order by ${keys} limit ${batchRows}) as e ${names}
      order by ${dayKeys.map((key) => `e.${key}`).join(", ")}`,
    parameters,
  );
}

/** Days of UTC are the ledger's tables: a batch looks into one of them. */
function* daysIn({ start, end }: Period): Generator<Span> {
  for (let fromMs = start.getTime(); fromMs < end.getTime(); ) {
    const untilMs = Math.min(end.getTime(), (Math.floor(fromMs / dayMs) + 1) * dayMs);
    yield { fromMs, untilMs };
    fromMs = untilMs;
  }
}

async function callsWithin(em: EntityManager, organisationId: string, span: Span, given: Given): Promise<string[]> {
  return [
    `organisation_id = ${given(organisationId, "uuid")}`,
    daysOf(span, await astrayIn(em, span), given),
    `started_at >= ${given(instantOf(span.fromMs), "timestamptz")} and started_at < ${given(instantOf(span.untilMs), "timestamptz")}`,
  ];
}

const selected = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, expression]) => `${expression} as ${name}`)
    .join(", ");
