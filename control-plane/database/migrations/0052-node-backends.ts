/** What nodes report of backends that have failed (see BackendStatus in node.proto); and backends that take no calls for a while. */
import { Migration } from "@mikro-orm/migrations";

export class NodeBackends extends Migration {
  override up(): void {
    this.addSql("alter table node add column backends jsonb not null default '[]'");
    this.addSql("alter table backend add column drained_at timestamptz null");
  }
}
