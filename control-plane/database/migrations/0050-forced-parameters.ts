/** Parameters that a route puts over the caller's: what a shipped variant leaves behind. */
import { Migration } from "@mikro-orm/migrations";

export class ForcedParameters extends Migration {
  override up(): void {
    this.addSql("alter table route add column forced_parameters jsonb null");
  }
}
