/** Work that is done again and again: one turn after the other, never two at a time; trouble is said once, and that it is over. */
import type { Services } from "../services.ts";

export interface Round {
  /** Waits for the turn that runs. */
  close(): Promise<void>;
}

/** @param trouble what cannot be done while it fails, for the log. */
export function round(everyMs: number, trouble: string, { logger }: Pick<Services, "logger">, work: () => Promise<unknown>): Round {
  let closed = false;
  let troubled = false;
  let timer: NodeJS.Timeout | undefined;
  let turning: Promise<void> = Promise.resolve();
  const turn = () => {
    turning = work().then(
      () => {
        if (troubled) logger.info(`no longer: ${trouble}`);
        troubled = false;
      },
      (error: unknown) => {
        if (!troubled && !closed) logger.warn({ err: error }, `${trouble}; trying again and again`);
        troubled = true;
      },
    );
    turning = turning.then(() => {
      if (!closed) timer = setTimeout(turn, everyMs);
    });
  };
  timer = setTimeout(turn, everyMs);
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await turning;
    },
  };
}
