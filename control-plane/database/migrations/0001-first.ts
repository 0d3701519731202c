/**
 * The first schema, written by hand, because what matters most in it no generator knows: row-level security as the wall
 * between organisations, foreign keys that carry the organisation, and an audit log that no role may change.
 *
 * `penstock_tenant` (no login) is the role that tenant work runs under; it sees the rows whose organisation_id is the
 * transaction's `app.organisation` and nothing where that is not set. The owner, whom FORCE binds too, has a policy of
 * its own for system work. The same statements run on PostgreSQL and on PGlite.
 */
import { Migration } from "@mikro-orm/migrations";

const configColumns = `
  id uuid primary key,
  organisation_id uuid not null,
  revision integer not null check (revision >= 1),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz null,
  unique (id, organisation_id)`;

// Deferred: one transaction may make an organisation and all that stands in it, in whatever order the ORM writes it.
const deferred = "deferrable initially deferred";
const inOrganisation = `foreign key (organisation_id) references organisation (id) ${deferred}`;
const within = (column: string, table: string) =>
  `foreign key (${column}, organisation_id) references ${table} (id, organisation_id) ${deferred}`;
const uniqueWhileLive = (table: string, columns: string) =>
  `create unique index ${table}_live_unique on ${table} (${columns}) where archived_at is null`;
const listed = (table: string) => `create index ${table}_listed on ${table} (organisation_id, id)`;

const tables = [
  `create table organisation (${configColumns}, key text not null, name text not null, check (id = organisation_id))`,
  uniqueWhileLive("organisation", "key"),
  `create table project (${configColumns}, key text not null, name text not null, ${inOrganisation})`,
  uniqueWhileLive("project", "organisation_id, key"),
  listed("project"),
  `create table api_key (${configColumns},
    project_id uuid not null, name text not null, environment text not null, public_id text not null unique,
    hash bytea not null, last_four text not null, expires_at timestamptz null, revoked_at timestamptz null,
    allowed_routes text[] not null, rotated_from_id uuid null,
    ${within("project_id", "project")}, ${within("rotated_from_id", "api_key")})`,
  listed("api_key"),
  `create table provider (${configColumns},
    key text not null, kind text not null, base_url text not null, sealed_credential text not null,
    private_address_allowed boolean not null, ${inOrganisation})`,
  uniqueWhileLive("provider", "organisation_id, key"),
  listed("provider"),
  `create table backend (${configColumns},
    key text not null, provider_id uuid not null, model text not null, price jsonb null, price_version integer not null,
    concurrent_calls_max integer not null check (concurrent_calls_max >= 0), capabilities text[] not null,
    ${within("provider_id", "provider")})`,
  uniqueWhileLive("backend", "organisation_id, key"),
  listed("backend"),
  `create table prompt (${configColumns}, name text not null, labels jsonb not null, ${inOrganisation})`,
  uniqueWhileLive("prompt", "organisation_id, name"),
  listed("prompt"),
  `create table prompt_version (${configColumns},
    prompt_id uuid not null, version integer not null check (version >= 1), messages jsonb not null,
    default_parameters jsonb null, variables text[] not null, commit_message text not null, author text not null,
    unique (prompt_id, version), ${within("prompt_id", "prompt")})`,
  listed("prompt_version"),
  `create table route (${configColumns},
    name text not null, description text not null, tiers jsonb not null, timeouts jsonb not null,
    attempts_max integer not null, prompt jsonb null, default_parameters jsonb null, cache text not null, ${inOrganisation})`,
  uniqueWhileLive("route", "organisation_id, name"),
  listed("route"),
  `create table experiment (${configColumns},
    key text not null, route_id uuid not null, seed text not null, hash_version integer not null, unit text not null,
    fallback_unit text not null, coverage double precision not null check (coverage >= 0 and coverage <= 1),
    variants jsonb not null, phase integer not null, status text not null,
    started_at timestamptz null, stopped_at timestamptz null, ${within("route_id", "route")})`,
  uniqueWhileLive("experiment", "organisation_id, key"),
  listed("experiment"),
  `create index experiment_running on experiment (route_id) where status = 'running'`,
  `create table quota (${configColumns},
    key text not null, scope_kind text not null, scope_id uuid null, resource text not null, "window" text not null,
    "limit" bigint not null check ("limit" >= 0), enforcement text not null, ${inOrganisation})`,
  uniqueWhileLive("quota", "organisation_id, key"),
  listed("quota"),
  `create table admin_token (
    id uuid primary key, organisation_id uuid not null, name text not null, public_id text not null unique,
    hash bytea not null, role text not null, installation boolean not null,
    created_at timestamptz not null, expires_at timestamptz null, revoked_at timestamptz null, ${inOrganisation})`,
  `create table config_state (
    singleton boolean primary key check (singleton), epoch uuid not null, number bigint not null, hash bytea not null)`,
  `create table revision (
    epoch uuid not null, number bigint not null, hash bytea not null, previous_hash bytea not null, payload bytea not null,
    signature bytea not null, key_id text not null, created_at timestamptz not null, actor text not null,
    organisation_id uuid not null, summary text not null, published_at timestamptz null,
    primary key (epoch, number), ${inOrganisation})`,
  `create index revision_unpublished on revision (number) where published_at is null`,
  `create index revision_listed on revision (organisation_id, number desc)`,
  `create table revision_change (
    epoch uuid not null, number bigint not null, position integer not null, organisation_id uuid not null,
    kind text not null, entity_id uuid not null, operation text not null, before jsonb null, after jsonb not null,
    primary key (epoch, number, position), foreign key (epoch, number) references revision (epoch, number) ${deferred}, ${inOrganisation})`,
  `create index revision_change_of_entity on revision_change (organisation_id, entity_id, number desc)`,
  `create table config_resource (
    kind integer not null, id uuid not null, organisation_id uuid not null, payload bytea not null,
    reference_ids text[] not null, primary key (kind, id), ${inOrganisation})`,
  `create index config_resource_references on config_resource using gin (reference_ids)`,
  `create index config_resource_of_organisation on config_resource (organisation_id, kind)`,
  `create table audit_entry (
    id uuid primary key, organisation_id uuid not null, at timestamptz not null, actor text not null, action text not null,
    target_kind text not null, target_id uuid null, revision_number bigint null, details jsonb not null, ${inOrganisation})`,
  `create index audit_entry_listed on audit_entry (organisation_id, id desc)`,
  `create table node (
    node_id text primary key, instance_id text not null, version text not null, state text not null,
    applied_epoch text null, applied_number bigint null, applied_hash bytea null, applied_at timestamptz null,
    refused_number bigint null, refused_reason text null, reported_at timestamptz not null, started_at timestamptz not null,
    calls_in_flight integer not null, grpc_address text not null, rest_address text not null, config_source text not null,
    usage_events_waiting bigint not null)`,
  // No foreign keys: the record of a call is kept whatever becomes of the configuration it was made with.
  `create table usage_event (
    call_id uuid primary key, node_id text not null, started_at timestamptz not null, organisation_id uuid not null,
    project_id text not null, api_key_id text not null, end_user_hash text not null, route_id text not null,
    route_name text not null, ingress text not null, streamed boolean not null, attempts jsonb not null,
    backend_id text not null, provider_id text not null, model_asked text not null, model_served text not null,
    prompt_id text not null, prompt_version integer not null, exposure jsonb null,
    input_tokens bigint null, output_tokens bigint null, cache_read_tokens bigint null, cache_write_tokens bigint null,
    reasoning_tokens bigint null, usage_estimated boolean null, usage_raw text null,
    cost_nanodollars bigint null, price_version bigint not null, duration_ms bigint not null,
    time_to_first_token_ms bigint null, outcome text not null, error_reason text not null, finish_reason text not null,
    cache text not null, config_epoch text not null, config_number bigint not null, tags jsonb not null)`,
  `create index usage_event_listed on usage_event (organisation_id, started_at desc, call_id)`,
  `create table feedback (
    feedback_id uuid primary key, node_id text not null, recorded_at timestamptz not null, organisation_id uuid not null,
    api_key_id text not null, call_id uuid not null, metric text not null, boolean_value boolean null,
    number_value double precision null, category_value text null, comment_value text null, demonstration_value text null,
    end_user_hash text not null)`,
  `create index feedback_listed on feedback (organisation_id, call_id)`,
];

