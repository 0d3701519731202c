/**
 * Money: prices with dates and versions of the installation, the catalogue, discounts, budgets; what budgets have come to; alerts,
 * webhooks and what was delivered to them; closed periods.
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
const deferred = "deferrable initially deferred";
const inOrganisation = `foreign key (organisation_id) references organisation (id) ${deferred}`;

const configuration = [
  "alter table organisation add column discounts jsonb null",
  "alter table route add column economy jsonb null",
  `create table catalogue_model (${configColumns},
    key text not null, vendor text not null, name text not null, context_tokens_max integer null, output_tokens_max integer null,
    capabilities text[] not null, prices jsonb not null, source text not null, source_date text not null, ${inOrganisation})`,
  "create unique index catalogue_model_live_unique on catalogue_model (organisation_id, key) where archived_at is null",
  "create index catalogue_model_listed on catalogue_model (organisation_id, id)",
  `alter table backend add column prices jsonb not null default '[]', add column catalogue_model_id uuid null,
    add foreign key (catalogue_model_id, organisation_id) references catalogue_model (id, organisation_id) ${deferred}`,
  // A price without a date always held, and said input, output and the cache alone.
  `update backend set prices = jsonb_build_array(
      '{"effectiveFrom": null, "requestNanodollars": "0", "contextTiers": [], "cacheWriteOneHourNanodollarsPerMillion": null,
        "reasoningNanodollarsPerMillion": null, "audioInputNanodollarsPerMillion": null, "audioOutputNanodollarsPerMillion": null,
        "imageInputNanodollarsPerMillion": null, "imageOutputNanodollarsPerMillion": null}'::jsonb || price)
    where price is not null`,
  "alter table backend drop column price, drop column price_version",
  // Versions were counted for each backend before; the installation's begin above what any of them will have reached.
  "create sequence price_version_number start 1001",
  "grant usage on sequence price_version_number to penstock_tenant",
  `create table price_version (
    id uuid primary key, version integer not null unique, organisation_id uuid not null, owner_kind text not null, owner_id uuid not null,
    price jsonb not null, created_at timestamptz not null, actor text not null, ${inOrganisation})`,
  "create index price_version_listed on price_version (organisation_id, id desc)",
  "create index price_version_of_owner on price_version (organisation_id, owner_id, id desc)",
  `create table budget (${configColumns},
    key text not null, scope_kind text not null, scope_id uuid null, limit_nanodollars bigint not null check (limit_nanodollars > 0),
    period text not null, time_zone text not null, threshold_percents jsonb not null, reached_percent integer not null,
    reached_until timestamptz null, ${inOrganisation})`,
  "create unique index budget_live_unique on budget (organisation_id, key) where archived_at is null",
  "create index budget_listed on budget (organisation_id, id)",
];

const runtime = [
  `create table budget_state (
    budget_id uuid primary key, organisation_id uuid not null, period_start timestamptz not null, period_end timestamptz not null,
    spent_nanodollars bigint not null, calls bigint not null, unpriced_calls bigint not null, evaluated_at timestamptz not null,
    ${inOrganisation})`,
  // One alert for each occasion, whoever finds it and however often.
  `create table alert (
    id uuid primary key, organisation_id uuid not null, at timestamptz not null, type text not null, occasion text not null,
    data jsonb not null, unique (organisation_id, occasion), ${inOrganisation})`,
  "create index alert_listed on alert (organisation_id, id desc)",
  `create table webhook (
    id uuid primary key, organisation_id uuid not null, revision integer not null, created_at timestamptz not null,
    updated_at timestamptz not null, archived_at timestamptz null, name text not null, url text not null,
    private_address_allowed boolean not null, alert_types text[] not null, enabled boolean not null,
    sealed_secret text not null, previous_sealed_secret text null, previous_secret_until timestamptz null,
    unique (id, organisation_id), ${inOrganisation})`,
  "create index webhook_listed on webhook (organisation_id, id)",
  `create table webhook_delivery (
    id uuid primary key, organisation_id uuid not null, webhook_id uuid not null, alert_id uuid null, type text not null,
    body text not null, created_at timestamptz not null, state text not null, attempts jsonb not null,
    next_attempt_at timestamptz not null, finished_at timestamptz null,
    foreign key (webhook_id, organisation_id) references webhook (id, organisation_id) ${deferred}, ${inOrganisation})`,
  "create index webhook_delivery_listed on webhook_delivery (organisation_id, webhook_id, id desc)",
  "create index webhook_delivery_due on webhook_delivery (next_attempt_at) where state = 'waiting'",
  "create unique index webhook_delivery_once on webhook_delivery (webhook_id, alert_id) where alert_id is not null",
  `create table closed_period (
    id uuid primary key, organisation_id uuid not null, period_start timestamptz not null, period_end timestamptz not null,
    label text not null, closed_at timestamptz not null, actor text not null, calls bigint not null, unpriced_calls bigint not null,
    cost_nanodollars bigint not null, input_tokens bigint not null, output_tokens bigint not null,
    unique (organisation_id, period_start, period_end), ${inOrganisation})`,
  "create index closed_period_listed on closed_period (organisation_id, period_start desc)",
];

/** Written once: no role may change or delete them. */
const appendOnly = ["price_version", "alert", "closed_period"];
const changing = ["catalogue_model", "budget", "budget_state", "webhook", "webhook_delivery"];

const itsOrganisation = "organisation_id = nullif(current_setting('app.organisation', true), '')::uuid";

const wallAround = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  ...(appendOnly.includes(table)
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

export class Money extends Migration {
  override up(): void {
    for (const statement of [...configuration, ...runtime]) this.addSql(statement);
    for (const table of [...appendOnly, ...changing]) for (const statement of wallAround(table)) this.addSql(statement);
  }
}
