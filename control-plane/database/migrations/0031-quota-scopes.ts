/** Quotas on more than one thing at once, in a time zone, with a burst. */
import { Migration } from "@mikro-orm/migrations";

export class QuotaScopes extends Migration {
  override up(): void {
    this.addSql(`alter table quota
      add column within jsonb not null default '[]',
      add column time_zone text not null default 'UTC',
      add column burst bigint not null default 0 check (burst >= 0)`);
  }
}