const tenantTables = [
  "organisation",
  "project",
  "api_key",
  "provider",
  "backend",
  "prompt",
  "prompt_version",
  "route",
  "experiment",
  "quota",
  "admin_token",
  "revision",
  "revision_change",
  "config_resource",
  "audit_entry",
  "usage_event",
  "feedback",
];

/** What is written once: no role has a policy to change or delete it, the owner included. */
const appendOnly = new Set(["audit_entry", "revision_change"]);

const itsOrganisation = "organisation_id = nullif(current_setting('app.organisation', true), '')::uuid";

const wallAround = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  ...(appendOnly.has(table)
    ? [
        `create policy tenant_reads on ${table} for select to penstock_tenant using (${itsOrganisation})`,
        `create policy tenant_appends on ${table} for insert to penstock_tenant with check (${itsOrganisation})`,
        `create policy owner_reads on ${table} for select to current_user using (true)`,
        `create policy owner_appends on ${table} for insert to current_user with check (true)`,
        `grant select, insert on ${table} to penstock_tenant`,
      ]
    : [
        `create policy tenant_wall on ${table} to penstock_tenant using (${itsOrganisation}) with check (${itsOrganisation})`,
        `create policy owner_work on ${table} to current_user using (true) with check (true)`,
        `grant select, insert, update, delete on ${table} to penstock_tenant`,
      ]),
];

// Roles belong to the whole cluster, advisory locks to one database: two installations may get here at once.
const tenantRole = `do $$
begin
  if not exists (select from pg_roles where rolname = 'penstock_tenant') then
    begin
      create role penstock_tenant nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'penstock_tenant', 'member') then
    execute format('grant penstock_tenant to %I', current_user);
  end if;
end $$`;

export class First extends Migration {
  override up(): void {
    for (const table of tables) this.addSql(table);
    this.addSql(tenantRole);
    this.addSql("do $$ begin execute format('grant usage on schema %I to penstock_tenant', current_schema()); end $$");
    for (const table of tenantTables) for (const statement of wallAround(table)) this.addSql(statement);
    this.addSql("insert into config_state (singleton, epoch, number, hash) values (true, gen_random_uuid(), 0, ''::bytea)");
  }
}
