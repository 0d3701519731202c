/** Rules that people make about the figures of usage, what each look found, and the e-mail by which they are told. */
import { Migration } from "@mikro-orm/migrations";

const inOrganisation = "foreign key (organisation_id) references organisation (id) deferrable initially deferred";

export class AlertRules extends Migration {
  override up(): void {
    this.addSql(`create table alert_rule (
      id uuid primary key, organisation_id uuid not null, revision integer not null, created_at timestamptz not null,
      updated_at timestamptz not null, archived_at timestamptz null, name text not null, metric text not null,
      project_id uuid null, api_key_id uuid null, route_id uuid null, backend_id uuid null,
      comparison text not null, threshold double precision not null, window_minutes integer not null, calls_min integer not null,
      hold_minutes integer not null, webhook_ids uuid[] not null, emails text[] not null, muted_until timestamptz null,
      unique (id, organisation_id), ${inOrganisation})`);
    this.addSql("create unique index alert_rule_live_unique on alert_rule (organisation_id, name) where archived_at is null");
    this.addSql("create index alert_rule_listed on alert_rule (organisation_id, id)");
    this.addSql(`create table alert_rule_state (
      rule_id uuid primary key, organisation_id uuid not null, state text not null, since timestamptz not null,
      turning_since timestamptz null, looked_at timestamptz not null, told text not null, value double precision null,
      calls bigint not null, last_alert_id uuid null,
      foreign key (rule_id, organisation_id) references alert_rule (id, organisation_id) deferrable initially deferred)`);
    this.addSql(`create table alert_mail (
      id uuid primary key, organisation_id uuid not null, rule_id uuid not null, alert_id uuid null, recipient text not null,
      subject text not null, body text not null, created_at timestamptz not null, state text not null, attempts jsonb not null,
      next_attempt_at timestamptz not null, finished_at timestamptz null,
      foreign key (rule_id, organisation_id) references alert_rule (id, organisation_id) deferrable initially deferred)`);
    this.addSql("create index alert_mail_listed on alert_mail (organisation_id, rule_id, id desc)");
    this.addSql("create index alert_mail_due on alert_mail (next_attempt_at) where state = 'waiting'");
    this.addSql("create index webhook_delivery_of_alert on webhook_delivery (alert_id) where alert_id is not null");
    for (const table of ["alert_rule", "alert_rule_state", "alert_mail"]) this.addSql(`select wall_around('${table}')`);
  }
}
