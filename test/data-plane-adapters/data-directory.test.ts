/** One process for one data directory. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockDataDirectory } from "../../data-plane/data-directory.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

it("refuses a second process by the first one's number, until it lets go", async () => {
  const lock = await lockDataDirectory(directory.path);
  await expect(lockDataDirectory(directory.path)).rejects.toThrow(new RegExp(`process ${process.pid};`));
  await lock.release();
  await (await lockDataDirectory(directory.path)).release();
});

it("takes over from a process that was killed, once, even where its number lives on", async () => {
  const child = spawn("sleep", ["0"]);
  await new Promise((resolve) => child.once("exit", resolve));
  await writeFile(join(directory.path, "node.lock"), JSON.stringify({ pid: child.pid, began: "some boot/1" }));
  const taken = await Promise.allSettled([lockDataDirectory(directory.path), lockDataDirectory(directory.path)]);
  expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of taken) if (result.status === "fulfilled") await result.value.release();
  await writeFile(join(directory.path, "node.lock"), JSON.stringify({ pid: process.pid, began: "some boot/1" }));
  await (await lockDataDirectory(directory.path)).release();
});
