/**
 * Takes the demo away: what it made of configuration is archived in one change, so nodes forget it together; then its calls leave
 * the ledger, and the sums of its days are made anew from what is left. What others made stays as it is; where they built on the
 * demo, nothing is taken away and they are named. History and audit say that it was there: they are never rewritten.
 */
import { NotFoundError } from "../control-error.ts";
import { type ConfigKind, type ConfigRow, configEntities } from "../database/config-kinds.ts";
import { Organisation } from "../database/entities/organisation.ts";
import type { EntityManager } from "../database/orm.ts";
import {
  type ChangeAuthor,
  type ChangedConfiguration,
  type ConfigurationChange,
  changeConfiguration,
} from "../operations/change-configuration.ts";
import type { Services } from "../services.ts";
import { rebuildRollUps } from "../usage/rebuild-roll-ups.ts";
import { archiveDemoRules } from "./demo-alert-rules.ts";
import { type DemoWeek, weekMs } from "./demo-configuration.ts";
import { demoNodes } from "./demo-traffic.ts";
import { demoActor, findDemo } from "./find-demo.ts";

const dayMs = 86_400_000;
/** A day of the ledger is deleted and summed anew. */
const workMs = 60_000;

/**
 * @returns how many calls left the ledger.
 * @throws NotFoundError where there is no demo, ValidationError naming what was built on it.
 */
export async function removeDemo(services: Services, author: ChangeAuthor): Promise<ChangedConfiguration<number>> {
  const week = await services.database.tenant(author.organisationId, async (em) => {
    const organisation = await em.findOneOrFail(Organisation, { id: author.organisationId });
    return (await findDemo(em, organisation))?.week;
  });
  if (week === undefined) throw new NotFoundError("demo", author.organisationId);
  const { revision } = await changeConfiguration(
    services,
    author,
    { action: "demo.remove", summary: "the demo was taken away" },
    archiveAll,
  );
  return { value: await forgetDemoCalls(services, week), revision };
}

async function archiveAll(change: ConfigurationChange): Promise<void> {
  const made = await change.em.execute<{ kind: ConfigKind; id: string }[]>(
    `select change.kind, change.entity_id as id from revision_change as change join revision on revision.epoch = change.epoch
       and revision.number = change.number and revision.organisation_id = change.organisation_id
     where change.organisation_id = ? and revision.actor = ? and change.operation = 'create'`,
    [change.organisationId, demoActor],
  );
  for (const { kind, id } of made) {
    const row = (await change.em.findOne(configEntities[kind] as never, { id } as never)) as ConfigRow | null;
    if (row === null || row.archivedAt != null) continue;
    change.track(kind, row as never);
    row.archivedAt = change.at;
  }
  await archiveDemoRules(change.em, change.organisationId, change.at);
}

/** Again is harmless. A day is a transaction of its own: rows and sums agree at every instant. */
export async function forgetDemoCalls({ database }: Pick<Services, "database">, week: DemoWeek): Promise<number> {
  let removed = 0;
  const first = Math.floor((week.madeAt.getTime() - weekMs) / dayMs) * dayMs;
  for (let ms = first; ms <= week.madeAt.getTime(); ms += dayMs) {
    const range = { from: new Date(ms), until: new Date(ms + dayMs) };
    removed += await database.system(async (em) => {
      await em.execute(`set local statement_timeout = ${workMs}`);
      const calls = await forgetCalls(em, week, range);
      if (calls > 0) await rebuildRollUps(em, range);
      return calls;
    });
  }
  await database.system((em) => forgetFindings(em, week));
  return removed;
}

async function forgetCalls(em: EntityManager, { organisationId }: DemoWeek, { from, until }: { from: Date; until: Date }): Promise<number> {
  const which = [organisationId, ...demoNodes, from.toISOString(), until.toISOString()];
  const nodes = demoNodes.map(() => "?").join(", ");
  await em.execute(
    `delete from feedback where organisation_id = ? and node_id in (${nodes}) and recorded_at >= ? and recorded_at < ?`,
    which,
  );
  await em.execute(
    `delete from call_content where call_id in
       (select call_id from usage_event where organisation_id = ? and node_id in (${nodes}) and started_at >= ? and started_at < ?)`,
    which,
  );
  const [gone] = await em.execute<{ calls: number }[]>(
    `with gone as (delete from usage_event where organisation_id = ? and node_id in (${nodes}) and started_at >= ? and started_at < ? returning 1)
     select count(*)::integer as calls from gone`,
    which,
  );
  return gone?.calls ?? 0;
}

/** Of experiments and budgets that are archived; nobody can find them any more. */
async function forgetFindings(em: EntityManager, { organisationId }: DemoWeek): Promise<void> {
  const mine =
    "select entity_id from revision_change join revision using (epoch, number, organisation_id) where organisation_id = ? and actor = ? and operation = 'create'";
  for (const [table, column] of [
    ["experiment_unit", "experiment_id"],
    ["experiment_evaluation", "experiment_id"],
    ["budget_state", "budget_id"],
  ])
    await em.execute(`delete from ${table} where organisation_id = ? and ${column} in (${mine})`, [
      organisationId,
      organisationId,
      demoActor,
    ]);
}
