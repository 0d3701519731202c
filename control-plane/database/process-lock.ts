/**
 * A lock file that holds the owner's process id and when that process started. A lock whose owner is gone, or whose id
 * belongs to a later process by now, is taken over; so a crash, or a container whose only process is always 1, leaves
 * nothing to clean up by hand.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { ControlError } from "../control-error.ts";

interface LockOwner {
  readonly pid: number;
  /** Ticks since boot, from /proc; "" where there is no /proc. */
  readonly startedAt: string;
}

/** @throws ControlError START naming the owner. */
export function takeProcessLock(path: string): { release(): void } {
  const own: LockOwner = { pid: process.pid, startedAt: startOf(process.pid) };
  // Written whole beside it and linked in place, so that nobody reads a lock that is half there.
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(draft, path);
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const owner = readOwner(path);
      if (owner !== undefined && isAlive(owner))
        throw new ControlError(
          "START",
          `the data directory is in use by process ${owner.pid} (${path}); stop it, or give this one another PENSTOCK_DATA_DIR`,
        );
      rmSync(path, { force: true });
    }
    throw new ControlError("START", `${path} cannot be taken; another process takes it at the same time`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(path: string): LockOwner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof owner === "object" && owner !== null && "pid" in owner && typeof owner.pid === "number"
      ? { pid: owner.pid, startedAt: "startedAt" in owner ? String(owner.startedAt) : "" }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: LockOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and is another user's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(owner.pid);
  return owner.startedAt === "" || started === "" || started === owner.startedAt;
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in brackets, may hold spaces; the start time is the 20th field after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
