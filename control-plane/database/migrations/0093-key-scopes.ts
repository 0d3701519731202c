/** An API key has an owner, and can be narrowed to methods and networks. */
import { Migration } from "@mikro-orm/migrations";

export class KeyScopes extends Migration {
  override up(): void {
    this.addSql(
      "alter table api_key add column owner text not null default '', add column allowed_methods text[] not null default '{}', add column allowed_networks text[] not null default '{}'",
    );
  }
}
