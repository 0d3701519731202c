/** A question is of one cube: its combinations are found without a look at those of the others. */
import { Migration } from "@mikro-orm/migrations";

export class CombinationsOfCube extends Migration {
  override up(): void {
    this.addSql("create index usage_combination_listed on usage_combination (organisation_id, cube)");
  }
}
