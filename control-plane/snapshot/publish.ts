/**
 * Carries committed revisions to the nodes. It wakes on each commit of this process and every second, so that a commit of
 * another control plane and a lost notification are seen too; it reads what is new, tells those who watch here, and makes
 * the channel (Redis) hold the same.
 *
 * It does not remember what it has written: each time it looks at what stands in the channel and writes what is missing.
 * So a channel that was emptied, restarted or written by another control plane is whole again with the next turn, and a
 * turn that failed half-way is simply taken again. With the channel away, or none, watchers are served all the same; with
 * the database away, the heartbeat goes on with the revision that is known, and an emptied channel is refilled from memory.
 */
import { toBinary } from "@bufbuild/protobuf";
import { type Revision, SignedDeltaSchema, SignedSnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { Logger } from "../logger.ts";
import type { ChannelState, ConfigChannel } from "./config-channel.ts";
import type { ConfigHistory } from "./config-history.ts";
import { deltasBehindMax, type SnapshotSource, sameRevision } from "./snapshot-source.ts";

/** Both the poll and the heartbeat: nodes give a link up after three heartbeats missed. */
export const heartbeatMs = 1000;

export interface PublisherParts {
  readonly history: ConfigHistory;
  readonly source: SnapshotSource;
  /** Undefined: there is no Redis. */
  readonly channel: ConfigChannel | undefined;
  readonly logger: Logger;
  /** Calls back after each commit of this process. @returns a function that ends it. */
  onCommit(listener: () => void): () => void;
  /** How many nodes are alive. */
  readonly liveNodes: () => number;
}

export interface Publisher {
  close(): Promise<void>;
}

export function publishConfig(parts: PublisherParts): Publisher {
  const { history, source, channel, logger, liveNodes } = parts;
  const databaseTrouble = troubleLog(logger, "the configuration cannot be read from the database");
  const channelTrouble = troubleLog(logger, "the configuration cannot be published in Redis");
  let firstFill = true;
  let marked: Revision | undefined;

  const turns = turnTaker(async () => {
    const fresh = await source.refresh().then(databaseTrouble.over, databaseTrouble.note);
    const published =
      channel === undefined ? source.current() : await fillChannel(source, channel, firstFill, liveNodes()).catch(channelTrouble.note);
    if (published === undefined || published === false) return;
    firstFill = false;
    channelTrouble.over();
    if (fresh === false || (marked !== undefined && sameRevision(marked, published))) return;
    await history.markPublished(published.epoch, published.number).then(() => {
      marked = published;
    }, databaseTrouble.note);
  });

  const heartbeat = setInterval(() => {
    turns.take();
    const current = source.current();
    // A hint that is lost is followed by another.
    if (current !== undefined && channel?.ready() === true) channel.hint(current, liveNodes()).catch(ignore);
  }, heartbeatMs);
  const stopListening = parts.onCommit(turns.take);
  channel?.onReady(turns.take);
  turns.take();

  return {
    close: async () => {
      clearInterval(heartbeat);
      stopListening();
      await turns.close();
      await channel?.close();
    },
  };
}

/**
 * Makes the channel hold what the source holds, then hints.
 * @param writeSnapshot also where one leads on already: after a start, because the one there may bear another key's signature.
 * @returns what the channel now stands at; undefined: the channel is away.
 */
export async function fillChannel(
  source: SnapshotSource,
  channel: ConfigChannel,
  writeSnapshot: boolean,
  liveNodes: number,
): Promise<Revision | undefined> {
  if (!channel.ready()) return undefined;
  const state = await channel.state();
  // Another control plane may have published what we have not read; only what is ahead of the database itself is wrong.
  if (isAhead(state, source.current())) await source.refresh().catch(ignore);
  const held = source.held();
  const current = source.current();
  if (held === undefined || current === undefined) return undefined;

  const work = channelWork(state, current, held, writeSnapshot);
  if (work.reset) await channel.reset(current.epoch);
  if (work.snapshot) await channel.writeSnapshot(toBinary(SignedSnapshotSchema, held.snapshot));
  const missing = held.deltas.filter((delta) => delta.number > work.appendAfter);
  if (missing.length > 0) {
    const last = await channel.append(
      current.epoch,
      missing.map((delta) => ({ number: delta.number, bytes: toBinary(SignedDeltaSchema, delta.signed) })),
    );
    if (last === undefined || last < current.number)
      throw new Error(`the channel stands at ${last ?? "another epoch"}, not at ${current.number}; it is compared again`);
  }
  if (work.snapshot && held.snapshotNumber > BigInt(deltasBehindMax))
    await channel.trim(held.snapshotNumber - BigInt(deltasBehindMax) + 1n);
  if (missing.length > 0 || work.snapshot) await channel.hint(current, liveNodes);
  return current;
}

export interface ChannelWork {
  /** Take all deltas away and begin with our epoch. */
  readonly reset: boolean;
  readonly snapshot: boolean;
  /** The number after which deltas are missing. */
  readonly appendAfter: bigint;
}

/** Pure: what the channel needs to hold the current revision. */
export function channelWork(
  state: ChannelState,
  current: Revision,
  held: { readonly snapshotNumber: bigint; readonly deltas: readonly { readonly number: bigint }[] },
  writeSnapshot: boolean,
): ChannelWork {
  const oldest = held.deltas[0]?.number ?? current.number + 1n;
  const reset =
    state.epoch !== current.epoch ||
    isAhead(state, current) ||
    // What is far behind need not be filled up delta by delta, and cannot be where ours begin only later.
    (state.last !== undefined && (current.number - state.last > BigInt(deltasBehindMax) || oldest > state.last + 1n));
  const there = reset || state.snapshot?.epoch !== current.epoch ? undefined : state.snapshot.number;
  const first = (reset ? undefined : state.first) ?? oldest;
  const leadsOn = there !== undefined && there <= current.number && current.number - there < BigInt(deltasBehindMax) && first <= there + 1n;
  return { reset, snapshot: writeSnapshot || !leadsOn, appendAfter: reset ? -1n : (state.last ?? -1n) };
}

const isAhead = (state: ChannelState, current: Revision | undefined): boolean =>
  current !== undefined && state.epoch === current.epoch && state.last !== undefined && state.last > current.number;

/** Runs one turn at a time; asked for while one runs, exactly one more follows. */
function turnTaker(turn: () => Promise<void>): { take: () => void; close(): Promise<void> } {
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;
  const take = () => {
    if (closed) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = turn().finally(() => {
      running = undefined;
      if (!again) return;
      again = false;
      take();
    });
  };
  return {
    take,
    close: async () => {
      closed = true;
      await running;
    },
  };
}

/** Says once that something fails and once that it is over, not with every turn. */
function troubleLog(logger: Logger, what: string): { note(error: unknown): false; over(): undefined } {
  let noted = false;
  return {
    note: (error) => {
      if (!noted) logger.warn({ err: error }, `${what}; trying every second`);
      noted = true;
      return false;
    },
    over: () => {
      if (noted) logger.info(`no longer: ${what}`);
      noted = false;
      return undefined;
    },
  };
}

const ignore = () => {};
