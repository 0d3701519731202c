/** What a node's disk knows of calls that run: all of those when it is killed, few others, and nothing after a good end. */
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { readFrames } from "#agreements/usage-frames.ts";
import { openUnderwayLog, type RunningCalls } from "../../data-plane/usage/underway-log.ts";
import { openUsageLog, type UsageLog } from "../../data-plane/usage/usage-log.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const logger = pino({ level: "silent" });

/** Calls that began long ago, each with a record of its own. */
function runningCalls(recordBytes: number) {
  const running = new Map<string, Uint8Array>();
  const fresh = new Set<string>();
  const calls: RunningCalls = {
    any: () => running.size > 0,
    records: (_before, which) => {
      const wanted = [...running].filter(([name]) => which === "all" || fresh.has(name)).map(([, record]) => record);
      fresh.clear();
      return wanted;
    },
  };
  return {
    calls,
    begin: (name: string) => {
      running.set(name, Buffer.from(name.padEnd(recordBytes, "-")));
      fresh.add(name);
    },
    end: (name: string) => running.delete(name),
    noted: () => fresh.size === 0,
  };
}

const namesIn = async (log: UsageLog): Promise<string[]> => {
  const names: string[] = [];
  for (let after = log.confirmed(); ; ) {
    const frames = await log.read(after);
    if (frames === undefined) return names;
    for (const { record } of readFrames(frames.bytes).frames) names.push(record.toString().replace(/-+$/, ""));
    after = frames.last;
  }
};
const openLog = (directory: string) => openUsageLog({ directory: join(directory, "usage"), nodeId: "node", logger });
const bytesOf = async (directory: string) => {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name)).catch(() => ({ size: 0 }))).size;
  return bytes;
};

it("calls that ran when the process died are handed to the usage log, each once it ran long enough", async () => {
  const { path: root, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const directory = join(root, "underway");
  const { calls, begin, end, noted } = runningCalls(100_000);
  const before = await openLog(root);
  const log = await openUnderwayLog({ directory, usageLog: before, calls, logger });
  // 60 calls of 100 kB, of which ten run at a time: the file is begun anew some times.
  for (let call = 0; call < 60; call++) {
    begin(`call-${call}`);
    end(`call-${call - 10}`);
    log.wake();
    await expect.poll(noted, { timeout: 2000, interval: 5 }).toBe(true);
  }
  // The last ten are on the disk as soon as a later write has begun.
  begin("after");
  log.wake();
  await expect.poll(noted, { timeout: 2000, interval: 5 }).toBe(true);
  expect(await bytesOf(directory)).toBeLessThan(5_000_000);
  await before.close();
  // Nothing was closed: the process is gone.
  const usageLog = await openLog(root);
  await openUnderwayLog({ directory, usageLog, calls: runningCalls(0).calls, logger });
  const names = await namesIn(usageLog);
  for (let call = 50; call < 60; call++) expect(names).toContain(`call-${call}`);
  expect(names.length).toBeLessThan(50);
  expect(await readdir(directory)).toEqual([]);
  await usageLog.close();
});

it("a good end leaves nothing, and a torn file costs no more than its tail", async () => {
  const { path: root, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const directory = join(root, "underway");
  const { calls, begin, end } = runningCalls(100);
  const usageLog = await openLog(root);
  const log = await openUnderwayLog({ directory, usageLog, calls, logger });
  begin("one");
  begin("two");
  log.wake();
  await expect.poll(() => bytesOf(directory), { timeout: 2000 }).toBeGreaterThan(200);
  const [name = ""] = await readdir(directory);
  end("one");
  end("two");
  await log.close();
  expect(await readdir(directory)).toEqual([]);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), Buffer.from("torn while it was written"));
  await openUnderwayLog({ directory, usageLog, calls, logger });
  expect(await namesIn(usageLog)).toEqual([]);
  await usageLog.close();
});
