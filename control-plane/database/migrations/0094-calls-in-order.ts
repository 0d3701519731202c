/**
 * The slowest and the dearest calls are read off in order, whatever the time that is looked at. Without the call's id in it an index
 * keeps equal values as one, and is a few bytes for each call. The one from before told blocks without an extreme; this tells each.
 */
import { Migration } from "@mikro-orm/migrations";

export class CallsInOrder extends Migration {
  override up(): void {
    this.addSql("create index usage_event_slowest on usage_event (organisation_id, duration_ms desc)");
    this.addSql(
      "create index usage_event_dearest on usage_event (organisation_id, cost_nanodollars desc) where cost_nanodollars is not null",
    );
  }
}
