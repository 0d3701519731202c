/** When nodes passed a backend over, and why: what a circuit says is gone when it closes. */
import { Migration } from "@mikro-orm/migrations";

export class BackendOutages extends Migration {
  override up(): void {
    this.addSql(`create table backend_outage (
      organisation_id uuid not null, backend_id uuid not null, node_id text not null, began_at timestamptz not null,
      ended_at timestamptz null, last_error text not null, last_http_status integer not null, last_message text not null)`);
    this.addSql("create unique index backend_outage_open on backend_outage (backend_id, node_id) where ended_at is null");
    this.addSql("create index backend_outage_listed on backend_outage (organisation_id, backend_id, began_at desc)");
    this.addSql("select wall_around('backend_outage')");
  }
}
