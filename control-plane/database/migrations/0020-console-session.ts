/**
 * Sessions of the console. They are looked up by what a browser holds, before anybody knows an organisation, so the tenant
 * role has no way to the table at all.
 */
import { Migration } from "@mikro-orm/migrations";

export class ConsoleSessions extends Migration {
  override up(): void {
    this.addSql(`create table console_session (
      id text primary key, organisation_id uuid not null references organisation (id),
      admin_token_id uuid not null references admin_token (id), kind text not null check (kind in ('session', 'link')),
      created_at timestamptz not null, expires_at timestamptz not null)`);
    this.addSql("create index console_session_expiry on console_session (expires_at)");
    this.addSql("alter table console_session enable row level security");
    this.addSql("alter table console_session force row level security");
    this.addSql("create policy owner_work on console_session to current_user using (true) with check (true)");
  }
}
