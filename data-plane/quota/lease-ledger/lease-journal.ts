/**
 * What a node's disk knows of its leases: for each counter, how much was ever drawn of them. Lines of JSON, one after another;
 * the last of a counter holds. It outlives a killed process and not a machine that went down, whose last lines may be missing:
 * what another boot wrote is not believed.
 */
import { type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Logger } from "pino";
import type { MeteredQuota } from "../../pipeline/quota-ledger.ts";

export interface DrawnLease {
  readonly quota: MeteredQuota;
  readonly subject: string;
  readonly drawn: number;
}

export interface LeaseJournal {
  /** What the process before had drawn. */
  readonly died: readonly DrawnLease[];
  /** Resolves when a process that is killed from now on leaves it behind. Rejects where the disk does not take it. */
  write(drawn: readonly DrawnLease[]): Promise<void>;
  /** @param forget nothing is held any more. */
  close(forget: boolean): Promise<void>;
}

const bytesMax = 1024 * 1024;
/** Writes that a disk which hangs may owe. */
const queuedMax = 8;
/** Those drawn last; of others nothing comes back. */
const leasesMax = 2000;

/** undefined: this system does not say which boot it is in, or the disk takes nothing, so nothing can be believed after a restart. */
export async function openLeaseJournal(path: string, logger: Logger): Promise<LeaseJournal | undefined> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => "",
  );
  if (boot === "") return undefined;
  const died = await readDied(path, boot);
  /** The newest last. */
  const leases = new Map<string, DrawnLease>(died.map((one) => [keyOf(one), one]));
  let file: FileHandle | undefined;
  let bytes = 0;
  let beganBytes = 0;
  let queued = 0;
  let writing: Promise<unknown> = Promise.resolve();

  const lineOf = (one: DrawnLease): string => `${JSON.stringify(one)}\n`;
  const begin = async () => {
    await file?.close();
    file = undefined;
    for (const key of leases.keys()) {
      if (leases.size <= leasesMax) break;
      leases.delete(key);
    }
    const text = `${JSON.stringify({ boot })}\n${[...leases.values()].map(lineOf).join("")}`;
    await writeFile(`${path}.tmp`, text, { mode: 0o600 });
    await rename(`${path}.tmp`, path);
    file = await open(path, "a", 0o600);
    bytes = Buffer.byteLength(text);
  };
  const append = async (drawn: readonly DrawnLease[]) => {
    for (const one of drawn) {
      const key = keyOf(one);
      leases.delete(key);
      leases.set(key, one);
    }
    if (file === undefined || bytes > Math.max(bytesMax, 2 * beganBytes)) {
      await begin();
      beganBytes = bytes;
      return;
    }
    const text = drawn.map(lineOf).join("");
    const { bytesWritten } = await file.write(text);
    bytes += bytesWritten;
    if (bytesWritten < Buffer.byteLength(text)) throw new Error("the disk is full");
  };

  try {
    await begin();
  } catch (error) {
    logger.error({ err: error, path }, "leases cannot be noted; what this node has leased stays counted if it is killed");
    return undefined;
  }
  return {
    died,
    write: (drawn) => {
      if (queued >= queuedMax) return Promise.reject(new Error("the disk is slow"));
      queued++;
      const written = writing
        .then(() => append(drawn))
        .catch(async (error: unknown) => {
          // What stands there now may end in half a line: begun anew with the next.
          await file?.close().catch(() => undefined);
          file = undefined;
          throw error;
        })
        .finally(() => queued--);
      writing = written.catch(() => undefined);
      return written;
    },
    close: async (forget) => {
      await writing;
      await file?.close().catch(() => undefined);
      if (forget) await rm(path, { force: true });
    },
  };
}

const keyOf = ({ quota, subject }: DrawnLease): string => `${quota.organisationId}/${quota.id}/${subject}`;

async function readDied(path: string, boot: string): Promise<readonly DrawnLease[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const [head = "", ...lines] = text.split("\n");
  const leases = new Map<string, DrawnLease>();
  try {
    if ((JSON.parse(head) as { boot?: string }).boot !== boot) return [];
    for (const line of lines) {
      if (line === "") continue;
      const one = JSON.parse(line) as DrawnLease;
      leases.delete(keyOf(one));
      leases.set(keyOf(one), one);
    }
  } catch {
    // A torn line is the last one, and what it would say had not begun. A file that is none says nothing.
  }
  return [...leases.values()];
}
