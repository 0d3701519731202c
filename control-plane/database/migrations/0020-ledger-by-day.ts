/**
 * The ledger in a partition for each day, and its roll-ups.
 *
 * A call's id is a UUID v7, whose first 48 bits are its time, so the ledger is partitioned by ranges of the id itself: the
 * primary key is the id alone, and a record that comes twice is found whatever else it says. Days without a partition, and
 * ids of another kind, stand in usage_event_other until make_day_partition moves them.
 *
 * usage_minute, usage_hour and usage_day hold sums of calls for each combination of dimensions (usage_combination); which
 * dimensions stand together is control-plane/usage/cubes.ts's business. They are written in the transaction that writes
 * the calls, so they agree with the ledger at every instant.
 */
import { Migration } from "@mikro-orm/migrations";

const ledger = `
  call_id uuid primary key, node_id text not null, started_at timestamptz not null, organisation_id uuid not null,
  project_id text not null, api_key_id text not null, end_user_hash text not null, route_id text not null,
  route_name text not null, ingress text not null, streamed boolean not null, attempts jsonb not null,
  backend_id text not null, provider_id text not null, model_asked text not null, model_served text not null,
  prompt_id text not null, prompt_version integer not null, exposure jsonb null,
  input_tokens bigint null, output_tokens bigint null, cache_read_tokens bigint null, cache_write_tokens bigint null,
  reasoning_tokens bigint null, usage_estimated boolean null, usage_raw text null,
  cost_nanodollars bigint null, price_version bigint not null, duration_ms bigint not null,
  time_to_first_token_ms bigint null, outcome text not null, error_reason text not null, finish_reason text not null,
  cache text not null, config_epoch text not null, config_number bigint not null, tags jsonb not null,
  cache_write_one_hour_tokens bigint null, audio_input_tokens bigint null, audio_output_tokens bigint null,
  image_input_tokens bigint null, image_output_tokens bigint null, discount_basis_points integer not null default 0,
  request_id text not null default ''`;

/** What the first migration made. */
const columnsBefore = `call_id, node_id, started_at, organisation_id, project_id, api_key_id, end_user_hash, route_id, route_name, ingress,
  streamed, attempts, backend_id, provider_id, model_asked, model_served, prompt_id, prompt_version, exposure, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, usage_estimated, usage_raw, cost_nanodollars,
  price_version, duration_ms, time_to_first_token_ms, outcome, error_reason, finish_reason, cache, config_epoch, config_number, tags`;

const rollUp = `
  organisation_id uuid not null, cube smallint not null, bucket timestamptz not null, combination_id uuid not null,
  calls bigint not null, failed_calls bigint not null, retried_calls bigint not null,
  calls_without_usage bigint not null, calls_estimated bigint not null, calls_without_cost bigint not null,
  input_tokens bigint not null, output_tokens bigint not null, cache_read_tokens bigint not null,
  cache_write_tokens bigint not null, cache_write_one_hour_tokens bigint not null, reasoning_tokens bigint not null,
  audio_input_tokens bigint not null, audio_output_tokens bigint not null,
  image_input_tokens bigint not null, image_output_tokens bigint not null,
  cost_nanodollars bigint not null, duration_ms bigint not null,
  calls_with_content bigint not null, time_to_first_token_ms bigint not null,
  durations bytea not null, times_to_first_token bytea not null,
  primary key (organisation_id, cube, bucket, combination_id)`;

