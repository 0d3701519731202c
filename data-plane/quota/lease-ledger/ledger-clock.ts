/** What a ledger of leases reads its times from, and waits by. */
export interface LedgerClock {
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly every: (ms: number, work: () => void) => () => void;
  readonly after: (ms: number, work: () => void) => void;
}

export const systemClock: LedgerClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
  after: (ms, work) => {
    setTimeout(work, ms).unref();
  },
};
