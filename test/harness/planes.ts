/** The planes as the processes that they are in production, started by the command line, each with its own settings. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const root = resolve(import.meta.dirname, "../..");
const startMsMax = 60_000;

export interface RunningProcess {
  readonly pid: number;
  /** The JSON line that it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** What it wrote to standard error so far. */
  errors(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** @throws Error with what it wrote to standard error, where it ends before it is ready. */
export function startProcess(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<RunningProcess> {
  const child = spawn(process.execPath, [join(root, "cli", "main.ts"), ...command], {
    env: { PATH: process.env["PATH"] ?? "", PENSTOCK_LOG_LEVEL: "warn", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-100_000);
  });
  return new Promise((resolve_, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command.join(" ")} was not ready within ${startMsMax} ms:\n${errors}`));
    }, startMsMax);
    child.once("exit", (code) => {
      running.delete(child);
      clearTimeout(timer);
      reject(Object.assign(new Error(`${command.join(" ")} ended with ${code}:\n${errors}`), { exitCode: code }));
    });
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      resolve_({
        pid: child.pid ?? 0,
        ready: JSON.parse(line),
        errors: () => errors,
        kill: (signal) => ended(child, signal),
      });
    });
  });
}

const running = new Set<ChildProcess>();
// Whatever a test leaves behind ends with it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve_) => {
    child.once("exit", (code) => resolve_(code));
    child.kill(signal);
  });
}

export interface InstallationOptions {
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
}

/** One installation: shared secrets, a directory for each process, helpers to start its parts. */
export function installation({ databaseUrl, redisUrl }: InstallationOptions) {
  const directory = mkdtempSync(join(tmpdir(), "penstock-installation-"));
  const secrets = {
    PENSTOCK_PEPPER: randomBytes(32).toString("hex"),
    PENSTOCK_SEALING_KEY: randomBytes(32).toString("hex"),
    PENSTOCK_SIGNING_KEY: randomBytes(32).toString("hex"),
    ...(redisUrl === undefined ? {} : { PENSTOCK_REDIS_URL: redisUrl }),
  };
  const controlDirectory = join(directory, "control-plane");
  return {
    directory,
    secrets,
    controlPlane: (environment: Readonly<Record<string, string>> = {}) =>
      startProcess(["control-plane"], {
        ...secrets,
        ...(databaseUrl === undefined ? {} : { PENSTOCK_DATABASE_URL: databaseUrl }),
        PENSTOCK_DATA_DIR: controlDirectory,
        PENSTOCK_CONTROL_PORT: "0",
        PENSTOCK_CONFIG_PORT: "0",
        PENSTOCK_PRIVATE_ADDRESSES: "127.0.0.1",
        ...environment,
      }),
    node: (name: string, environment: Readonly<Record<string, string>> = {}, args: readonly string[] = []) =>
      startProcess(["data-plane", ...args], {
        ...secrets,
        PENSTOCK_DATA_DIR: join(directory, name),
        PENSTOCK_REST_PORT: "0",
        PENSTOCK_GRPC_PORT: "0",
        PENSTOCK_OPS_PORT: "0",
        PENSTOCK_DRAIN_MS: "1000",
        PENSTOCK_PRIVATE_ADDRESSES: "127.0.0.1",
        ...environment,
      }),
    simulator: () => startProcess(["simulator"], { PENSTOCK_SIMULATOR_PORT: "0" }),
    credentials(): { apiKey: string; adminToken: string } {
      const path = join(controlDirectory, "credentials.json");
      if (!existsSync(path)) throw new Error("the control plane has written no credentials");
      return JSON.parse(readFileSync(path, "utf8")) as { apiKey: string; adminToken: string };
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A GraphQL client that fails loudly: on errors, and on a union member that is an expected error. */
export function graphqlClient(url: string, token: string, headers: Readonly<Record<string, string>> = {}) {
  return async <Data = Record<string, never>>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Data> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
    if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join("; "));
    for (const [field, value] of Object.entries(data as Record<string, { __typename?: string; message?: string } | null>))
      if (value?.__typename?.endsWith("Error") === true) throw new Error(`${field}: ${value.__typename} ${JSON.stringify(value)}`);
    return data;
  };
}
