/**
 * What finds calls in a large ledger, and what bills are asked for: a call that used tokens and has no price is counted as
 * unpriced, one that was refused is not; the ledger says when a row came; the calls of a day are sought in that day alone.
 *
 * Roll-ups are emptied, because there are more of them than before; the next start sums the ledger once.
 */
import { Migration } from "@mikro-orm/migrations";

const statements = [
  "truncate usage_minute, usage_hour, usage_day, usage_combination",
  ...["usage_minute", "usage_hour", "usage_day"].map((table) => `alter table ${table} rename column calls_without_cost to unpriced_calls`),
  // Of rows from before nobody knows.
  "alter table usage_event add column recorded_at timestamptz null",
  "alter table usage_event alter column recorded_at set default now()",
  "create index usage_event_of_end_user on usage_event (organisation_id, end_user_hash, started_at desc) where end_user_hash <> ''",
  // The slow and the dear are few: blocks without one are passed over.
  "create index usage_event_extremes on usage_event using brin (duration_ms, cost_nanodollars) with (pages_per_range = 16, autosummarize = on)",
  // The first id of an instant: days are ranges of ids.
  `create function call_id_at(instant timestamptz) returns uuid language sql immutable parallel safe as $$
    select (lpad(to_hex(greatest(0, floor(extract(epoch from instant) * 1000))::bigint), 12, '0') || repeat('0', 20))::uuid $$`,
  // Calls whose id tells another hour than their start: whoever seeks a stretch of time by ids looks here as well.
  `create table usage_event_astray (
    call_id uuid primary key, organisation_id uuid not null, started_at timestamptz not null)`,
  "create index usage_event_astray_listed on usage_event_astray (organisation_id, started_at)",
  "select wall_around('usage_event_astray')",
  `insert into usage_event_astray (call_id, organisation_id, started_at) select call_id, organisation_id, started_at from usage_event
    where call_id < call_id_at(started_at - interval '1 hour') or call_id >= call_id_at(started_at + interval '1 hour')`,
];

export class LedgerSearch extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
