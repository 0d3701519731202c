/**
 * How long to wait before the next try: 0.1 s, doubling to 5 s or what is given, each a random part between half and all of it, so that a
 * hundred nodes do not come back in the same moment.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface BackOff {
  /** Waits; at once when aborted. Never rejects. */
  next(signal: AbortSignal): Promise<void>;
  /** It went well: the next wait is short again. */
  reset(): void;
}

const firstMs = 100;
const lastMsDefault = 5000;

export function backOff({ random = Math.random, lastMs = lastMsDefault }: { random?: () => number; lastMs?: number } = {}): BackOff {
  let failures = 0;
  return {
    next: async (signal) => {
      const waitMs = Math.min(lastMs, firstMs * 2 ** Math.min(failures++, 10)) * (0.5 + random() / 2);
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    },
    reset: () => {
      failures = 0;
    },
  };
}
