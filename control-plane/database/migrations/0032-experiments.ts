/**
 * What an experiment is measured by and how it ends; what is known of each of its units (written with the ledger, so that results
 * never read the log); what was found each time it was looked at; and who among several control planes does the looking.
 */
import { Migration } from "@mikro-orm/migrations";

export class Experiments extends Migration {
  override up(): void {
    this.addSql(`alter table experiment
      add column analysis jsonb null, add column rollout jsonb null, add column rollout_state jsonb null,
      add column bandit jsonb null, add column conclusion jsonb null, add column ends_at timestamptz null`);
    this.addSql(`create table experiment_unit (
      organisation_id uuid not null, experiment_id uuid not null, phase integer not null, unit_hash text not null,
      variant_key text not null, unit_type text not null, holdout text not null,
      first_exposure_at timestamptz not null, last_exposure_at timestamptz not null,
      calls bigint not null, errors bigint not null, aborts bigint not null, guard_hits bigint not null, cache_hits bigint not null,
      first_token_calls bigint not null, first_token_ms bigint not null, first_token_slow bigint not null,
      duration_calls bigint not null, duration_ms bigint not null, duration_slow bigint not null,
      cost_calls bigint not null, cost_nanodollars bigint not null,
      token_calls bigint not null, input_tokens bigint not null, output_tokens bigint not null,
      before jsonb null,
      primary key (organisation_id, experiment_id, phase, unit_hash, variant_key)) with (fillfactor = 70)`);
    this.addSql(`create table experiment_evaluation (
      organisation_id uuid not null, experiment_id uuid not null, phase integer not null, at timestamptz not null,
      event text not null, result jsonb not null, sequences jsonb not null,
      primary key (organisation_id, experiment_id, at))`);
    this.addSql("select wall_around('experiment_unit')");
    this.addSql("select wall_around('experiment_evaluation')");
    this.addSql(`create table leadership (name text primary key, holder uuid not null, until timestamptz not null)`);
    this.addSql("create index feedback_by_metric on feedback (organisation_id, metric, recorded_at)");
    this.addSql("alter table feedback add column session_hash text not null default ''");
  }
}
