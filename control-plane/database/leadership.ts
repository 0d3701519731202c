/**
 * Who among several control planes does what must be done once: a lease in the database, which has one clock for all. A leader
 * that is gone is followed when its lease has run out. Two may believe for a moment that they lead, so what a leader does must
 * bear being done twice.
 */
import { randomUUID } from "node:crypto";
import type { Database } from "./orm.ts";

export interface Leadership {
  /** Takes or prolongs the lease. False: another leads. @throws ControlError UNAVAILABLE while the database is away. */
  lead(): Promise<boolean>;
  /** Lets another lead at once. */
  resign(): Promise<void>;
}

export function leadership(database: Database, name: string, leaseMs: number): Leadership {
  const holder = randomUUID();
  return {
    lead: async () => {
      const rows = await database.system((em) =>
        em.execute<unknown[]>(
          `insert into leadership (name, holder, until) values (?, ?, now() + ? * interval '1 millisecond')
           on conflict (name) do update set holder = excluded.holder, until = excluded.until
           where leadership.holder = excluded.holder or leadership.until < now() returning 1 as one`,
          [name, holder, leaseMs],
        ),
      );
      return rows.length > 0;
    },
    resign: async () => {
      await database.system((em) => em.execute("delete from leadership where name = ? and holder = ?", [name, holder]));
    },
  };
}
