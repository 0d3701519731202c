/** The audit log says where a request came from. What was written before does not know. */
import { Migration } from "@mikro-orm/migrations";

export class AuditOrigin extends Migration {
  override up(): void {
    this.addSql(
      "alter table audit_entry add column source_address text null, add column request_id text null, add column via text null check (via in ('console', 'cli', 'graphql'))",
    );
    this.addSql("create index audit_entry_of_target on audit_entry (organisation_id, target_kind, id desc)");
  }
}
