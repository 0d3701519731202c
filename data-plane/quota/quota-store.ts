/**
 * The port to where nodes' counters meet. What a node says of a counter is absolute: "of this window I have spent so much, and
 * hold so much". So an order may be lost, repeated or run late, and the next one puts it right; after a counter is lost, what
 * the nodes say restores it. Implemented by a Lua script over Redis and in memory; a test holds the two to the same answers.
 */
export interface QuotaStore {
  /** Atomic over all that is in the order. Rejects where the store did not answer: it may have run or not. */
  sync(order: SyncOrder): SyncAnswer | Promise<SyncAnswer>;
  /** What the ledger knows of counters that were lost; from then on the organisation's counters are believed again. */
  restore(organisationId: string, baselines: readonly Baseline[]): void | Promise<void>;
  /** False: do not ask, it is not there. */
  readonly reachable: boolean;
}

export interface SyncOrder {
  readonly organisationId: string;
  /** The node. Survives its restarts. */
  readonly owner: string;
  /** Smaller than all of this process's sequence numbers, larger than all of those before it. */
  readonly birth: number;
  /** Grows with each order, so that one that runs late does not undo a later one. */
  readonly sequence: number;
  readonly counters: readonly CounterOrder[];
  readonly calls: readonly CallOrder[];
}

export interface CounterOrder {
  readonly quotaId: string;
  readonly subject: string;
  readonly shape: CounterShape;
  readonly limit: number;
  /** 0: none. */
  readonly burst: number;
  readonly hard: boolean;
  /** Spent and not to be given back; in sliding windows it stands in `entries`. Of concurrent calls: how many run. */
  readonly spent: number;
  readonly entries: readonly Entry[];
  /** Held and not spent. */
  readonly lease: number;
  /** The part of `lease` that cannot be spent before this node's disk knows of it; 0 but for calendar windows. */
  readonly undrawn: number;
  /** All that was ever drawn, by what this process knows its disk to know. Only grows. */
  readonly drawn: number;
  /** The same of the process before, by what it left on the disk; -1: not known. What it had not drawn goes back. */
  readonly diedDrawn: number;
  /** What the store last had of this owner, and of all others, in this window. */
  readonly told: number;
  readonly seen: number;
  /** What would be welcome as a lease on top. */
  readonly more: number;
  /** The node forgets this counter: what it spent stays. */
  readonly leave: boolean;
}

export type CounterShape =
  /** Four instants: where the window before, this one, the next, and the one after that begin. */
  | { readonly kind: "calendar"; readonly boundaries: readonly [number, number, number, number] }
  | { readonly kind: "sliding"; readonly lengthMs: number; readonly bucketMs: number }
  /** At a moment: concurrent calls. */
  | { readonly kind: "level" };

export interface Entry {
  /** Number of the bucket since 1970. */
  readonly bucket: number;
  readonly amount: number;
}

/** Taken of all its counters or of none. */
export interface CallOrder {
  readonly needs: readonly { readonly counter: number; readonly amount: number }[];
}

export interface SyncAnswer {
  /**
   * done: as ordered. lost: counters are gone that only the ledger knows, so restore first. early: this owner is ahead by
   * `waitMs`. late: its clock is wrong. stale: a later order has been done, its sequence is in `waitMs`. In all but "done"
   * nothing has changed.
   */
  readonly outcome: "done" | "lost" | "early" | "late" | "stale";
  readonly nowMs: number;
  readonly waitMs: number;
  /** False: counters may have been lost since the nodes spoke last. */
  readonly whole: boolean;
  readonly counters: readonly CounterAnswer[];
  readonly calls: readonly CallAnswer[];
}

export interface CounterAnswer {
  readonly startMs: number;
  readonly endMs: number;
  /** Of all other nodes, leases included. */
  readonly others: number;
  /** On top of the lease that the order spoke of. */
  readonly lease: number;
}

export interface CallAnswer {
  readonly granted: boolean;
  /** Index of the binding counter; -1: granted. */
  readonly binding: number;
  readonly retryMs: number;
}

export interface Baseline {
  readonly quotaId: string;
  readonly subject: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly used: number;
}

/** A lease of concurrent calls or in a sliding window is believed for so long after its owner's last word, in milliseconds. */
export const leaseMs = 10_000;
/** No lease in the last tenth of a limit; before, a fiftieth of what remains at the most. */
export const strictFraction = 10;
export const leaseFraction = 50;
