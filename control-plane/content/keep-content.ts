/** Lets go of what was said in calls on the day that was said when it was kept, and of days that are empty by then. */
import type { EntityManager } from "../database/orm.ts";
import { withoutTexts } from "./read-content.ts";

const deletedAtOnce = 5000;

/** @param step runs a transaction of its own. @returns names of the days' tables that were dropped. */
export async function keepContent(step: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>, now: Date): Promise<string[]> {
  const nowText = now.toISOString();
  for (let deleted = deletedAtOnce; deleted === deletedAtOnce; ) {
    const [row] = await step((em) =>
      em.execute<{ deleted: number }[]>(
        `with gone as (delete from call_content where call_id in
           (select call_id from call_content where kept_until <= ? limit ${deletedAtOnce}) returning 1)
         select count(*)::integer as deleted from gone`,
        [nowText],
      ),
    );
    deleted = row?.deleted ?? 0;
  }
  await step((em) => em.execute(`update replay_case set ${withoutTexts}, kept_until = null where kept_until <= ?`, [nowText]));
  const today = nowText.slice(0, 10).replaceAll("-", "");
  const names = await step((em) =>
    em.execute<{ name: string }[]>(
      `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
       where inhparent = 'call_content'::regclass and relname ~ '_[0-9]{8}$' and right(relname, 8) < ? order by relname`,
      [today],
    ),
  );
  const dropped: string[] = [];
  for (const { name } of names) if (await step((em) => dropWhereEmpty(em, name))) dropped.push(name);
  return dropped;
}

async function dropWhereEmpty(em: EntityManager, name: string): Promise<boolean> {
  // A node that was cut off may hand in something from that day just now.
  await em.execute(`lock table ${name} in access exclusive mode`);
  const [row] = await em.execute<{ filled: boolean }[]>(`select exists (select from ${name}) as filled`);
  if (row?.filled !== false) return false;
  await em.execute(`drop table ${name}`);
  return true;
}
