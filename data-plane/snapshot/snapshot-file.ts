/**
 * The configuration on disk, so that a node serves after a restart with everything else gone.
 *
 * A generation is a base (a SignedSnapshot) and the SignedDeltas that came after it, as they came: a change costs its own
 * size. A new base is written aside, synced, renamed, and the directory synced; the generation before it is kept. What is
 * read is believed by signature and chain alone. A torn tail is cut off; a generation that does not hold is removed with a
 * reason and the one before it is taken; nothing usable is no error, the node asks its feeds.
 * Writing fails open: what is served stays served, and a fresh base is wanted as soon as the disk takes it.
 */
import { mkdir, open, readdir, readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import {
  type Revision,
  type SignedDelta,
  SignedDeltaSchema,
  type SignedSnapshot,
  SignedSnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { checkedLength, checkedRecord, readCheckedRecords } from "../checked-record.ts";
import type { ConfigTrust } from "./config-trust.ts";

export interface StoredConfig {
  readonly snapshot: SignedSnapshot;
  readonly deltas: readonly SignedDelta[];
  readonly revision: Revision;
}

export interface SnapshotFile {
  /**
   * The newest generation that is signed, follows on, and that `use` takes. Undefined: there is none.
   * `use` throws where the configuration does not hold together; then an older generation is tried.
   */
  load<T>(trust: ConfigTrust, use: (stored: StoredConfig) => T): Promise<T | undefined>;
  /** Queued, in order; never throws. With a snapshot, a new generation begins. */
  save(config: { readonly snapshot: SignedSnapshot | undefined; readonly deltas: readonly SignedDelta[] }): void;
  /** Whether a full snapshot should be pulled and saved: the way since the last is long, or a write failed. */
  readonly wantsBase: boolean;
  /** When all that was saved is on disk, or has failed. */
  flushed(): Promise<void>;
}

/** Deltas after a base before a new one is wanted: reading them back stays well under a second. */
const deltasMax = 1000;

/** @throws Error where the directory cannot be made. */
export async function openSnapshotFile(directory: string, logger: Logger): Promise<SnapshotFile> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let generation = Math.max(0, ...(await generationsIn(directory)));
  let deltasOnDisk = 0;
  let baseWantedAt = deltasMax;
  let broken = generation === 0;
  let failureLogged = false;
  let waiting: { snapshot: SignedSnapshot | undefined; deltas: SignedDelta[] } | undefined;
  let writing: Promise<void> | undefined;

  const beginGeneration = async (snapshot: SignedSnapshot, deltas: readonly SignedDelta[]) => {
    const next = generation + 1;
    if (deltas.length > 0) await writeSynced(deltasPath(directory, next), "w", deltas.map(deltaRecord));
    const aside = join(directory, "base.tmp");
    await writeSynced(aside, "w", [checkedRecord(toBinary(SignedSnapshotSchema, snapshot))]);
    await rename(aside, basePath(directory, next));
    await syncDirectory(directory);
    generation = next;
    deltasOnDisk = deltas.length;
    baseWantedAt = deltas.length + deltasMax;
    for (const old of await generationsIn(directory)) if (old < next - 1) await removeGeneration(directory, old);
  };
  const writeWaiting = async () => {
    while (waiting !== undefined) {
      const { snapshot, deltas } = waiting;
      waiting = undefined;
      try {
        if (snapshot !== undefined) await beginGeneration(snapshot, deltas);
        else if (broken) continue;
        else {
          await writeSynced(deltasPath(directory, generation), "a", deltas.map(deltaRecord));
          deltasOnDisk += deltas.length;
        }
        broken = false;
        failureLogged = false;
      } catch (error) {
        broken = true;
        if (!failureLogged)
          logger.error({ err: error, directory }, "the configuration could not be written to disk; it is served all the same");
        failureLogged = true;
      }
    }
    writing = undefined;
  };

  return {
    load: async (trust, use) => {
      const generations = (await generationsIn(directory)).sort((a, b) => b - a);
      for (const candidate of generations) {
        try {
          const stored = await readGeneration(directory, candidate, trust, logger);
          const taken = use(stored);
          generation = candidate;
          deltasOnDisk = stored.deltas.length;
          baseWantedAt = deltasMax;
          broken = false;
          return taken;
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          logger.warn({ generation: candidate, directory, reason }, "configuration on disk is not usable; an older one is tried");
          // Were it kept, what is appended to the older one would be shadowed by it at the next start.
          await removeGeneration(directory, candidate);
        }
      }
      generation = 0;
      broken = true;
      return undefined;
    },
    save: ({ snapshot, deltas }) => {
      if (snapshot !== undefined) waiting = { snapshot, deltas: [...deltas] };
      else if (deltas.length === 0) return;
      else if (waiting !== undefined) waiting.deltas.push(...deltas);
      else waiting = { snapshot: undefined, deltas: [...deltas] };
      writing ??= writeWaiting();
    },
    get wantsBase() {
      return broken || deltasOnDisk >= baseWantedAt;
    },
    flushed: async () => {
      while (writing !== undefined) await writing;
    },
  };
}

const basePath = (directory: string, generation: number): string => join(directory, `${generation}.base`);
const deltasPath = (directory: string, generation: number): string => join(directory, `${generation}.deltas`);
const deltaRecord = (delta: SignedDelta): Buffer => checkedRecord(toBinary(SignedDeltaSchema, delta));

async function generationsIn(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => (/^\d+\.base$/.test(name) ? [Number.parseInt(name, 10)] : []));
}

async function removeGeneration(directory: string, generation: number): Promise<void> {
  await rm(basePath(directory, generation), { force: true });
  await rm(deltasPath(directory, generation), { force: true });
}

async function readGeneration(directory: string, generation: number, trust: ConfigTrust, logger: Logger): Promise<StoredConfig> {
  const [base] = readCheckedRecords(await readFile(basePath(directory, generation))).records;
  if (base === undefined) throw new Error("its base is torn");
  const snapshot = fromBinary(SignedSnapshotSchema, base);
  let { revision } = trust.snapshot(snapshot);
  const path = deltasPath(directory, generation);
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const deltas: SignedDelta[] = [];
  let goodBytes = 0;
  for (const record of readCheckedRecords(file).records) {
    try {
      const delta = fromBinary(SignedDeltaSchema, record);
      revision = trust.follow(revision, delta);
      deltas.push(delta);
      goodBytes += checkedLength(record.length);
    } catch (error) {
      logger.warn({ generation, reason: error instanceof Error ? error.message : String(error) }, "a change on disk is not believed");
      break;
    }
  }
  if (goodBytes < file.length) {
    logger.warn({ generation, bytes: file.length - goodBytes }, "the torn tail of the configuration on disk is cut off");
    await truncate(path, goodBytes);
  }
  return { snapshot, deltas, revision };
}

async function writeSynced(path: string, flags: "w" | "a", chunks: readonly Buffer[]): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    for (const chunk of chunks) await file.appendFile(chunk);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
