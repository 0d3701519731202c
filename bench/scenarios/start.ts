/** How long `npm start` takes to be ready on a machine that has its packages: the first time, and again on the same data. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Scenario } from "../scenario.ts";
import { spreadOf } from "../statistics.ts";

const root = resolve(import.meta.dirname, "../..");
const rounds = 3;
const readyMsMax = 60_000;
const endedMsMax = 15_000;
const freePorts = {
  PENSTOCK_CONTROL_PORT: "0",
  PENSTOCK_REST_PORT: "0",
  PENSTOCK_GRPC_PORT: "0",
  PENSTOCK_OPS_PORT: "0",
  PENSTOCK_CONFIG_PORT: "0",
  PENSTOCK_SIMULATOR_PORT: "0",
};

export const start: Scenario = {
  name: "start",
  title: "From `npm start` to ready",
  quick: false,
  run: async (stage) => {
    const first: number[] = [];
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const directory = mkdtempSync(join(tmpdir(), "penstock-bench-start-"));
      try {
        first.push(await startOnce(directory));
        again.push(await startOnce(directory));
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
      stage.say(`  first ${first.at(-1)?.toFixed(2)} s, again ${again.at(-1)?.toFixed(2)} s`);
    }
    const row = (label: string, seconds: readonly number[]) => {
      const { median, min, max } = spreadOf(seconds);
      return [label, `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`];
    };
    return {
      tables: [
        {
          title: "Both planes, one node, embedded database, simulator",
          columns: ["", "seconds"],
          rows: [row("first, on no data", first), row("again", again)],
          note: `Median (least to most) of ${rounds}, npm and its launcher included; the bench's own processes idle beside it.`,
        },
      ],
      budgets: [
        { what: "`npm start` to ready, first, seconds", value: spreadOf(first).median, limit: 5, kind: "at-most" },
        { what: "`npm start` to ready, again, seconds", value: spreadOf(again).median, limit: 2, kind: "at-most" },
      ],
      plots: [],
    };
  },
};

/** @returns seconds from the command to the line that says that it is ready. */
async function startOnce(dataDirectory: string): Promise<number> {
  const startedAtMs = performance.now();
  const child = spawn("npm", ["start", "--silent"], {
    cwd: root,
    // The console's files are built at an install's first start; they are there, as they are for whoever starts again.
    env: { ...process.env, ...freePorts, PENSTOCK_DATA_DIR: dataDirectory },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: readyMsMax,
  });
  const ended = new Promise<void>((resolve_) => child.once("exit", () => resolve_()));
  const lines = createInterface({ input: child.stdout });
  const ready = await Promise.race([new Promise<string>((resolve_) => lines.once("line", resolve_)), ended]);
  const seconds = (performance.now() - startedAtMs) / 1000;
  if (ready === undefined || !ready.includes('"event":"ready"')) throw new Error(`npm start did not become ready: ${ready ?? "it ended"}`);
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), endedMsMax);
  await ended;
  clearTimeout(late);
  return seconds;
}
