/** Who takes part in an experiment: namespaces, holdouts, targeting, kept variants; and which keys may choose one. */
import { Migration } from "@mikro-orm/migrations";

export class Assignment extends Migration {
  override up(): void {
    this.addSql(`alter table experiment
      add column namespace jsonb null,
      add column holdout double precision not null default 0 check (holdout >= 0 and holdout <= 0.5),
      add column targeting jsonb null,
      add column sticky boolean not null default false,
      add column bucket_version integer not null default 1,
      add column bucket_version_min integer not null default 0`);
    this.addSql("alter table api_key add column may_force_variants boolean not null default false");
  }
}
