/** Configuration on disk: what is read back is old or new and never a mix, whatever happened to the files. */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { configTrust } from "../../data-plane/snapshot/config-trust.ts";
import { openSnapshotFile } from "../../data-plane/snapshot/snapshot-file.ts";
import { configHistory } from "../harness/config-history.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

const logger = pino({ level: "silent" });
let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const opening = () => openSnapshotFile(directory.path, logger);
const history = configHistory();
const trust = configTrust(history.verifier);
const loaded = async () => (await opening()).load(trust, (stored) => stored.revision.number);

/** Two generations, the second with three changes after its base. */
async function twoGenerations() {
  const made = configHistory();
  const file = await opening();
  file.save({ snapshot: made.snapshot(), deltas: [made.add("a")] });
  await file.flushed();
  made.add("b");
  file.save({ snapshot: made.snapshot(), deltas: [] });
  await file.flushed();
  for (const key of ["c", "d", "e"]) file.save({ snapshot: undefined, deltas: [made.add(key)] });
  await file.flushed();
  return file;
}

it("reads back a base and what came after it; only its owner may read the files", async () => {
  await twoGenerations();
  expect(await loaded()).toBe(5n);
  for (const name of await readdir(directory.path)) expect((await stat(join(directory.path, name))).mode & 0o777).toBe(0o600);
});

it("keeps two generations and no more", async () => {
  const made = configHistory();
  const file = await opening();
  for (const key of ["a", "b", "c", "d"]) {
    made.add(key);
    file.save({ snapshot: made.snapshot(), deltas: [] });
    await file.flushed();
  }
  expect((await readdir(directory.path)).filter((name) => name.endsWith(".base"))).toHaveLength(2);
});

it("loads a whole revision, or nothing, however any file is cut or changed", async () => {
  await twoGenerations();
  const names = await readdir(directory.path);
  const files = new Map<string, Buffer>();
  for (const name of names) files.set(name, await readFile(join(directory.path, name)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom("cut", "flip", "gone"),
      async (name, where, how) => {
        await rm(directory.path, { recursive: true });
        await opening();
        for (const [one, bytes] of files) {
          const at = Math.floor(where * (bytes.length - 1));
          const damaged = Buffer.from(bytes);
          if (how === "flip") damaged[at] = (damaged[at] ?? 0) ^ 0x55;
          if (one !== name) await writeFile(join(directory.path, one), bytes);
          else if (how !== "gone") await writeFile(join(directory.path, one), how === "cut" ? damaged.subarray(0, at) : damaged);
        }
        const number = await loaded();
        // The base of the second generation is 2, that of the first 0: a damaged tail costs its changes, a damaged base its generation.
        expect(name.startsWith("2.base") ? [1n] : name.startsWith("2.") ? [2n, 3n, 4n] : [5n]).toContain(number);
        // What was mended stays mended.
        expect(await loaded()).toBe(number);
      },
    ),
    { numRuns: 120 },
  );
});

it("takes an older generation where the newer one does not hold together", async () => {
  await twoGenerations();
  const file = await opening();
  const number = await file.load(trust, ({ revision }) => {
    if (revision.number > 1n) throw new Error("route x names no backend");
    return revision.number;
  });
  expect(number).toBe(1n);
});

it("believes nothing that another key signed", async () => {
  const other = configHistory("epoch-1", 9);
  const file = await opening();
  file.save({ snapshot: other.snapshot(), deltas: [] });
  await file.flushed();
  expect(await loaded()).toBeUndefined();
});

it("wants a base where there is none, after a thousand changes, and after the disk failed", async () => {
  const made = configHistory();
  const file = await opening();
  expect(file.wantsBase).toBe(true);
  file.save({ snapshot: made.snapshot(), deltas: [] });
  await file.flushed();
  expect(file.wantsBase).toBe(false);
  file.save({ snapshot: undefined, deltas: Array.from({ length: 1000 }, (_, index) => made.add(`o${index}`)) });
  await file.flushed();
  expect(file.wantsBase).toBe(true);
  file.save({ snapshot: made.snapshot(), deltas: [] });
  await file.flushed();
  expect(file.wantsBase).toBe(false);
  await rm(directory.path, { recursive: true });
  file.save({ snapshot: undefined, deltas: [made.add("lost")] });
  await file.flushed();
  expect(file.wantsBase).toBe(true);
});
