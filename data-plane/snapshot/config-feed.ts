/**
 * The port to where configuration comes from. Hints are only hints; pulling is the truth. What is pulled is signed, and
 * believed by its signature alone, whoever brought it.
 */
import type { Revision, SignedDelta, SignedSnapshot } from "#proto/penstock/config/v1/snapshot_pb.ts";

export interface ConfigFeed {
  readonly source: "redis" | "control-plane" | "memory";
  /** What follows `have`: deltas in order, or a full snapshot (and deltas after it) where there is a gap. */
  pull(have: Revision | undefined, signal: AbortSignal): Promise<PulledConfig>;
  /** Calls back for each hint and for each time the link came back, until `close`. A link without a hint for 3 s is destroyed. */
  watch(listener: ConfigFeedListener): void;
  close(): Promise<void>;
}

export interface PulledConfig {
  readonly snapshot: SignedSnapshot | undefined;
  readonly deltas: readonly SignedDelta[];
}

export interface ConfigFeedListener {
  /** @param liveNodes as the control plane hears them; 0: it did not say. */
  hint(revision: Revision, liveNodes: number): void;
  /** The link is (again) there: what was missed in between must be pulled. */
  linked(): void;
}
