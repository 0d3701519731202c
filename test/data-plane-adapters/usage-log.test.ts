/** The node's usage log: what was written is read back, whatever the end of the file looks like, and no number is given twice. */
import { fork } from "node:child_process";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readFrames } from "#agreements/usage-frames.ts";
import { openUsageLog, type UsageLog, type UsageLogOptions } from "../../data-plane/usage/usage-log.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

const logger = pino({ level: "silent" });
let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const opening = (options: Partial<UsageLogOptions> = {}) =>
  openUsageLog({ directory: directory.path, nodeId: "node-1", logger, ...options });
const text = (value: string) => new TextEncoder().encode(value);

async function readAll(log: UsageLog, after = log.confirmed()): Promise<{ sequence: bigint; text: string }[]> {
  const all: { sequence: bigint; text: string }[] = [];
  for (let cursor = after; ; ) {
    const frames = await log.read(cursor);
    if (frames === undefined) return all;
    all.push(...readFrames(frames.bytes).frames.map(({ sequence, record }) => ({ sequence, text: record.toString() })));
    expect(all.at(-1)?.sequence).toBe(frames.last);
    cursor = frames.last;
  }
}
const segmentFiles = async () => (await readdir(directory.path)).filter((name) => name.endsWith(".log")).sort();

it("reads back what was appended, in order, after a restart too, and goes on counting", async () => {
  const first = await opening();
  for (let record = 1; record <= 20; record++) first.append(text(`record ${record}`));
  await first.close();
  const second = await opening();
  expect(second.name).toBe(first.name);
  second.append(text("record 21"));
  await second.syncedBeyond(20n, 5000, new AbortController().signal);
  const all = await readAll(second);
  expect(all).toEqual(Array.from({ length: 21 }, (_, index) => ({ sequence: BigInt(index + 1), text: `record ${index + 1}` })));
  expect(second.waiting()).toBe(21);
  await second.close();
});

it("deletes whole segments behind what the ledger has, and remembers it", async () => {
  const log = await opening({ segmentBytesMax: 200 });
  for (let record = 1; record <= 50; record++) {
    log.append(text(`record ${record}`));
    await log.syncedBeyond(BigInt(record - 1), 5000, new AbortController().signal);
  }
  const before = await segmentFiles();
  expect(before.length).toBeGreaterThan(3);
  await log.confirm(40n);
  expect((await segmentFiles()).length).toBeLessThan(before.length);
  expect((await readAll(log)).map((record) => record.sequence)).toEqual(Array.from({ length: 10 }, (_, index) => BigInt(41 + index)));
  await log.confirm(50n);
  await log.close();
  const again = await opening();
  expect(again.waiting()).toBe(0);
  again.append(text("next"));
  await again.syncedBeyond(50n, 5000, new AbortController().signal);
  expect(await readAll(again)).toEqual([{ sequence: 51n, text: "next" }]);
  await again.close();
});

it("a wiped disk begins another space of numbers", async () => {
  const first = await opening();
  await first.close();
  await rm(directory.path, { recursive: true });
  const second = await opening();
  expect(second.name).not.toBe(first.name);
  await second.close();
});

it("keeps what was whole when the file ends anywhere", async () => {
  const log = await opening();
  const written = ["a", "bb".repeat(30), "c", "dddd".repeat(50), "e"];
  for (const record of written) log.append(text(record));
  await log.close();
  const [name = ""] = await segmentFiles();
  const whole = await readFile(join(directory.path, name));
  const ends: number[] = [];
  for (const record of written) ends.push((ends.at(-1) ?? 0) + 16 + record.length);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length }), fc.uint8Array({ maxLength: 40 }), async (cut, garbage) => {
      await rm(directory.path, { recursive: true });
      const fresh = await opening();
      await fresh.close();
      // What a killed process may leave: a part of what it wrote, then nothing, zeros or noise.
      await writeFile(join(directory.path, name), Buffer.concat([whole.subarray(0, cut), garbage]));
      const survivors = written.slice(0, ends.filter((end) => end <= cut).length);
      const reopened = await opening();
      const read = await readAll(reopened);
      expect(read.map((record) => record.text)).toEqual(survivors);
      reopened.append(text("after"));
      await reopened.syncedBeyond(BigInt(survivors.length), 5000, new AbortController().signal);
      expect((await readAll(reopened)).at(-1)).toEqual({ sequence: BigInt(survivors.length + 1), text: "after" });
      await reopened.close();
    }),
    { numRuns: 80 },
  );
});

it("counts records that a middle segment lost as lost, so that the ledger does not wait for them", async () => {
  const log = await opening({ segmentBytesMax: 1 });
  for (const [index, record] of ["a", "b", "c"].entries()) {
    log.append(text(record));
    await log.syncedBeyond(BigInt(index), 5000, new AbortController().signal);
  }
  await log.close();
  const [, middle = ""] = await segmentFiles();
  await truncate(join(directory.path, middle), 5);
  const reopened = await opening();
  expect(await readAll(reopened)).toEqual([
    { sequence: 1n, text: "a" },
    { sequence: 2n, text: "" },
    { sequence: 3n, text: "c" },
  ]);
  await reopened.close();
});

it("drops and counts, and goes on, where the disk takes nothing and memory is full", async () => {
  const log = await opening({ memoryBytesMax: 1000 });
  await rm(directory.path, { recursive: true });
  for (let record = 0; record < 100; record++) log.append(new Uint8Array(100));
  expect(log.dropped()).toBeGreaterThan(0);
  expect(log.waiting()).toBeLessThan(12);
  await log.close();
});

it("a killed process loses nothing that it appended more than a few milliseconds before", async () => {
  const child = fork(new URL("./usage-log-writer.ts", import.meta.url), [directory.path], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let appended = 0;
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("message", (message) => {
      // Told 30 ms after it was appended.
      appended = Number(message);
      if (appended > 500) resolve();
    });
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  const log = await opening();
  const read = await readAll(log);
  expect(read.length).toBeGreaterThanOrEqual(appended);
  expect(read.every((record, index) => record.sequence === BigInt(index + 1) && record.text === `record ${index + 1}`)).toBe(true);
  await log.close();
});
