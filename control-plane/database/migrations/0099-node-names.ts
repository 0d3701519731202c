/** What nodes are called, and what each was started with (see NodeSetting in node.proto). */
import { Migration } from "@mikro-orm/migrations";

export class NodeNames extends Migration {
  override up(): void {
    this.addSql("alter table node add column name text not null default ''");
    this.addSql("alter table node add column settings jsonb not null default '[]'");
  }
}
