/**
 * What nodes may be given, held in memory: the newest revision, the signed deltas that led to it, and one signed snapshot
 * they lead on from. So many nodes that pull cost one assembly, a pull costs no query, and with the database down nodes
 * that come are still served from here.
 *
 * `refresh` is the only way forward: it reads what was committed since (by whichever control plane) and tells listeners.
 * It fails with the database and changes nothing then. Deltas that another signing key signed are signed anew: what stands
 * in our own database is believed, and a node knows only the present key.
 */
import { create } from "@bufbuild/protobuf";
import type { Signer } from "#agreements/signature.ts";
import {
  type Revision,
  RevisionSchema,
  type SignedDelta,
  SignedDeltaSchema,
  type SignedSnapshot,
  SignedSnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { CommittedRevision, ConfigHistory } from "./config-history.ts";
import { snapshotBytes } from "./snapshot-bytes.ts";

/** How far behind a node may be to be given deltas; further behind, the whole is cheaper. */
export const deltasBehindMax = 1000;
/** Bytes of deltas kept in memory, and how many a snapshot may lag behind before it is assembled anew. */
const deltaBytesMax = 32 * 1024 * 1024;
const revisionsInOneRead = 500;

export interface HeldDelta {
  readonly number: bigint;
  /** Of the revision it leads to, and of the one it applies to. */
  readonly hash: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly signed: SignedDelta;
}

export interface PulledConfig {
  readonly snapshot: SignedSnapshot | undefined;
  readonly deltas: readonly SignedDelta[];
}

export interface SnapshotSource {
  /** The newest revision that was read. Undefined: the database has not answered yet. */
  current(): Revision | undefined;
  /** The snapshot and the deltas held: those after it up to the current revision, and older ones. */
  held(): { readonly snapshot: SignedSnapshot; readonly snapshotNumber: bigint; readonly deltas: readonly HeldDelta[] } | undefined;
  /**
   * Reads what was committed since. Calls that overlap share one run and one more after it, so that what was committed
   * before the call is always seen.
   * @returns the current revision.
   * @throws whatever the database throws; what is held stays as it was.
   */
  refresh(): Promise<Revision>;
  /** What follows `have`, from memory alone. Undefined: nothing has been read yet. */
  pull(have: Revision | undefined): PulledConfig | undefined;
  /** Calls back after each change of the current revision. @returns a function that ends it. */
  onChange(listener: (current: Revision) => void): () => void;
}

interface Held {
  readonly current: Revision;
  readonly snapshot: SignedSnapshot;
  readonly snapshotNumber: bigint;
  /** Oldest first, without a gap, the last one leads to `current`. */
  readonly deltas: readonly HeldDelta[];
  /** Of the deltas after the snapshot. */
  readonly bytesAfterSnapshot: number;
}

export function openSnapshotSource(history: ConfigHistory, signer: Signer): SnapshotSource {
  const listeners = new Set<(current: Revision) => void>();
  let held: Held | undefined;
  let running: Promise<Revision> | undefined;
  let next: Promise<Revision> | undefined;

  const step = async (): Promise<Revision> => {
    const before = held;
    const state = await history.state();
    if (before === undefined || before.current.epoch !== state.epoch || state.number < before.current.number) {
      held = await start(history, signer);
    } else if (state.number > before.current.number) {
      held = await advance(history, signer, before);
    }
    const current = held?.current ?? before?.current;
    if (current === undefined) throw new Error("the configuration's state was read, yet nothing is held");
    if (before === undefined || !sameRevision(before.current, current)) for (const listener of [...listeners]) listener(current);
    return current;
  };
  const run = (): Promise<Revision> => {
    running = step().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    current: () => held?.current,
    held: () => held,
    refresh: () => {
      if (running === undefined) return run();
      next ??= running.then(noResult, noResult).then(() => {
        next = undefined;
        return run();
      });
      return next;
    },
    pull: (have) => (held === undefined ? undefined : pullFrom(held, have)),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const sameRevision = (one: Revision, other: Revision): boolean =>
  one.epoch === other.epoch && one.number === other.number && Buffer.compare(one.hash, other.hash) === 0;

/** Pure. A node whose revision is not on our chain gets the whole, and so does one that is ahead of us: it must see the difference. */
function pullFrom(held: Held, have: Revision | undefined): PulledConfig {
  const whole = () => ({ snapshot: held.snapshot, deltas: signedAfter(held.deltas, held.snapshotNumber) });
  if (have === undefined || have.epoch !== held.current.epoch || have.number > held.current.number) return whole();
  if (have.number === held.current.number) return sameRevision(have, held.current) ? { snapshot: undefined, deltas: [] } : whole();
  if (held.current.number - have.number > BigInt(deltasBehindMax)) return whole();
  const following = held.deltas.find((delta) => delta.number === have.number + 1n);
  if (following === undefined || Buffer.compare(following.previousHash, have.hash) !== 0) return whole();
  return { snapshot: undefined, deltas: signedAfter(held.deltas, have.number) };
}

const signedAfter = (deltas: readonly HeldDelta[], number: bigint): readonly SignedDelta[] =>
  deltas.filter((delta) => delta.number > number).map((delta) => delta.signed);

async function start(history: ConfigHistory, signer: Signer): Promise<Held> {
  const { state, createdAtMs, resources } = await history.resources();
  const current = create(RevisionSchema, state);
  const oldest = state.number > BigInt(deltasBehindMax) ? state.number - BigInt(deltasBehindMax) : 0n;
  // Old history may have been cleared away; what leads here without a gap is enough.
  const rows = leadingHere(await readAfter(history, state.epoch, oldest, state.number));
  return {
    current,
    snapshot: signedSnapshot(signer, snapshotBytes(current, createdAtMs, resources)),
    snapshotNumber: state.number,
    deltas: bounded(
      rows.map((row) => heldDelta(signer, row)),
      state.number,
    ),
    bytesAfterSnapshot: 0,
  };
}

async function advance(history: ConfigHistory, signer: Signer, before: Held): Promise<Held> {
  const { epoch, number } = before.current;
  const rows = await readAfter(history, epoch, number, undefined);
  const last = rows.at(-1);
  // A revision that does not follow ours: history was rewritten under us, so nothing that is held can be trusted.
  if (last === undefined || Buffer.compare(rows[0]?.previousHash ?? new Uint8Array(), before.current.hash) !== 0)
    return start(history, signer);
  const bytesAfterSnapshot = rows.reduce((sum, row) => sum + row.payload.length, before.bytesAfterSnapshot);
  if (last.number - before.snapshotNumber >= BigInt(deltasBehindMax) || bytesAfterSnapshot > deltaBytesMax) return start(history, signer);
  return {
    ...before,
    current: create(RevisionSchema, { epoch, number: last.number, hash: last.hash }),
    deltas: bounded([...before.deltas, ...rows.map((row) => heldDelta(signer, row))], before.snapshotNumber),
    bytesAfterSnapshot,
  };
}

/** All revisions in (after, upTo], in order. */
async function readAfter(
  history: ConfigHistory,
  epoch: string,
  after: bigint,
  upTo: bigint | undefined,
): Promise<readonly CommittedRevision[]> {
  const rows: CommittedRevision[] = [];
  for (;;) {
    const page = await history.revisionsAfter(epoch, rows.at(-1)?.number ?? after, revisionsInOneRead);
    rows.push(...page.filter((row) => upTo === undefined || row.number <= upTo));
    if (page.length < revisionsInOneRead || rows.length === 0 || rows.at(-1)?.number === upTo) return rows;
  }
}

/** The longest end of the rows in which each follows the one before it. */
function leadingHere(rows: readonly CommittedRevision[]): readonly CommittedRevision[] {
  let first = rows.length - 1;
  while (first > 0 && rows[first - 1]?.number === (rows[first]?.number ?? 0n) - 1n) first--;
  return rows.slice(Math.max(first, 0));
}

/** Drops the oldest deltas that no snapshot needs, beyond the bounds. */
function bounded(deltas: readonly HeldDelta[], snapshotNumber: bigint): readonly HeldDelta[] {
  let bytes = 0;
  let first = deltas.length;
  for (let index = deltas.length - 1; index >= 0; index--) {
    const delta = deltas[index];
    if (delta === undefined) break;
    bytes += delta.signed.payload.length;
    const needed = delta.number > snapshotNumber;
    if (!needed && (deltas.length - index > deltasBehindMax || bytes > deltaBytesMax)) break;
    first = index;
  }
  return first === 0 ? deltas : deltas.slice(first);
}

function heldDelta(signer: Signer, row: CommittedRevision): HeldDelta {
  const signature = row.keyId === signer.keyId ? row.signature : signer.sign("delta", row.payload);
  return {
    number: row.number,
    hash: row.hash,
    previousHash: row.previousHash,
    signed: create(SignedDeltaSchema, { payload: row.payload, signature, keyId: signer.keyId }),
  };
}

const signedSnapshot = (signer: Signer, payload: Uint8Array): SignedSnapshot =>
  create(SignedSnapshotSchema, { payload, signature: signer.sign("snapshot", payload), keyId: signer.keyId });

const noResult = () => {};
