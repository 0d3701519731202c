/** What the parts of the control plane share: opened once in main.ts and handed down. */
import type { Signer } from "#agreements/signature.ts";
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import type { AlertFeed } from "./alerts/alert-feed.ts";
import type { Database } from "./database/orm.ts";
import type { Logger } from "./logger.ts";
import type { ControlPlaneSettings } from "./settings.ts";
import type { CallFeed } from "./usage/call-feed.ts";
import type { DeadLetters } from "./usage/dead-letters.ts";
import type { QuotaCounters } from "./usage/quota-level.ts";

export interface ConfigRevision {
  readonly epoch: string;
  readonly number: bigint;
  readonly hash: Uint8Array;
}

/** What one live node said to a revision. */
export interface NodeAcknowledgement {
  readonly nodeId: string;
  /** It serves from this revision or a later one. */
  readonly applied: boolean;
  /** Why it refused; null: it did not, or it has not answered yet. */
  readonly refusedReason: string | null;
  readonly waitedMs: number;
}

/** Tells those who publish that a revision was committed, so that they need not wait for their next poll. */
export interface CommittedSignal {
  /** Never throws: listeners that fail are logged. */
  notify(): void;
  /** @returns removes the listener. */
  onCommit(listener: () => void): () => void;
}

/** A node as it was last heard. */
export interface KnownNode {
  readonly status: NodeStatus;
  /** On our clock. */
  readonly heardAtMs: number;
  /** Heard within the last ten seconds. */
  readonly live: boolean;
}

/** How far the configuration has come. */
export interface Propagation {
  /**
   * Resolves when each live node has applied the revision or a later one, or has refused it, or when the time is over;
   * never rejects for a node's sake.
   */
  wait(revision: Pick<ConfigRevision, "epoch" | "number">, timeoutMs: number): Promise<readonly NodeAcknowledgement[]>;
  /** The newest revision that is given to nodes. Undefined: none has been read yet. */
  current(): ConfigRevision | undefined;
  /** Calls back after each change of `current`. @returns a function that ends it. */
  onChange(listener: (current: ConfigRevision) => void): () => void;
  /** All that were heard within a week, sorted by id. Rejects while the database is away. */
  nodes(): Promise<readonly KnownNode[]>;
  /** Those that this process has heard of itself, sorted by id: from memory, for those who watch. */
  heard(): readonly KnownNode[];
  /** What people call a node, also one that is gone: its name, told apart where others have it too, else a piece of its id. */
  nameOf(nodeId: string): string;
  /** Calls back after each report of a node, and after each change of `current`. @returns a function that ends it. */
  onReport(listener: () => void): () => void;
}

export interface Services {
  /** Opened once: it asks the database for all who listen. */
  readonly alerts: AlertFeed;
  readonly settings: ControlPlaneSettings;
  readonly logger: Logger;
  readonly database: Database;
  /** Loaded once. */
  readonly signer: Signer;
  readonly committed: CommittedSignal;
  readonly propagation: Propagation;
  readonly callFeed: CallFeed;
  readonly deadLetters: DeadLetters;
  /** What nodes share of quotas now; undefined: there is no Redis. */
  readonly quotaCounters?: QuotaCounters | undefined;
}

export function committedSignal(logger: Logger): CommittedSignal {
  const listeners = new Set<() => void>();
  return {
    notify: () => {
      for (const listener of listeners) {
        try {
          listener();
        } catch (error) {
          logger.error({ err: error }, "a listener to committed revisions failed");
        }
      }
    },
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** For where nobody tracks nodes, as in tests and at the first start: there is no node to wait for. */
export const noPropagation: Propagation = {
  wait: async () => [],
  current: () => undefined,
  onChange: () => () => {},
  nodes: async () => [],
  heard: () => [],
  nameOf: (nodeId) => nodeId,
  onReport: () => () => {},
};
