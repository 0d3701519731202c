/**
 * A real redis-server for tests: its own port, its own temporary directory, nothing kept. It can be stopped, killed and
 * started again on the same port, because most of what Redis does to a gateway it does by going away.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Of the process now running. */
  readonly pid: number;
  /** SIGSTOP and SIGCONT answer at once; SIGKILL and SIGTERM when the process is gone. */
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Starts it again, empty, on the same port; kills it first where it still runs. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** How long a start may take, in milliseconds. */
const startMsMax = 10_000;

/** @throws Error where redis-server is not installed or does not come up. */
export async function startRedis(options: { readonly arguments?: readonly string[] } = {}): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-redis-"));
  const port = await freePort();
  let child = await spawnRedis(port, directory, options.arguments ?? []);
  const gone = (signal: "SIGKILL" | "SIGTERM") =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill(signal);
    });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    kill: async (signal) => {
      if (signal === "SIGKILL" || signal === "SIGTERM") await gone(signal);
      else child.kill(signal);
    },
    restart: async () => {
      await gone("SIGKILL");
      child = await spawnRedis(port, directory, options.arguments ?? []);
    },
    close: async () => {
      await gone("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function spawnRedis(port: number, directory: string, extra: readonly string[]): Promise<ChildProcess> {
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no", ...extra],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  });
  child.stderr?.resume();
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new Error("redis-server cannot be started; install Debian's redis-server", { cause })));
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)));
  });
  failed.catch(() => undefined);
  const deadline = Date.now() + startMsMax;
  while (!(await Promise.race([accepts(port), failed]))) {
    if (Date.now() > deadline) throw new Error(`redis-server did not listen on ${port}: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Free a moment ago: redis-server cannot be asked for port 0. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
