/**
 * Where a unit came from when it was first seen (node, edge, a tag of the experiment's choice), so that shares that are off can be
 * traced; and whose a session is, so that what is said of the session counts for its unit, without reading the ledger.
 */
import { Migration } from "@mikro-orm/migrations";

export class ExperimentHealth extends Migration {
  override up(): void {
    this.addSql("alter table usage_event add column session_hash text not null default ''");
    this.addSql(`alter table experiment_unit add column node_id text not null default '', add column ingress text not null default '',
      add column tag text not null default ''`);
    this.addSql(`create table experiment_session (
      organisation_id uuid not null, experiment_id uuid not null, phase integer not null, session_hash text not null, unit_hash text not null,
      primary key (organisation_id, experiment_id, phase, session_hash))`);
    this.addSql("select wall_around('experiment_session')");
  }
}
