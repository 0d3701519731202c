/** What somebody looks at again and again, under a name: their own, or everybody's in the organisation. */
import { Migration } from "@mikro-orm/migrations";

export class SavedViews extends Migration {
  override up(): void {
    this.addSql(`create table saved_view (
      id uuid primary key, organisation_id uuid not null, page text not null, name text not null, search jsonb not null,
      owner text not null, shared boolean not null, created_at timestamptz not null)`);
    this.addSql("create unique index saved_view_named on saved_view (organisation_id, page, owner, name)");
    this.addSql("select wall_around('saved_view')");
  }
}
