/** Routes say which fields of a call may be left out where a backend cannot be given them. */
import { Migration } from "@mikro-orm/migrations";

export class DroppedParameters extends Migration {
  override up(): void {
    this.addSql("alter table route add column drop_parameters text[] null");
  }
}