const statements = [
  "alter table usage_event rename to usage_event_before",
  "alter index usage_event_pkey rename to usage_event_before_pkey",
  "alter index usage_event_listed rename to usage_event_before_listed",
  `create table usage_event (${ledger}) partition by range (call_id)`,
  "create index usage_event_listed on usage_event (organisation_id, started_at desc, call_id)",
  "create index usage_event_requested on usage_event (organisation_id, request_id) where request_id <> ''",
  "create table usage_event_other partition of usage_event default",
  // Null is "this cube does not tell them apart", '' is "there was none".
  `create table usage_combination (
    id uuid not null, organisation_id uuid not null, cube smallint not null,
    project_id text null, api_key_id text null, route_id text null, route_name text null, backend_id text null,
    provider_id text null, model_asked text null, model_served text null, outcome text null, error_reason text null,
    finish_reason text null, cache text null, attempts text null, ingress text null, streamed text null, prompt text null,
    prompt_version text null, experiment text null, variant text null, node text null, revision text null,
    price_version text null, end_user text null, tag_name text null, tag_value text null,
    primary key (organisation_id, id))`,
  `create table usage_minute (${rollUp}) partition by range (bucket)`,
  "create table usage_minute_other partition of usage_minute default",
  // Sums are written over and over; room in the page spares the index.
  `create table usage_hour (${rollUp}) with (fillfactor = 70)`,
  `create table usage_day (${rollUp}) with (fillfactor = 70)`,
  // The range of a day's ids or minutes, as text for a partition's bounds.
  `create function day_bound(parent text, day date) returns text language sql stable as $$
    select case parent
      when 'usage_event' then lpad(to_hex((extract(epoch from day) * 1000)::bigint), 12, '0') || repeat('0', 20)
      else to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00' end $$`,
  `create function make_day_partition(parent text, day date) returns boolean language plpgsql as $$
    declare
      name text := parent || '_' || to_char(day, 'YYYYMMDD');
      key text := case parent when 'usage_event' then 'call_id' else 'bucket' end;
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
  // As control-plane/usage/latency-sketch.ts does it; a test compares them.
  `create function latency_bin(ms bigint) returns integer language sql immutable parallel safe as $$ select width_bucket(ms, array[
      1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,25,27,29,31,33,35,38,41,44,47,51,55,59,64,69,75,81,88,
      95,103,112,122,133,145,158,172,187,203,221,241,262,285,310,338,368,401,437,476,519,565,616,671,731,797,869,947,
      1032,1125,1226,1336,1456,1587,1730,1886,2056,2242,2444,2665,2906,3169,3455,3767,4107,4478,4883,5324,5805,6330,
      6902,7526,8207,8949,9758,10641,11604,12654,13799,15047,16408,17893,19512,21277,23202,25301,27590,30087,32810,
      35779,39017,42548,46398,50597,55176,60169,65614,71552,78028,85090,92791,101189,110347,120334,131225,143101,156052,
      170175,185577,202373,220689,240663,262444,286197,312100,340347,371151,404743,441375,481322,524885,572391,624196,
      680690,742297,809480,882744,962639,1049765,1144776,1248387,1361375,1484589,1618955,1765482,1925271,2099522,
      2289544,2496765,2722741,2969170,3237902,3530957,3850535,4199038]::bigint[]) $$`,
  `create function sketch_entries(bin integer, calls bigint) returns bytea language sql immutable parallel safe as $$
    select decode(repeat(lpad(to_hex(bin), 2, '0') || 'ffff', (calls / 65535)::integer)
      || lpad(to_hex(bin), 2, '0') || lpad(to_hex(calls % 65535), 4, '0'), 'hex') $$`,
  // As the first migration does it for each table.
  `create function wall_around(name text) returns void language plpgsql as $$
    begin
      execute format('alter table %I enable row level security', name);
      execute format('alter table %I force row level security', name);
      execute format('create policy tenant_wall on %I to penstock_tenant '
        'using (organisation_id = nullif(current_setting(''app.organisation'', true), '''')::uuid) '
        'with check (organisation_id = nullif(current_setting(''app.organisation'', true), '''')::uuid)', name);
      execute format('create policy owner_work on %I to current_user using (true) with check (true)', name);
      execute format('grant select, insert, update, delete on %I to penstock_tenant', name);
    end $$`,
  ...["usage_event", "usage_event_other", "usage_combination", "usage_minute", "usage_minute_other", "usage_hour", "usage_day"].map(
    (table) => `select wall_around('${table}')`,
  ),
  `insert into usage_event (${columnsBefore}) select ${columnsBefore} from usage_event_before`,
  "drop table usage_event_before",
  // What stands there already, and a week ahead; control-plane/usage/keep-ledger.ts goes on from here.
  `select make_day_partition(parent, day::date)
    from generate_series(current_date - 1, current_date + 7, interval '1 day') as day, unnest(array['usage_event', 'usage_minute']) as parent`,
];

export class LedgerByDay extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
