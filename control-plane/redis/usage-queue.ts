/**
 * The queue of usage records as a Redis stream with a consumer group. Reading blocks, so it has a connection of its own.
 * Redis gives an entry out when it sends it, and a link that breaks at that moment takes the entry with it: after each failure the
 * consumer reads first what it was given and has not acknowledged, where it would else wait until somebody claims it.
 * A group that vanished (FLUSHALL, a restart without persistence) is made again and reads from the start of what there is.
 * What is trimmed lies behind the slowest group's acknowledgements, never at a mere length: these records are money.
 */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { usageDeadLetterKey, usageGroup, usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import { framesOf, readFrames } from "#agreements/usage-frames.ts";
import type { Logger } from "../logger.ts";
import type { QueuedRecord, UsageQueue } from "../usage/usage-queue.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

const blockMs = 1000;
export const idleBeforeClaimMs = 30_000;
/** Dead letters wait for people; when nobody comes, the oldest go. Each is in the log too. */
const deadLettersMax = 100_000;
/** A consumer without anything pending that was not heard for an hour belonged to a process that is gone. */
const consumerForgottenMs = 3_600_000;

/** Between the claimed entries there may be others of ours that are not claimed. */
const pendingInOneRead = 10_000;

const advanceScript = `
local at = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
if tonumber(ARGV[2]) <= tonumber(at) + 1 and tonumber(ARGV[3]) > tonumber(at) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  return ARGV[3]
end
return at`;

export interface UsageQueueOptions {
  readonly idleBeforeClaimMs?: number;
}

export function openUsageQueue(url: string, logger: Logger, options: UsageQueueOptions = {}): UsageQueue {
  const reader = connectRedis(url, "consume", logger);
  const writer = connectRedis(url, "acknowledge", logger);
  const consumer = randomUUID();
  const idleMs = options.idleBeforeClaimMs ?? idleBeforeClaimMs;
  let claimFrom = "0-0";
  let mayHaveMissed = false;
  const missed = () => {
    mayHaveMissed = true;
  };
  for (const client of [reader, writer]) client.on("close", missed);

  /** @param from ">": what nobody was given; "0": what we were given and have not acknowledged. */
  const readFrom = async (from: ">" | "0", entriesMax: number): Promise<readonly StreamEntry[]> => {
    const options = ["GROUP", usageGroup, consumer, "COUNT", entriesMax, "BLOCK", blockMs, "STREAMS", usageStreamKey, from];
    return entriesOfStream(await reader.callBuffer("XREADGROUP", options));
  };
  const giveAgain = async (entries: readonly StreamEntry[]): Promise<readonly QueuedRecord[]> => {
    const deliveries = await deliveriesOf(writer, consumer, entries);
    return entries.flatMap((entry) => queued(entry, deliveries.get(entry.id) ?? 2));
  };

  return {
    ready: () => isReady(reader) && isReady(writer),
    read: (entriesMax) =>
      withGroup(writer, async () => {
        if (mayHaveMissed) {
          mayHaveMissed = false;
          const entries = await readFrom("0", entriesMax).catch((error: unknown) => {
            missed();
            throw error;
          });
          if (entries.length > 0) {
            // There may be more behind them.
            missed();
            return giveAgain(entries);
          }
        }
        return (await readFrom(">", entriesMax)).flatMap((entry) => queued(entry, 1));
      }),
    claim: (entriesMax) =>
      withGroup(writer, async () => {
        const answer = listOf(
          await writer.callBuffer("XAUTOCLAIM", [usageStreamKey, usageGroup, consumer, idleMs, claimFrom, "COUNT", entriesMax]),
        );
        claimFrom = textOf(answer[0]) || "0-0";
        return giveAgain(listOf(answer[1]).flatMap(entryOf));
      }),
    separate: async (records) => {
      const [first] = records;
      if (first === undefined) return;
      const exchange = writer.multi();
      for (const { log, sequence, record } of records)
        exchange.xadd(usageStreamKey, "*", "node", log, "frames", framesOf(sequence ?? 0n, [record]).bytes);
      await exchange.xack(usageStreamKey, usageGroup, first.id).exec();
    },
    bury: async (record, reason) => {
      const fields = ["id", record.id, "node", record.log, "sequence", String(record.sequence ?? ""), "reason", reason];
      await writer.xadd(usageDeadLetterKey, "MAXLEN", "~", deadLettersMax, "*", ...fields, "record", Buffer.from(record.record));
    },
    acknowledge: async (ids) => {
      if (ids.length > 0) await writer.xack(usageStreamKey, usageGroup, ...ids);
    },
    advance: async (log, from, to) =>
      BigInt(String(await writer.eval(advanceScript, 1, usageWatermarkKey, log, from.toString(), to.toString()))),
    trim: () =>
      withGroup(writer, async () => {
        const firstKept = await firstUnacknowledged(writer);
        if (firstKept !== undefined) await writer.xtrim(usageStreamKey, "MINID", firstKept);
        await forgetConsumers(writer, consumer);
      }),
    stopReading: () => closeRedis(reader),
    close: async () => {
      closeRedis(reader);
      closeRedis(writer);
    },
  };
}

/** Makes the group where it is missing, and then tries once more. */
async function withGroup<Value>(client: Redis, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !/NOGROUP|no such key/i.test(error.message)) throw error;
    await client.xgroup("CREATE", usageStreamKey, usageGroup, "0", "MKSTREAM").catch((cause: unknown) => {
      // Another control plane made it in between.
      if (!(cause instanceof Error) || !cause.message.startsWith("BUSYGROUP")) throw cause;
    });
    return await work();
  }
}

