/** What nodes report of their work: what they ask of backends (see BackendLoad in node.proto), and how late their timers are. */
import { Migration } from "@mikro-orm/migrations";

export class NodeLoad extends Migration {
  override up(): void {
    this.addSql("alter table node add column loads jsonb not null default '[]'");
    this.addSql("alter table node add column event_loop_delay_ms double precision not null default 0");
  }
}
