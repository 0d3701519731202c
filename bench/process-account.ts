/**
 * What the operating system says of processes: CPU time and memory of one and of all its children, from /proc. It is what a
 * noisy machine does not decide: a process that had to wait has not used more. Linux only; elsewhere it throws.
 */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ. The kernel's interface has had 100 on every platform that Node runs on; so a reading is good to 10 ms. */
const ticksPerSecond = 100;

/** CPU time of a process and its descendants, living or waited for, user and system together, in microseconds. */
export function cpuMicros(pid: number): number {
  let ticks = 0;
  for (const one of family(pid)) {
    const fields = statFields(one);
    // utime and stime; cutime and cstime of children that are gone.
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index] ?? 0);
  }
  return (ticks * 1e6) / ticksPerSecond;
}

/** Resident memory of a process and its descendants, in bytes; pages that they share count in each. */
export function residentBytes(pid: number): number {
  let kilobytes = 0;
  for (const one of family(pid)) kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0);
  return kilobytes * 1024;
}

export function openFilesMax(): number {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1] ?? 1024);
}

function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const one = Number(name);
    if (!Number.isInteger(one)) continue;
    const parent = Number(statFields(one)[1]);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [one]);
    else siblings.push(one);
  }
  const members = [pid];
  for (const one of members) members.push(...(children.get(one) ?? []));
  return members;
}

/** From the third field on: the second is the name and may hold spaces. */
const statFields = (pid: number): string[] => {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between two looks.
    return "";
  }
};
