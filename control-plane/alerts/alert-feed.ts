/**
 * News of alerts for those who listen, whichever control plane raised them: one question a second to the database for all of
 * them, and none while nobody listens. Ids are times, and clocks differ a little: it looks back some seconds and passes over what
 * it has told.
 */
import { v7 } from "uuid";
import { Alert } from "../database/entities/alert.ts";
import type { Database } from "../database/orm.ts";
import type { Logger } from "../logger.ts";

const everyMs = 1_000;
const overlapMs = 10_000;
/** In one question; more wait for the next. */
const batchMax = 500;

export interface AlertFeed {
  /** @returns ends it. */
  listen(organisationId: string, listener: (alert: Alert) => void): () => void;
  close(): Promise<void>;
}

export function openAlertFeed(database: Database, logger: Logger): AlertFeed {
  const listeners = new Map<string, Set<(alert: Alert) => void>>();
  /** Ids that were told, in the order in which they were. */
  const told = new Set<string>();
  let since = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let asking: Promise<void> = Promise.resolve();
  let troubled = false;

  const ask = async (): Promise<void> => {
    const alerts = await database.system((em) =>
      em.find(
        Alert,
        { id: { $gt: v7({ msecs: since - overlapMs, random: new Uint8Array(16) }) } },
        { orderBy: { id: "asc" }, limit: batchMax },
      ),
    );
    for (const alert of alerts) {
      if (told.has(alert.id)) continue;
      told.add(alert.id);
      since = Math.max(since, alert.at.getTime());
      for (const listener of listeners.get(alert.organisationId) ?? []) listener(alert);
    }
    for (const id of told) {
      if (told.size <= batchMax * 2) break;
      told.delete(id);
    }
  };
  const turn = () => {
    asking = ask().then(
      () => {
        troubled = false;
      },
      (error: unknown) => {
        if (!troubled) logger.warn({ err: error }, "alerts cannot be read; those who listen hear of them later");
        troubled = true;
      },
    );
    asking = asking.then(() => {
      if (listeners.size > 0) timer = setTimeout(turn, everyMs);
      else timer = undefined;
    });
  };

  return {
    listen: (organisationId, listener) => {
      const those = listeners.get(organisationId) ?? new Set();
      listeners.set(organisationId, those.add(listener));
      if (timer === undefined && listeners.size === 1 && those.size === 1) {
        since = Date.now() + overlapMs;
        timer = setTimeout(turn, everyMs);
      }
      return () => {
        those.delete(listener);
        if (those.size === 0 && listeners.get(organisationId) === those) listeners.delete(organisationId);
      };
    },
    close: async () => {
      listeners.clear();
      clearTimeout(timer);
      await asking;
      clearTimeout(timer);
    },
  };
}
