/** The bench's own processes: started, waited for, asked, and ended with the run whatever becomes of it. */
import { type ChildProcess, fork, type SpawnOptions, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { LoadAnswer, LoadJob, LoadResult } from "./load/job.ts";

export interface Part {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the process is gone. SIGKILL, where nothing else is said. */
  close(signal?: NodeJS.Signals): Promise<void>;
}

const startMsMax = 30_000;
const jobMsMax = 300_000;
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A script of ours that prints its port as a line of JSON when it is ready. */
export async function startScript(
  script: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Part> {
  const child = fork(new URL(script, import.meta.url), args, {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: { PATH: process.env["PATH"], NODE_ENV: "production", ...environment },
  });
  const { stdout } = child;
  if (stdout === null) throw new Error("a script was started without its output");
  const line = await withinStart(child, script, new Promise<string>((resolve) => createInterface({ input: stdout }).once("line", resolve)));
  return { ...partOf(child), port: (JSON.parse(line) as { port: number }).port };
}

/** A program that takes a port and says nothing: it is ready when it answers there. */
export async function startProgram(command: string, args: readonly string[], port: number, options: SpawnOptions = {}): Promise<Part> {
  const child = spawn(command, args, { stdio: "ignore", ...options });
  await withinStart(child, command, answersAt(port));
  return { ...partOf(child), port };
}

export interface LoadProcess {
  run(job: LoadJob): Promise<LoadResult>;
  readonly pid: number;
  close(): Promise<void>;
}

export function startLoad(): LoadProcess {
  const child = fork(new URL("load/main.ts", import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const part = partOf(child);
  return {
    ...part,
    run: (job) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`the load was not done within ${jobMsMax} ms: ${JSON.stringify(job)}`)), jobMsMax);
        const onExit = () => settle(() => reject(new Error("the load's process ended")));
        const onMessage = (answer: LoadAnswer) =>
          settle(() => ("result" in answer ? resolve(answer.result) : reject(new Error(`${JSON.stringify(job)}: ${answer.error}`))));
        const settle = (act: () => void) => {
          clearTimeout(timer);
          child.off("exit", onExit);
          child.off("message", onMessage);
          act();
        };
        child.on("exit", onExit);
        child.on("message", onMessage);
        child.send(job);
      }),
  };
}

function partOf(child: ChildProcess): Omit<Part, "port"> {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return {
    pid: child.pid ?? 0,
    close: (signal = "SIGKILL") =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill(signal);
      }),
  };
}

async function withinStart<Value>(child: ChildProcess, name: string, ready: Promise<Value>): Promise<Value> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const onExit = (code: number | null) => failed.reject(new Error(`${name} ended with ${code}`));
  const timer = setTimeout(() => failed.reject(new Error(`${name} was not ready within ${startMsMax} ms`)), startMsMax);
  child.once("error", failed.reject);
  child.once("exit", onExit);
  try {
    return await Promise.race([ready, failed.promise]);
  } finally {
    clearTimeout(timer);
    child.off("exit", onExit);
  }
}

async function answersAt(port: number): Promise<void> {
  const until = performance.now() + startMsMax;
  while (performance.now() < until) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
