/**
 * Rows of an export, a thousand at a time, each batch a short transaction behind the tenant wall that goes on where the one before
 * it ended: so a month costs no more memory than an hour, holds nobody up, and the last page costs what the first did.
 */
import type { Database } from "../database/orm.ts";
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
async function* readCalls(database: Database, organisationId: string, { start, end }: Period): AsyncGenerator<readonly ExportRow[]> {
  const statement = `select ${selected(callColumns)}, floor(extract(epoch from e.started_at) * 1000000)::bigint::text as cursor
    from (select * from usage_event where organisation_id = ?::uuid and started_at >= ? and started_at < ?
        and (?::bigint is null or started_at > timestamptz 'epoch' + ?::bigint * interval '1 microsecond'
          or (started_at = timestamptz 'epoch' + ?::bigint * interval '1 microsecond' and call_id < ?::uuid))
      order by started_at asc, call_id desc limit ${batchRows}) as e ${names}
    order by e.started_at asc, e.call_id desc`;
  let after: { readonly micros: string; readonly callId: string } | undefined;
  for (;;) {
    const micros = after?.micros ?? null;
    // From where it ended on, for the index; and what it had of that instant already left out.
    const from = after === undefined ? start : new Date(Number(BigInt(after.micros) / 1000n));
    const rows = await database.tenant(organisationId, (em) =>
      em.execute<ExportRow[]>(statement, [
        organisationId,
        from.toISOString(),
        end.toISOString(),
        micros,
        micros,
        micros,
        after?.callId ?? null,
      ]),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ cursor: _, ...row }) => row);
    if (rows.length < batchRows) return;
    after = { micros: last["cursor"] ?? "", callId: last["call_id"] ?? "" };
  }
}

/** Day by day of UTC; the first and the last are cut off where the period is. */
async function* readDays(database: Database, organisationId: string, { start, end }: Period): AsyncGenerator<readonly ExportRow[]> {
  const keys = dayKeys.join(", ");
  const statement = `select ${selected(dayColumns)}
    from (select ?::text as day, organisation_id, ${keys}, ${daySums} from usage_event
      where organisation_id = ?::uuid and started_at >= ? and started_at < ?
        and (?::text is null or (${keys}) > (?, ?, ?, ?, ?, ?, ?::bigint))
      group by organisation_id, ${keys} order by ${keys} limit ${batchRows}) as e ${names}
    order by ${dayKeys.map((key) => `e.${key}`).join(", ")}`;
  for (let sought = start; ; ) {
    // Days without calls are passed over.
    const from = await firstCallFrom(database, organisationId, sought, end);
    if (from === undefined) return;
    const until = new Date(Math.min(end.getTime(), (Math.floor(from.getTime() / dayMs) + 1) * dayMs));
    const day = from.toISOString().slice(0, 10);
    let after: readonly string[] | undefined;
    for (;;) {
      const position = after ?? dayKeys.map(() => null);
      const rows = await database.tenant(organisationId, async (em) => {
        await em.execute(`set local statement_timeout = ${statementMs}`);
        return em.execute<ExportRow[]>(statement, [
          day,
          organisationId,
          from.toISOString(),
          until.toISOString(),
          after === undefined ? null : "after",
          ...position,
        ]);
      });
      if (rows.length > 0) yield rows;
      if (rows.length < batchRows) break;
      after = dayKeys.map((key) => rows.at(-1)?.[key] ?? (key === "price_version" ? "0" : ""));
    }
    sought = until;
  }
}

/** When the first call of the range came; undefined: there is none. */
async function firstCallFrom(database: Database, organisationId: string, from: Date, until: Date): Promise<Date | undefined> {
  const [first] = await database.tenant(organisationId, (em) =>
    em.execute<{ ms: string }[]>(
      `select floor(extract(epoch from started_at) * 1000)::bigint::text as ms from usage_event
        where organisation_id = ? and started_at >= ? and started_at < ? order by started_at limit 1`,
      [organisationId, from.toISOString(), until.toISOString()],
    ),
  );
  return first === undefined ? undefined : new Date(Number(first.ms));
}

const selected = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, expression]) => `${expression} as ${name}`)
    .join(", ");
