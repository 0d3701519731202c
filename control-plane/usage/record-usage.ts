/**
 * Writes usage records to the ledger, and what they add to the roll-ups: each call once, however often its record comes, and
 * both in one transaction, so that sums agree with rows at every instant. What the database refuses for what is in it is cut
 * in half until the bad record stands alone, so that it costs a few statements and stops nobody else. Such a record comes
 * back as rejected, with the reason; whoever handed it in decides where it is kept. A database that is away rejects the whole
 * call: nothing is known then, and all of it may be handed in again.
 */
import type { FeedbackEvent, UsageEvent, UsageRecord } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ControlError } from "../control-error.ts";
import { executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { recordExposures } from "../experiments/record-exposures.ts";
import { feedbackTable, type LedgerTable, usageTable } from "./ledger-rows.ts";
import { markAstray } from "./ledger-span.ts";
import { recordQuotaMarks } from "./quota-marks.ts";
import { rollUp } from "./roll-up.ts";
import { writeRollUps } from "./write-roll-ups.ts";

/** In one statement: some 10 MB of parameters at most. */
const rowsMax = 10_000;
/** Nobody waits for an answer, and given up it would begin again: a busy machine may take its time. */
const statementMs = 30_000;
/** A thousand of the dearest calls fit a sum of 64 bits, and one of them a double; no provider's call comes near. */
const tokensMax = 1_000_000_000_000n;
const costNanodollarsMax = 9_000_000_000_000_000n;

export interface RejectedRecord {
  /** In the records that were given. */
  readonly index: number;
  readonly reason: string;
}

export interface RecordedUsage {
  /** How many were new. */
  readonly recorded: number;
  /** The calls that were new. */
  readonly calls: readonly UsageEvent[];
  readonly rejected: readonly RejectedRecord[];
}

interface Indexed<Event> {
  readonly index: number;
  readonly event: Event;
}

/** @throws ControlError UNAVAILABLE while the database is away. */
export async function recordUsage(database: Database, records: readonly UsageRecord[]): Promise<RecordedUsage> {
  const rejected: RejectedRecord[] = [];
  const usage = new Map<string, Indexed<UsageEvent>>();
  const feedback: Indexed<FeedbackEvent>[] = [];
  records.forEach(({ record }, index) => {
    switch (record.case) {
      case "usage": {
        const reason = isUuid(record.value.callId) ? absurdityOf(record.value) : "the call's id is not a UUID";
        const id = record.value.callId.toLowerCase();
        if (reason !== undefined) rejected.push({ index, reason });
        // The first of two that are the same call, as the ledger has it.
        else if (!usage.has(id)) usage.set(id, { index, event: record.value });
        break;
      }
      case "feedback":
        feedback.push({ index, event: record.value });
        break;
      case undefined:
        rejected.push({ index, reason: "the record holds neither a usage event nor feedback" });
        break;
      default:
        record satisfies never;
    }
  });
  const calls = await inParts(database, [...usage.values()], rejected, writeCalls);
  const feedbacks = await inParts(database, feedback, rejected, (em, events) =>
    inserted(em, feedbackTable, events, ({ feedbackId }) => feedbackId),
  );
  return { recorded: calls.length + feedbacks.length, calls, rejected: rejected.sort((one, other) => one.index - other.index) };
}

async function writeCalls(em: EntityManager, events: readonly UsageEvent[]): Promise<readonly UsageEvent[]> {
  await em.execute(`set local statement_timeout = ${statementMs}`);
  const inserting = inserted(em, usageTable, events, ({ callId }) => callId);
  // Nearly always all are new: they are added up while the database writes them, which takes as long.
  const [additions, written] = await Promise.all([whileItWrites(() => rollUp(events)), inserting]);
  if (written.length > 0) await writeRollUps(em, written.length === events.length ? additions : rollUp(written));
  await markAstray(em, written);
  await recordQuotaMarks(em, written);
  await recordExposures(em, written);
  return written;
}

/** After what was asked of the database has left this process. */
const whileItWrites = async <T>(work: () => T): Promise<T> => {
  await new Promise((resolve) => setImmediate(resolve));
  return work();
};

/** Those that were new. */
async function inserted<Event>(
  em: EntityManager,
  table: LedgerTable<Event>,
  events: readonly Event[],
  idOf: (event: Event) => string,
): Promise<readonly Event[]> {
  const [answer] = await executeBound<{ written: number; ids: readonly string[] | null }>(em, table.statement, table.parameters(events));
  if (answer?.written === events.length) return events;
  const ids = new Set(answer?.ids ?? []);
  return events.filter((event) => ids.delete(idOf(event).toLowerCase()));
}

async function inParts<Event>(
  database: Database,
  records: readonly Indexed<Event>[],
  rejected: RejectedRecord[],
  write: (em: EntityManager, events: readonly Event[]) => Promise<readonly Event[]>,
): Promise<readonly Event[]> {
  const written: Event[] = [];
  const attempt = async (part: readonly Indexed<Event>[]): Promise<void> => {
    try {
      const events = part.map(({ event }) => event);
      for (const event of await database.system((em) => write(em, events))) written.push(event);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      const [only] = part;
      if (part.length === 1 && only !== undefined) {
        rejected.push({ index: only.index, reason });
        return;
      }
      const middle = part.length >> 1;
      await attempt(part.slice(0, middle));
      await attempt(part.slice(middle));
    }
  };
  for (let from = 0; from < records.length; from += rowsMax) await attempt(records.slice(from, from + rowsMax));
  return written;
}

/** What would end the sums of everybody else's calls, if it were added to them. */
function absurdityOf({ usage, costNanodollars = 0n }: UsageEvent): string | undefined {
  if (costNanodollars > costNanodollarsMax || costNanodollars < -costNanodollarsMax)
    return `a cost of ${costNanodollars} nano-dollars cannot be: at most ${costNanodollarsMax}`;
  for (const [name, tokens] of Object.entries(usage ?? {}))
    if (typeof tokens === "bigint" && tokens > tokensMax) return `${tokens} ${name} cannot be: at most ${tokensMax}`;
  return undefined;
}

/** SQLSTATE classes 22 (what the data says) and 23 (what the table demands): the same record will be refused again. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof ControlError || !(error instanceof Error) || !("code" in error)) return undefined;
  return /^2[23]/.test(String(error.code)) ? error.message.slice(0, 500) : undefined;
}
