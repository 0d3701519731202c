/**
 * The configuration channel in Redis: a stream of signed deltas, one signed snapshot, the epoch, and a channel of hints
 * (names: #agreements/redis-names.ts). What must not tear is a Lua script: a delta is appended only directly behind its
 * predecessor and only to the stream of its own epoch, so that two control planes that publish at once can neither double
 * a delta nor leave a hole. Plain EVAL, because a SCRIPT FLUSH or a new master must not matter.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { deltaEpochKey, deltaStreamKey, hintChannel, snapshotKey } from "#agreements/redis-names.ts";
import { HintSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { Logger } from "../logger.ts";
import type { ChannelState, ConfigChannel, EncodedDelta } from "../snapshot/config-channel.ts";
import { revisionOfSnapshotHead, snapshotHeadLength } from "../snapshot/snapshot-bytes.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

/** Bytes of deltas in one call: a script holds up every other client of this Redis. */
const appendBytesMax = 1_000_000;
/** Lua's unpack and ioredis both take more, but nothing is won by it. */
const appendCountMax = 200;

const stateScript = `
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {redis.call('GET', KEYS[1]) or '', first[1] and first[1][1] or '', last[1] and last[1][1] or '',
  redis.call('GETRANGE', KEYS[3], 0, ARGV[1])}`;

/** Numbers are compared as Lua's doubles: exact up to 2^53 revisions. */
const appendScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return '' end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local at = last[1] and tonumber(string.match(last[1][1], '^%d+'))
for i = 2, #ARGV, 2 do
  local number = tonumber(ARGV[i])
  if at == nil or number == at + 1 then
    redis.call('XADD', KEYS[2], ARGV[i] .. '-0', 'delta', ARGV[i + 1])
    at = number
  elseif number > at then
    break
  end
end
return at and string.format('%.0f', at) or ''`;

export function openConfigChannel(url: string, logger: Logger): ConfigChannel {
  const client = connectRedis(url, "publish", logger);
  const append = async (epoch: string, deltas: readonly EncodedDelta[]): Promise<bigint | undefined> => {
    const parts = deltas.flatMap((delta) => [delta.number.toString(), Buffer.from(delta.bytes)]);
    const answer = await client.eval(appendScript, 2, deltaEpochKey, deltaStreamKey, epoch, ...parts);
    return numberOf(String(answer));
  };
  return {
    ready: () => isReady(client),
    onReady: (listener) => {
      client.on("ready", listener);
    },
    state: async () => {
      const answer = await client.callBuffer("EVAL", [
        stateScript,
        3,
        deltaEpochKey,
        deltaStreamKey,
        snapshotKey,
        String(snapshotHeadLength - 1),
      ]);
      return stateOf(answer);
    },
    reset: async (epoch) => {
      await done(client.multi().del(deltaStreamKey).set(deltaEpochKey, epoch).exec());
    },
    writeSnapshot: async (signedSnapshot) => {
      await client.set(snapshotKey, Buffer.from(signedSnapshot.buffer, signedSnapshot.byteOffset, signedSnapshot.byteLength));
    },
    append: async (epoch, deltas) => {
      let last: bigint | undefined;
      for (const chunk of chunksOf(deltas)) {
        last = await append(epoch, chunk);
        if (last === undefined) return undefined;
      }
      return last;
    },
    trim: async (firstKept) => {
      await client.xtrim(deltaStreamKey, "MINID", `${firstKept}-0`);
    },
    hint: async (revision, liveNodes) => {
      await client.publish(hintChannel, Buffer.from(toBinary(HintSchema, create(HintSchema, { revision, liveNodes }))));
    },
    close: async () => closeRedis(client),
  };
}

function stateOf(answer: unknown): ChannelState {
  if (!Array.isArray(answer) || !answer.every((part) => Buffer.isBuffer(part)))
    throw new Error("Redis answered the state script strangely");
  const [epoch, first, last, head] = answer as Buffer[];
  return {
    epoch: epoch === undefined || epoch.length === 0 ? undefined : epoch.toString(),
    first: numberOf(first?.toString() ?? ""),
    last: numberOf(last?.toString() ?? ""),
    snapshot: head === undefined ? undefined : revisionOfSnapshotHead(head),
  };
}

/** Of a stream entry's id, `<number>-0`, or of a bare number. */
function numberOf(id: string): bigint | undefined {
  const digits = /^\d+/.exec(id)?.[0];
  return digits === undefined ? undefined : BigInt(digits);
}

function* chunksOf(deltas: readonly EncodedDelta[]): Generator<readonly EncodedDelta[]> {
  let chunk: EncodedDelta[] = [];
  let bytes = 0;
  for (const delta of deltas) {
    if (chunk.length > 0 && (chunk.length >= appendCountMax || bytes + delta.bytes.length > appendBytesMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(delta);
    bytes += delta.bytes.length;
  }
  if (chunk.length > 0) yield chunk;
}

async function done(transaction: Promise<[error: Error | null, result: unknown][] | null>): Promise<void> {
  for (const [error] of (await transaction) ?? []) if (error !== null) throw error;
}
