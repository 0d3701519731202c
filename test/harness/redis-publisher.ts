/** What the control plane's publisher writes into Redis, by the names both planes agreed on, for tests of the node's side. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Redis } from "ioredis";
import { deltaEpochKey, deltaStreamKey, hintChannel, snapshotKey } from "#agreements/redis-names.ts";
import {
  DeltaSchema,
  HintSchema,
  type Revision,
  type SignedDelta,
  SignedDeltaSchema,
  type SignedSnapshot,
  SignedSnapshotSchema,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";

export interface RedisPublisher {
  publishSnapshot(snapshot: SignedSnapshot): Promise<void>;
  /** With its hint, where a revision is given. */
  publishDelta(delta: SignedDelta, hinted?: Revision): Promise<void>;
  hint(revision: Revision): Promise<void>;
}

export function redisPublisher(redis: Redis): RedisPublisher {
  const hint = async (revision: Revision) => {
    await redis.publish(hintChannel, Buffer.from(toBinary(HintSchema, create(HintSchema, { revision }))));
  };
  return {
    hint,
    publishSnapshot: async (snapshot) => {
      const { revision } = fromBinary(SnapshotSchema, snapshot.payload);
      if (revision === undefined) throw new Error("no revision");
      await redis.set(snapshotKey, Buffer.from(toBinary(SignedSnapshotSchema, snapshot)));
      await redis.del(deltaStreamKey);
      await redis.set(deltaEpochKey, revision.epoch);
      await hint(revision);
    },
    publishDelta: async (delta, hinted) => {
      const { number } = fromBinary(DeltaSchema, delta.payload);
      await redis.xadd(deltaStreamKey, `${number}-0`, "delta", Buffer.from(toBinary(SignedDeltaSchema, delta)));
      if (hinted !== undefined) await hint(hinted);
    },
  };
}
