/**
 * Keeps the ledger's days: makes partitions a week ahead, drops those that are older than the setting says, and with them
 * what was summed of them more closely than anybody will look. Day by day sums stay, for they are small and bills are old.
 * What was said in calls goes on the day that was said when it was kept.
 *
 * Each control plane does it at its start and then each hour; what one has done the next finds done. A table that is busy is
 * left for the next hour: there is a week of time.
 */
import { keepContent } from "../content/keep-content.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import type { Logger } from "../logger.ts";
import { personalCubes } from "./cubes.ts";
import { keptSince } from "./plan-usage.ts";
import { rebuildRollUps } from "./rebuild-roll-ups.ts";
import { rollUpLock } from "./write-roll-ups.ts";

const everyMs = 3_600_000;
const daysAhead = 7;
const dayMs = 86_400_000;
/** Any constant: one control plane at a time. */
const keeperLock = 7_361_606;
/** A day's partition is filled from what stood aside, or its sums are made anew. */
const workMs = 60_000;

export interface LedgerRetention {
  /** Days that calls are kept; 0: for ever. */
  readonly ledgerDays: number;
}

export interface LedgerKeeper {
  close(): Promise<void>;
}

export function keepLedger(database: Database, retention: LedgerRetention, logger: Logger): LedgerKeeper {
  let closed = false;
  const turn = async () => {
    try {
      const { made, dropped } = await keepLedgerDays(database, retention, new Date());
      if (dropped.length > 0) logger.info({ dropped }, "days of the ledger are older than they are kept, and were dropped");
      if (made > 0) logger.debug({ made }, "days of the ledger were made ahead");
    } catch (error) {
      if (!closed) logger.warn({ err: error }, "the ledger's days could not be kept; trying again in an hour");
    }
  };
  let turning = turn();
  const timer = setInterval(() => {
    // Not at the start, where everything waits for the embedded database's one session.
    turning = turning
      .then(turn)
      .then(() => database.vacuum().catch((error: unknown) => logger.warn({ err: error }, "no vacuum this hour")));
  }, everyMs);
  timer.unref();
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await turning;
    },
  };
}

export interface KeptDays {
  readonly made: number;
  /** Names of partitions. */
  readonly dropped: readonly string[];
}

/** Each step is a transaction of its own: what one of them waits for must not hold up calls on the others. */
export async function keepLedgerDays(database: Database, { ledgerDays }: LedgerRetention, now: Date): Promise<KeptDays> {
  const today = Math.floor(now.getTime() / dayMs) * dayMs;
  let made = 0;
  const dropped: string[] = [];
  const step = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> =>
    database.system(async (em) => {
      await em.execute(`set local statement_timeout = ${workMs}`);
      await em.execute(`select pg_advisory_xact_lock(${keeperLock})`);
      return work(em);
    });
  for (const parent of ["usage_event", "usage_minute", "call_content"]) {
    for (let ahead = 0; ahead <= daysAhead; ahead++)
      if (await step((em) => makePartition(em, parent, new Date(today + ahead * dayMs)))) made++;
  }
  dropped.push(...(await keepContent(step, now)));
  const { minutesFromMs, ledgerFromMs } = keptSince(now.getTime(), ledgerDays);
  const oldestMinute = new Date(minutesFromMs);
  dropped.push(...(await dropBefore(step, "usage_minute", oldestMinute)));
  await step((em) => em.execute("delete from usage_minute_other where bucket < ?", [oldestMinute.toISOString()]));
  if (ledgerDays === 0) return { made, dropped };
  const oldest = new Date(ledgerFromMs);
  dropped.push(...(await dropBefore(step, "usage_event", oldest)));
  for (const statement of [
    "delete from usage_event_other where started_at < ?",
    "delete from usage_hour where bucket < ?",
    "delete from quota_mark_hour where bucket < ?",
    // Names of people and of their tags are kept no longer than their calls.
    `delete from usage_day using usage_combination as combination where bucket < ? and usage_day.cube in (${personalCubes.join(", ")})
      and combination.organisation_id = usage_day.organisation_id and combination.id = usage_day.combination_id`,
  ])
    await step((em) => em.execute(statement, [oldest.toISOString()]));
  await step(async (em) => {
    // Whoever adds to one of them would have found it there.
    await em.execute(`select pg_advisory_xact_lock(${rollUpLock})`);
    await em.execute(`delete from usage_combination as combination where cube in (${personalCubes.join(", ")}) and not exists
      (select from usage_day where usage_day.organisation_id = combination.organisation_id and usage_day.cube = combination.cube
        and usage_day.combination_id = combination.id)`);
  });
  return { made, dropped };
}

async function makePartition(em: EntityManager, parent: string, day: Date): Promise<boolean> {
  const [row] = await em.execute<{ made: boolean }[]>("select make_day_partition(?, ?::date) as made", [parent, dateOf(day)]);
  return row?.made === true;
}

async function dropBefore(step: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>, parent: string, day: Date): Promise<string[]> {
  const names = await step((em) =>
    em.execute<{ name: string }[]>(
      `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = ?::regclass and relname ~ '_[0-9]{8}$' order by relname`,
      [parent],
    ),
  );
  const old = names.map(({ name }) => name).filter((name) => name.slice(-8) < dateOf(day).replaceAll("-", ""));
  for (const name of old) await step((em) => em.execute(`drop table ${name}`));
  return old;
}

/**
 * For a ledger that is older than its roll-ups: sums it, once, before anything is added to them. Does nothing where there
 * are any.
 */
export async function sumLedgerOnce(database: Database): Promise<void> {
  await database.system(async (em) => {
    await em.execute(`set local statement_timeout = ${workMs}`);
    for (const from of await unsummedDays(em)) await rebuildRollUps(em, { from, until: new Date(from.getTime() + dayMs) });
  });
}

async function unsummedDays(em: EntityManager): Promise<readonly Date[]> {
  const [summed] = await em.execute<unknown[]>("select 1 from usage_day limit 1");
  if (summed !== undefined) return [];
  const days = await em.execute<{ day: string }[]>(
    "select distinct to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') as day from usage_event order by 1",
  );
  return days.map(({ day }) => new Date(`${day}T00:00:00Z`));
}

const dateOf = (day: Date): string => day.toISOString().slice(0, 10);
