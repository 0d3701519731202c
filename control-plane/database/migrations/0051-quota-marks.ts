/**
 * What quotas did to calls: with each call, and summed by quota, key and hour, so that a caller who is refused a million times
 * costs a few rows to look at. The sums are written in the transaction that writes the calls.
 */
import { Migration } from "@mikro-orm/migrations";

export class QuotaMarks extends Migration {
  override up(): void {
    this.addSql("alter table usage_event add column quota_marks jsonb null");
    this.addSql("create index usage_event_marked on usage_event (organisation_id, started_at desc) where quota_marks is not null");
    // What a quota is, is kept as it was: it may be gone when somebody asks.
    this.addSql(`create table quota_mark_hour (
      organisation_id uuid not null, quota_id text not null, api_key_id text not null, effect text not null,
      bucket timestamptz not null, quota_key text not null, scope text not null, resource text not null, "window" text not null,
      enforcement text not null, calls bigint not null, first_at timestamptz not null, last_at timestamptz not null,
      primary key (organisation_id, quota_id, effect, api_key_id, bucket))`);
    this.addSql("create index quota_mark_hour_listed on quota_mark_hour (organisation_id, bucket)");
    this.addSql("create index quota_mark_hour_passed on quota_mark_hour (bucket) where effect = 'passed'");
    this.addSql("select wall_around('quota_mark_hour')");
  }
}
