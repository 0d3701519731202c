/** Where a call's time went, as its node wrote it: some forty bytes. Of calls from before, and of those that nobody timed, nothing is known. */
import { Migration } from "@mikro-orm/migrations";

export class CallTimelines extends Migration {
  override up(): void {
    this.addSql("alter table usage_event add column timeline bytea null");
  }
}
