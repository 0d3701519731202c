/**
 * Roll-ups are found by what they are of as well as by their time: a question about one key reads that key's rows. Emptied,
 * because the cubes are other ones than before; the next start sums the ledger once.
 */
import { Migration } from "@mikro-orm/migrations";

export class RollUpKeys extends Migration {
  override up(): void {
    this.addSql("truncate usage_minute, usage_hour, usage_day, usage_combination");
    for (const table of ["usage_minute", "usage_hour", "usage_day"]) {
      this.addSql(`alter table ${table} drop constraint ${table}_pkey`);
      this.addSql(`alter table ${table} add primary key (organisation_id, combination_id, bucket)`);
      this.addSql(`create index ${table}_listed on ${table} (organisation_id, cube, bucket)`);
    }
  }
}
