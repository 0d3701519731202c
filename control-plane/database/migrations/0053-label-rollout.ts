/** Who asks for a protected label to move may ask for it to move in guarded steps. */
import { Migration } from "@mikro-orm/migrations";

export class LabelRollout extends Migration {
  override up(): void {
    this.addSql("alter table prompt_label_request add column rollout jsonb null");
  }
}
