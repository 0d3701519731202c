/** Sessions of the console, behind the tenant wall like everything that names an organisation. */
import { Migration } from "@mikro-orm/migrations";

const itsOrganisation = "organisation_id = nullif(current_setting('app.organisation', true), '')::uuid";

export class ConsoleSessions extends Migration {
  override up(): void {
    this.addSql(`create table console_session (
      id text primary key, organisation_id uuid not null references organisation (id),
      admin_token_id uuid not null references admin_token (id), kind text not null check (kind in ('session', 'link')),
      created_at timestamptz not null, expires_at timestamptz not null)`);
    this.addSql("create index console_session_expiry on console_session (expires_at)");
    this.addSql("alter table console_session enable row level security");
    this.addSql("alter table console_session force row level security");
    this.addSql(
      `create policy tenant_wall on console_session to penstock_tenant using (${itsOrganisation}) with check (${itsOrganisation})`,
    );
    this.addSql("create policy owner_work on console_session to current_user using (true) with check (true)");
    this.addSql("grant select, insert, update, delete on console_session to penstock_tenant");
  }
}
