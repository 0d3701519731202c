/**
 * Configuration published within one process: the newest snapshot, the deltas after it, and listeners called at once.
 * Behaves as the feed from Redis does, without a link that could break.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import { revisionHash } from "#agreements/signature.ts";
import {
  DeltaSchema,
  type Revision,
  RevisionSchema,
  type SignedDelta,
  type SignedSnapshot,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { ConfigFeed, ConfigFeedListener } from "../snapshot/config-feed.ts";

export interface MemoryConfigFeed extends ConfigFeed {
  /** Everything anew: later deltas lead on from it. */
  publishSnapshot(snapshot: SignedSnapshot): void;
  /** What follows the newest revision. @throws Error before the first snapshot. */
  publishDelta(delta: SignedDelta): void;
}

export function memoryConfigFeed(): MemoryConfigFeed {
  const listeners = new Set<ConfigFeedListener>();
  let base: { readonly signed: SignedSnapshot; readonly revision: Revision } | undefined;
  let deltas: { readonly signed: SignedDelta; readonly revision: Revision }[] = [];
  const newest = () => deltas.at(-1)?.revision ?? base?.revision;
  const tell = () => {
    const revision = newest();
    if (revision !== undefined) for (const listener of listeners) listener.hint(revision, 1);
  };
  return {
    source: "memory",
    publishSnapshot: (signed) => {
      const { revision } = fromBinary(SnapshotSchema, signed.payload);
      if (revision === undefined) throw new Error("a snapshot must name its revision");
      base = { signed, revision };
      deltas = [];
      tell();
    },
    publishDelta: (signed) => {
      const before = newest();
      if (before === undefined) throw new Error("a delta needs a snapshot to lead on from; publish one first");
      const delta = fromBinary(DeltaSchema, signed.payload);
      const hash = revisionHash(before.hash, signed.payload);
      deltas.push({ signed, revision: create(RevisionSchema, { epoch: delta.epoch, number: delta.number, hash }) });
      tell();
    },
    pull: async (have, signal) => {
      signal.throwIfAborted();
      const revision = newest();
      if (base === undefined || revision === undefined) throw new Error("nothing has been published yet");
      const known = [base.revision, ...deltas.map((delta) => delta.revision)].findIndex(
        (candidate) => have !== undefined && candidate.epoch === have.epoch && candidate.number === have.number,
      );
      if (known >= 0) return { snapshot: undefined, deltas: deltas.slice(known).map((delta) => delta.signed) };
      return { snapshot: base.signed, deltas: deltas.map((delta) => delta.signed) };
    },
    watch: (listener) => {
      listeners.add(listener);
      listener.linked();
    },
    close: async () => listeners.clear(),
  };
}
