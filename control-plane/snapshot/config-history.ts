/**
 * The port to the committed history of the configuration. Everything rejects while the database is away; nothing is retried
 * here, because those who ask have a turn of their own every second.
 */
export interface ConfigHistory {
  /** Where the configuration stands now. */
  state(): Promise<CommittedState>;
  /** Revisions with greater numbers, in order, without their images. */
  revisionsAfter(epoch: string, number: bigint, limit: number): Promise<readonly CommittedRevision[]>;
  /** All that the configuration holds, at one instant. */
  resources(): Promise<CommittedResources>;
  /** Notes that all revisions up to this number have been handed on. */
  markPublished(epoch: string, number: bigint): Promise<void>;
}

export interface CommittedState {
  readonly epoch: string;
  readonly number: bigint;
  /** Empty before the first revision. */
  readonly hash: Uint8Array;
}

export interface CommittedRevision {
  readonly number: bigint;
  readonly hash: Uint8Array;
  readonly previousHash: Uint8Array;
  /** Bytes of a Delta. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

export interface CommittedResources {
  readonly state: CommittedState;
  /** Of the last revision; 0 before the first. A clock of its own would make the same rows give other bytes. */
  readonly createdAtMs: bigint;
  /** Bytes of Resource messages, sorted by kind and id. */
  readonly resources: readonly Uint8Array[];
}
