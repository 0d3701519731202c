/** What one organisation keeps is read on, newest first, without a look at what others keep. */
import { Migration } from "@mikro-orm/migrations";

export class ContentListed extends Migration {
  override up(): void {
    this.addSql("create index call_content_listed on call_content (organisation_id, call_id desc)");
  }
}
