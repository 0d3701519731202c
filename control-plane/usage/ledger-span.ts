/**
 * Stretches of time in the ledger. Its days are ranges of ids, and an id is a UUID v7, whose first 48 bits are its time: who says
 * which ids may be meant is led to the days they stand in, and to no others. A node makes id and start in the same moment. Calls of
 * which that is not so (another kind of id, a clock that jumped) are listed beside the ledger, and named where they are meant.
 */
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";

/** By how much the two may differ. */
const slackMs = 3_600_000;
/** More are sought in every day there is. */
export const astrayMax = 1_000;
const latestMs = 2 ** 48 - 1;

export interface Span {
  readonly fromMs: number;
  /** Not included. */
  readonly untilMs: number;
}

/** Writes a value beside a statement, and answers what stands for it there. */
export type Given = (value: unknown, type: string) => string;

export function parametersOf(): { readonly parameters: readonly unknown[]; readonly given: Given } {
  const parameters: unknown[] = [];
  return { parameters, given: (value, type) => `$${parameters.push(value)}::${type}` };
}

/** The first id of an instant. */
export function firstIdAt(ms: number): string {
  const hex = Math.min(Math.max(0, Math.floor(ms)), latestMs)
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Of usage_event: what leads to the days that hold `span`. That a call began in it is to be said beside. */
export function daysOf(span: Span, astray: Astray, given: Given): string {
  if (astray.length > astrayMax) return "true";
  const within = idsOf(span, "usage_event.call_id", given);
  return astray.length === 0 ? `(${within})` : `((${within}) or usage_event.call_id = any(${given(arrayParameter(astray), "uuid[]")}))`;
}

/** Of a column of calls' ids: those that were given in the span, and an hour before and after. */
export const idsOf = ({ fromMs, untilMs }: Span, column: string, given: Given): string =>
  `${column} >= ${given(firstIdAt(fromMs - slackMs), "uuid")} and ${column} < ${given(firstIdAt(untilMs + slackMs), "uuid")}`;

/** Ids of calls of the span that stand among other days' ids; nearly always there are none. */
export type Astray = readonly string[];

export const astrayIn = async (em: EntityManager, { fromMs, untilMs }: Span): Promise<Astray> =>
  (
    await executeBound<{ id: string }>(
      em,
      `select call_id::text as id from usage_event_astray where started_at >= $1::timestamptz and started_at < $2::timestamptz limit ${astrayMax + 1}`,
      [instantOf(fromMs), instantOf(untilMs)],
    )
  ).map(({ id }) => id);

/** PostgreSQL knows instants of no end. */
export const instantOf = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString() : ms < 0 ? "-infinity" : "infinity");

/** Lists those that are new to the ledger and stand in another day's ids than their start says. */
export async function markAstray(em: EntityManager, written: readonly UsageEvent[]): Promise<void> {
  const astray = written.filter((event) => Math.abs(timeOfId(event.callId) - startOf(event)) >= slackMs);
  if (astray.length === 0) return;
  await executeBound(
    em,
    "insert into usage_event_astray (call_id, organisation_id, started_at) select call_id, organisation_id, started_at from usage_event where call_id = any($1::uuid[]) on conflict do nothing",
    [arrayParameter(astray.map(({ callId }) => callId))],
  );
}

const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const startOf = ({ startedAt }: UsageEvent): number =>
  Number(startedAt?.seconds ?? 0n) * 1000 + Math.floor((startedAt?.nanos ?? 0) / 1_000_000);
