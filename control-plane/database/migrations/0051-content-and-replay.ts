/**
 * What was said in calls, where it is kept: beside the ledger, in a partition for each day of calls, each row with the day from which
 * it is gone. Datasets of calls to try again, and the runs that try them.
 *
 * Texts are text and not jsonb: they are kept as they were said, and jsonb refuses what JSON allows (the character 0).
 */
import { Migration } from "@mikro-orm/migrations";

const statements = [
  ...["organisation", "project", "route"].map((table) => `alter table ${table} add column content_capture jsonb null`),
  `create table call_content (
    call_id uuid primary key, organisation_id uuid not null, started_at timestamptz not null, kept_until timestamptz not null,
    request text not null, request_cut boolean not null, prompt_messages text not null,
    answer text not null, answer_cut boolean not null, unmapped text[] not null) partition by range (call_id)`,
  "create index call_content_kept on call_content (kept_until)",
  "create table call_content_other partition of call_content default",
  // As in 0020, and call_content by its calls' ids as well.
  `create or replace function day_bound(parent text, day date) returns text language sql stable as $$
    select case when parent in ('usage_event', 'call_content')
      then lpad(to_hex((extract(epoch from day) * 1000)::bigint), 12, '0') || repeat('0', 20)
      else to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00' end $$`,
  `create or replace function make_day_partition(parent text, day date) returns boolean language plpgsql as $$
    declare
      name text := parent || '_' || to_char(day, 'YYYYMMDD');
      key text := case when parent in ('usage_event', 'call_content') then 'call_id' else 'bucket' end;
      first text := day_bound(parent, day);
      beyond text := day_bound(parent, day + 1);
    begin
      if to_regclass(name) is not null then return false; end if;
      execute format('create table %I (like %I including all)', name, parent);
      execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
        parent || '_other', key, first, key, beyond, name);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, name, first, beyond);
      perform wall_around(name);
      return true;
    end $$`,
  `create table dataset (
    id uuid primary key, organisation_id uuid not null, name text not null, description text not null,
    created_at timestamptz not null, created_by text not null, archived_at timestamptz null,
    unique (id, organisation_id))`,
  "create unique index dataset_live_unique on dataset (organisation_id, name) where archived_at is null",
  `create table dataset_case (
    id uuid primary key, organisation_id uuid not null, dataset_id uuid not null, position integer not null,
    request text not null, expected text not null, call_id uuid null,
    unique (dataset_id, position),
    foreign key (dataset_id, organisation_id) references dataset (id, organisation_id) on delete cascade)`,
  `create table replay_run (
    id uuid primary key, organisation_id uuid not null, name text not null, created_at timestamptz not null, created_by text not null,
    state text not null, reason text not null, dataset_id uuid null, candidate jsonb not null, baseline text not null, judge jsonb null,
    concurrency integer not null, cases integer not null,
    runner uuid null, heartbeat_at timestamptz null, started_at timestamptz null, finished_at timestamptz null,
    unique (id, organisation_id))`,
  "create index replay_run_listed on replay_run (organisation_id, id)",
  "create index replay_run_waiting on replay_run (heartbeat_at) where state = 'running'",
  // A case's texts go when the content goes that they were made from; its figures stay.
  `create table replay_case (
    run_id uuid not null, organisation_id uuid not null, position integer not null,
    call_id uuid null, dataset_case_id uuid null, kept_until timestamptz null,
    state text not null, skipped_reason text not null, baseline text null, candidate text null,
    expected text null, baseline_content text null, candidate_content text null,
    primary key (run_id, position),
    foreign key (run_id, organisation_id) references replay_run (id, organisation_id) on delete cascade)`,
  "create index replay_case_kept on replay_case (kept_until) where kept_until is not null",
  ...["call_content", "call_content_other", "dataset", "dataset_case", "replay_run", "replay_case"].map(
    (table) => `select wall_around('${table}')`,
  ),
  "select make_day_partition('call_content', day::date) from generate_series(current_date - 1, current_date + 7, interval '1 day') as day",
];

export class ContentAndReplay extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
