/** Whose server a provider is, and how a node proves itself to it. Providers from before keep their key and change nothing. */
import { Migration } from "@mikro-orm/migrations";

export class ProviderAuthentication extends Migration {
  override up(): void {
    this.addSql(`alter table provider
      add column flavour text not null default 'generic',
      add column api_version text not null default '',
      add column authentication jsonb not null default '{"method":"api-key"}',
      add column sealed_headers jsonb not null default '[]'`);
    // The entity says each of them; a row that forgets one is a mistake.
    this.addSql(`alter table provider
      alter column flavour drop default, alter column api_version drop default,
      alter column authentication drop default, alter column sealed_headers drop default`);
  }
}
