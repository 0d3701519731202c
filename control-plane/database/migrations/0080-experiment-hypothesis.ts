/** An experiment says what it is made to find out. */
import { Migration } from "@mikro-orm/migrations";

export class ExperimentHypothesis extends Migration {
  override up(): void {
    this.addSql("alter table experiment add column hypothesis text not null default ''");
  }
}
