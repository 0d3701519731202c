/** A label's moves are told from the audit log by their revisions. */
import { Migration } from "@mikro-orm/migrations";

export class AuditOfRevision extends Migration {
  override up(): void {
    this.addSql("create index audit_entry_of_revision on audit_entry (organisation_id, revision_number) where revision_number is not null");
  }
}
