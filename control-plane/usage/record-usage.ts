/**
 * Writes usage records to the ledger: each call once, however often its record comes. Up to 500 rows in one statement; a
 * statement that the database refuses for what is in it is cut in half until the bad record stands alone, so that it costs
 * a few statements and stops nobody else. Such a record comes back as rejected, with the reason; whoever handed it in
 * decides where it is kept. A database that is away rejects the whole call: nothing is known then, and all of it may be
 * handed in again.
 */

import type { UsageRecord } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ControlError } from "../control-error.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { feedbackRow, ledgerStatements, usageRow } from "./ledger-rows.ts";

const rowsInOneStatement = 500;

export interface RejectedRecord {
  /** In the records that were given. */
  readonly index: number;
  readonly reason: string;
}

export interface RecordedUsage {
  /** How many were new. */
  readonly recorded: number;
  readonly rejected: readonly RejectedRecord[];
}

interface LedgerRow {
  readonly index: number;
  readonly row: object;
}

/** @throws ControlError UNAVAILABLE while the database is away. */
export async function recordUsage(database: Database, records: readonly UsageRecord[]): Promise<RecordedUsage> {
  const rejected: RejectedRecord[] = [];
  const rows: Record<keyof typeof ledgerStatements, LedgerRow[]> = { usage: [], feedback: [] };
  records.forEach(({ record }, index) => {
    switch (record.case) {
      case "usage":
        rows.usage.push({ index, row: usageRow(record.value) });
        break;
      case "feedback":
        rows.feedback.push({ index, row: feedbackRow(record.value) });
        break;
      case undefined:
        rejected.push({ index, reason: "the record holds neither a usage event nor feedback" });
        break;
      default:
        record satisfies never;
    }
  });
  let recorded = 0;
  for (const kind of ["usage", "feedback"] as const) {
    for (let from = 0; from < rows[kind].length; from += rowsInOneStatement)
      recorded += await insert(database, ledgerStatements[kind], rows[kind].slice(from, from + rowsInOneStatement), rejected);
  }
  return { recorded, rejected: rejected.sort((one, other) => one.index - other.index) };
}

async function insert(database: Database, statement: string, rows: readonly LedgerRow[], rejected: RejectedRecord[]): Promise<number> {
  if (rows.length === 0) return 0;
  try {
    return await database.system((em) => insertedBy(em, statement, rows));
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) {
      rejected.push({ index: only.index, reason });
      return 0;
    }
    const middle = rows.length >> 1;
    return (
      (await insert(database, statement, rows.slice(0, middle), rejected)) +
      (await insert(database, statement, rows.slice(middle), rejected))
    );
  }
}

async function insertedBy(em: EntityManager, statement: string, rows: readonly LedgerRow[]): Promise<number> {
  const inserted = await em.execute<unknown[]>(statement, [JSON.stringify(rows.map(({ row }) => row))]);
  return inserted.length;
}

/** SQLSTATE classes 22 (what the data says) and 23 (what the table demands): the same record will be refused again. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof ControlError || !(error instanceof Error) || !("code" in error)) return undefined;
  return /^2[23]/.test(String(error.code)) ? error.message.slice(0, 500) : undefined;
}
