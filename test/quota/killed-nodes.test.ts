/** Three real processes on a real Redis, killed again and again while they spend one budget: it is never passed. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { startTcpProxy, type TcpProxy } from "../harness/tcp-proxy.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

const limit = 20_000;
let redis: TestRedis;
let proxy: TcpProxy;
let directory: TemporaryDirectory;
const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await proxy.close();
  await redis.close();
  await directory.remove();
});

it("kill -9 and cut networks pass no hard limit, and cost no more than the killed may have used", { timeout: 90_000 }, async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  directory = await temporaryDirectory();
  let granted = 0;
  const start = (index: number): ChildProcess => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "spender.ts"), `redis://127.0.0.1:${proxy.port}`, `node-${index}`, String(limit), directory.path],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    child.stdout?.on("data", (piece: Buffer) => {
      granted += piece.length;
    });
    children.add(child);
    child.on("exit", () => children.delete(child));
    return child;
  };
  const nodes = [start(0), start(1), start(2)];
  let kills = 0;
  const goesOn = async (goal: number) => {
    const from = granted;
    const deadline = Date.now() + 5000;
    while (granted < from + goal && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  for (let round = 0; round < 8; round++) {
    await goesOn(600);
    nodes[round % 3]?.kill("SIGKILL");
    kills++;
    nodes[round % 3] = start(round % 3);
    if (round % 3 === 1) proxy.cut();
    if (round % 3 === 2) {
      // Half open: nobody is told, questions and answers stay on the way.
      proxy.hold();
      await new Promise((resolve) => setTimeout(resolve, 500));
      proxy.release();
    }
  }
  let before = -1;
  while (granted !== before) {
    before = granted;
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  expect(granted).toBeLessThanOrEqual(limit);
  // A lease is a fiftieth of what remains at the most, and what was not drawn of it came back: all but a part or two.
  expect(granted).toBeGreaterThanOrEqual(limit - kills * (limit / 50 / 16) * 3 - 100);
  process.stdout.write(`granted ${granted} of ${limit} over ${kills} kills\n`);
});
