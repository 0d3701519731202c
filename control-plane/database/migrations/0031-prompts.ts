/** Prompts with kinds, folders, tools, schemas, partials, and labels that a second person has to let move. */
import { Migration } from "@mikro-orm/migrations";

const itsOrganisation = "organisation_id = nullif(current_setting('app.organisation', true), '')::uuid";

export class Prompts extends Migration {
  override up(): void {
    this.addSql(`alter table prompt
      add column kind text not null default 'chat',
      add column folder text not null default '',
      add column protected_labels text[] not null default '{}',
      add column run_route_id uuid null`);
    this.addSql(`alter table prompt_version
      add column tools jsonb null,
      add column response_schema jsonb null,
      add column inputs jsonb null,
      add column partials jsonb not null default '[]'`);
    this.addSql(`create table prompt_label_request (
      id uuid primary key, organisation_id uuid not null, prompt_id uuid not null, label text not null, version integer null,
      comment text not null, requested_by text not null, requested_at timestamptz not null, state text not null,
      decided_by text null, decided_at timestamptz null,
      foreign key (prompt_id, organisation_id) references prompt (id, organisation_id) deferrable initially deferred)`);
    this.addSql("create index prompt_label_request_listed on prompt_label_request (organisation_id, prompt_id, id)");
    this.addSql("alter table prompt_label_request enable row level security");
    this.addSql("alter table prompt_label_request force row level security");
    this.addSql(
      `create policy tenant_wall on prompt_label_request to penstock_tenant using (${itsOrganisation}) with check (${itsOrganisation})`,
    );
    this.addSql("create policy owner_work on prompt_label_request to current_user using (true) with check (true)");
    this.addSql("grant select, insert, update, delete on prompt_label_request to penstock_tenant");
  }
}
