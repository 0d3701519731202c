/**
 * The port to what carries configuration to the nodes apart from our own ConfigService: Redis, where there is one. It may
 * lose everything at any time and may be written by another control plane; the publisher compares and makes it whole again.
 * Each method rejects when the channel cannot be reached; nothing is queued.
 */
import type { Revision } from "#proto/penstock/config/v1/snapshot_pb.ts";

/** What stands in the channel. Undefined: nothing. */
export interface ChannelState {
  readonly epoch: string | undefined;
  readonly snapshot: Revision | undefined;
  /** Numbers of the first and the last delta. Between them there is no gap. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
}

export interface EncodedDelta {
  readonly number: bigint;
  /** Bytes of a SignedDelta. */
  readonly bytes: Uint8Array;
}

export interface ConfigChannel {
  /** Whether a command would be sent now. */
  ready(): boolean;
  /** Calls back each time the link is there again, until `close`. */
  onReady(listener: () => void): void;
  state(): Promise<ChannelState>;
  /** Takes all deltas away and names the epoch whose deltas follow. */
  reset(epoch: string): Promise<void>;
  /** @param signedSnapshot bytes of a SignedSnapshot. */
  writeSnapshot(signedSnapshot: Uint8Array): Promise<void>;
  /**
   * Appends those deltas that follow the last one there; what is there already is passed over.
   * @returns the number of the last delta there; undefined: the channel is of another epoch, and nothing was written.
   */
  append(epoch: string, deltas: readonly EncodedDelta[]): Promise<bigint | undefined>;
  /** Takes away the deltas with smaller numbers. */
  trim(firstKept: bigint): Promise<void>;
  hint(revision: Revision, liveNodes: number): Promise<void>;
  close(): Promise<void>;
}
