/**
 * Configuration from Redis: a log of signed deltas, a full snapshot that they lead on from, and a channel of hints.
 *
 * Pub/sub loses messages over a reconnect and says nothing over a half-open link, so a hint is only a reason to pull; 3 s
 * without one (the control plane sends one each second) and the socket is destroyed, not asked to close.
 * How it fails: pull rejects and the caller turns to another feed; watch goes on for ever.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { deltaEpochKey, deltaStreamKey, hintChannel, snapshotKey } from "#agreements/redis-names.ts";
import {
  DeltaSchema,
  type Hint,
  HintSchema,
  type Revision,
  RevisionSchema,
  type SignedDelta,
  SignedDeltaSchema,
  SignedSnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { ConfigFeed, ConfigFeedListener, PulledConfig } from "../snapshot/config-feed.ts";
import type { RedisConnections } from "./connect.ts";

/** Nothing is published where Penstock's publisher has not been yet. */
export class NoConfigInRedis extends Error {
  override readonly name = "NoConfigInRedis";
}

/** Without a hint for this long the link is taken for dead, in milliseconds: three of the heartbeats that come each second. */
const silenceMsMax = 3000;
/** Deltas read in one go: at some 300 bytes each well under the command's clock. A longer way is a full snapshot's. */
const deltasMax = 2000;
/** Holds the revision with room to spare: an epoch of up to 128 bytes, a number, a hash. */
const headBytes = 256;

export function redisConfigFeed(redis: Pick<RedisConnections, "config" | "subscriber">): ConfigFeed {
  const listeners = new Set<ConfigFeedListener>();
  let lastHintMs = performance.now();
  let watchdog: NodeJS.Timeout | undefined;

  const subscribe = () => {
    lastHintMs = performance.now();
    redis.subscriber.subscribe(hintChannel).then(
      () => {
        lastHintMs = performance.now();
        for (const listener of listeners) listener.linked();
      },
      // The watchdog destroys this link when no hint comes over it.
      () => undefined,
    );
  };
  const onMessage = (channel: Buffer, bytes: Buffer) => {
    if (channel.toString() !== hintChannel) return;
    lastHintMs = performance.now();
    const hint = hintOf(bytes);
    if (hint?.revision !== undefined) for (const listener of listeners) listener.hint(hint.revision, hint.liveNodes);
  };
  const destroySilentLink = () => {
    if (performance.now() - lastHintMs < silenceMsMax) return;
    lastHintMs = performance.now();
    // disconnect() would wait for a dead peer to say goodbye.
    if (redis.subscriber.status === "ready" || redis.subscriber.status === "connect") redis.subscriber.stream.destroy();
  };

  return {
    source: "redis",
    pull: (have, signal) => pull(redis, have, signal),
    watch: (listener) => {
      listeners.add(listener);
      if (watchdog !== undefined) return;
      redis.subscriber.on("ready", subscribe);
      redis.subscriber.on("messageBuffer", onMessage);
      watchdog = setInterval(destroySilentLink, 250);
      watchdog.unref();
      if (redis.subscriber.status === "ready") subscribe();
    },
    close: async () => {
      clearInterval(watchdog);
      watchdog = undefined;
      listeners.clear();
      redis.subscriber.off("ready", subscribe);
      redis.subscriber.off("messageBuffer", onMessage);
    },
  };
}

async function pull({ config }: Pick<RedisConnections, "config">, have: Revision | undefined, signal: AbortSignal): Promise<PulledConfig> {
  signal.throwIfAborted();
  const epoch = await config.get(deltaEpochKey);
  if (epoch === null) throw new NoConfigInRedis("Redis holds no configuration; it is taken from the control plane");
  if (have !== undefined && have.epoch === epoch) {
    const deltas = await deltasAfter(config, have.number);
    const newest = await newestNumber(config);
    // Nothing behind ours may also mean that the stream was lost: it must still hold the number we stand on, or be shorter.
    if (deltas !== undefined && (deltas.length > 0 || newest === have.number)) return { snapshot: undefined, deltas };
  }
  signal.throwIfAborted();
  // Only the head at first: a node that stands where Redis stands must not fetch 30 MB at each poll.
  const head = await config.getrangeBuffer(snapshotKey, 0, headBytes - 1);
  if (head.length === 0) throw new NoConfigInRedis("Redis holds no snapshot; it is taken from the control plane");
  const revision = revisionOf(head);
  // Between the reset to a new epoch and its first snapshot the old one still stands there: it must lead nobody back.
  if (revision.epoch !== epoch) throw new NoConfigInRedis("Redis is being filled with another epoch; the control plane is asked");
  const deltas = (await deltasAfter(config, revision.number)) ?? [];
  const reached = revision.number + BigInt(deltas.length);
  if (have !== undefined && have.epoch === revision.epoch && reached < have.number)
    throw new NoConfigInRedis(`Redis stands at revision ${reached}, behind this node's ${have.number}; the control plane is asked`);
  if (have !== undefined && have.epoch === revision.epoch && reached === have.number) return { snapshot: undefined, deltas: [] };
  signal.throwIfAborted();
  const bytes = await config.getBuffer(snapshotKey);
  // Rewritten between the two questions: the next pull sees the new one whole.
  if (bytes === null || Buffer.compare(bytes.subarray(0, headBytes), head) !== 0)
    throw new NoConfigInRedis("the snapshot in Redis is being replaced");
  return { snapshot: fromBinary(SignedSnapshotSchema, bytes), deltas };
}

/** Of a SignedSnapshot's first bytes: its payload is its first field, and the payload's first field is the revision. */
function revisionOf(head: Uint8Array): Revision {
  const reader = new BinaryReader(head);
  const [payload] = reader.tag();
  reader.uint32();
  const [revision] = reader.tag();
  if (payload !== 1 || revision !== 1) throw new Error("the snapshot in Redis does not begin with its revision");
  return fromBinary(RevisionSchema, reader.bytes());
}

/** Those that follow without a gap; undefined where the first does not follow. What is signed wrong is found by the caller. */
async function deltasAfter(config: RedisConnections["config"], number: bigint): Promise<SignedDelta[] | undefined> {
  const entries = await config.xrangeBuffer(deltaStreamKey, `(${number}-0`, "+", "COUNT", deltasMax);
  const deltas: SignedDelta[] = [];
  let expected = number + 1n;
  for (const [id, fields] of entries) {
    if (id.toString() !== `${expected}-0`) return undefined;
    const position = fields.findIndex((field, index) => index % 2 === 0 && field.toString() === "delta");
    const bytes = fields[position + 1];
    if (position < 0 || bytes === undefined) return undefined;
    const delta = fromBinary(SignedDeltaSchema, bytes);
    if (fromBinary(DeltaSchema, delta.payload).number !== expected) return undefined;
    deltas.push(delta);
    expected++;
  }
  return deltas;
}

async function newestNumber(config: RedisConnections["config"]): Promise<bigint | undefined> {
  const [newest] = await config.xrevrange(deltaStreamKey, "+", "-", "COUNT", 1);
  return newest === undefined ? undefined : BigInt(newest[0].split("-")[0] ?? "0");
}

function hintOf(bytes: Uint8Array): Hint | undefined {
  try {
    return fromBinary(HintSchema, bytes);
  } catch {
    // Not one of ours. It kept the link alive all the same; the poll finds what it may have meant.
    return undefined;
  }
}
