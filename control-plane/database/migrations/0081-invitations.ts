/** A member can be asked in: a link that is good once gives the token to its holder, and to nobody else. */
import { Migration } from "@mikro-orm/migrations";

export class Invitations extends Migration {
  override up(): void {
    this.addSql("alter table admin_token add column invited_until timestamptz null");
    this.addSql("alter table console_session drop constraint console_session_kind_check");
    this.addSql("alter table console_session add constraint console_session_kind_check check (kind in ('session', 'link', 'invitation'))");
  }
}