/** The smallest entry that some group has not acknowledged, or the last one given out. Undefined: nothing was given out. */
async function firstUnacknowledged(client: Redis): Promise<string | undefined> {
  const groups = listOf(await client.call("XINFO", ["GROUPS", usageStreamKey])).map(pairsOf);
  let first: string | undefined;
  for (const group of groups) {
    const pending = listOf(await client.call("XPENDING", [usageStreamKey, textOf(group.get("name"))]));
    const kept = Number(pending[0]) > 0 ? textOf(pending[1]) : textOf(group.get("last-delivered-id"));
    if (first === undefined || isBefore(kept, first)) first = kept;
  }
  return first === "0-0" ? undefined : first;
}

async function forgetConsumers(client: Redis, own: string): Promise<void> {
  const consumers = listOf(await client.call("XINFO", ["CONSUMERS", usageStreamKey, usageGroup])).map(pairsOf);
  for (const consumer of consumers) {
    const name = textOf(consumer.get("name"));
    if (name !== own && Number(consumer.get("pending")) === 0 && Number(consumer.get("idle")) > consumerForgottenMs)
      await client.xgroup("DELCONSUMER", usageStreamKey, usageGroup, name);
  }
}

async function deliveriesOf(client: Redis, consumer: string, entries: readonly StreamEntry[]): Promise<ReadonlyMap<string, number>> {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const pending = listOf(await client.call("XPENDING", [usageStreamKey, usageGroup, first.id, last.id, pendingInOneRead, consumer]));
  return new Map(pending.map((row) => [textOf(listOf(row)[0]), Number(listOf(row)[3])]));
}

interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

/** What is not whole frames cannot have come from a node: it becomes a record that nobody can read, for the dead letters. */
function queued({ id, fields }: StreamEntry, deliveries: number): readonly QueuedRecord[] {
  const log = textOf(fields.get("node"));
  const bytes = fields.get("frames") ?? Buffer.alloc(0);
  const { frames, goodBytes } = readFrames(bytes);
  const whole = goodBytes === bytes.length && frames.length > 0;
  const alone = whole ? frames.length === 1 : frames.length === 0;
  const records = frames.map((frame): QueuedRecord => ({ id, log, ...frame, deliveries, alone }));
  return whole ? records : [...records, { id, log, sequence: undefined, record: bytes.subarray(goodBytes), deliveries, alone }];
}

/** Of XREADGROUP: one stream, or null where nothing came. */
const entriesOfStream = (answer: unknown): readonly StreamEntry[] =>
  answer === null ? [] : listOf(listOf(listOf(answer)[0])[1]).flatMap(entryOf);

/** An entry that was deleted while pending comes without fields. */
function entryOf(row: unknown): readonly StreamEntry[] {
  const [id, fields] = listOf(row);
  if (!Array.isArray(fields)) return [];
  const named = new Map<string, Buffer>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const value: unknown = fields[index + 1];
    if (Buffer.isBuffer(value)) named.set(textOf(fields[index]), value);
  }
  return [{ id: textOf(id), fields: named }];
}

function pairsOf(row: unknown): ReadonlyMap<string, unknown> {
  const list = listOf(row);
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[textOf(name), list[index + 1]] as const] : [])));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

function isBefore(one: string, other: string): boolean {
  const [oneMs = "0", oneNumber = "0"] = one.split("-");
  const [otherMs = "0", otherNumber = "0"] = other.split("-");
  return BigInt(oneMs) === BigInt(otherMs) ? BigInt(oneNumber) < BigInt(otherNumber) : BigInt(oneMs) < BigInt(otherMs);
}
