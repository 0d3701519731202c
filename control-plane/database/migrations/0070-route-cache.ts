/** Routes say how long an answer is good for the next call that says the same. */
import { Migration } from "@mikro-orm/migrations";

export class RouteCache extends Migration {
  override up(): void {
    this.addSql("alter table route add column cache_ttl_seconds integer null");
  }
}
