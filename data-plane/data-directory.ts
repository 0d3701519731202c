/**
 * One process, one data directory: two that append to the same log would break it without either seeing an error.
 *
 * The lock is a file that names its owner. An owner is alive when its process id is, and on Linux when that process also
 * began when the owner did: ids are used again, in containers at once. A dead owner's lock is taken over.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface DataDirectoryLock {
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  /** Clock ticks since boot and the boot's id; "" where the system does not say. */
  readonly began: string;
}

const attemptsMax = 5;

/** Makes the directory where it is missing. @throws Error naming the process that owns it. */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "node.lock");
  const own = join(directory, `node.lock.${process.pid}`);
  await writeFile(own, JSON.stringify({ pid: process.pid, began: (await beganOf(process.pid)) ?? "" } satisfies Owner), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      try {
        // Unlike writing, linking gives a whole file or none, and fails where there is one.
        await link(own, path);
        return { release: () => rm(path, { force: true }) };
      } catch (error) {
        if (!isCode(error, "EEXIST")) throw error;
      }
      const owner = await ownerOf(path);
      if (owner !== undefined && (await isAlive(owner)))
        throw new Error(`${directory} is in use by process ${owner.pid}; stop it, or give this one its own PENSTOCK_DATA_DIR`);
      // Of several that find the same dead owner, one moves its lock away.
      const aside = `${own}.dead`;
      await rename(path, aside).catch((error: unknown) => {
        if (!isCode(error, "ENOENT")) throw error;
      });
      await rm(aside, { force: true });
    }
    throw new Error(`${directory} cannot be locked: others try at the same time; start again`);
  } finally {
    await rm(own, { force: true });
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof read !== "object" || read === null || !("pid" in read) || typeof read.pid !== "number") return undefined;
    return { pid: read.pid, began: "began" in read && typeof read.began === "string" ? read.began : "" };
  } catch {
    // Gone meanwhile, or no lock of ours: taken over.
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  // In a container the process before us may well have had our id. In this process, whoever asks twice is refused.
  const began = await beganOf(owner.pid);
  if (owner.began !== "" && began !== undefined) return began === owner.began;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

/** When a process began, as text that no other has. Undefined: there is no such process, or the system does not say. */
async function beganOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    // Field 22; the second field may itself hold spaces, so count from its closing bracket.
    return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return undefined;
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code;
