/**
 * A real PostgreSQL for tests: its own cluster in a temporary directory on a free port, started and ended by the test.
 * PostgreSQL refuses to run as root, so under root it runs as the user `postgres` that Debian's package makes.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const startMsMax = 30_000;

export interface PostgresServer {
  /** Of a new empty database, whose owner is an ordinary role (may create roles, is no superuser). */
  createDatabase(): Promise<string>;
  readonly port: number;
  readonly pid: () => number;
  kill(signal: NodeJS.Signals): void;
  /** Again on the same port and files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** @param settings beside those that tests are run with. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const bin = binaryFolder();
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  const dir = mkdtempSync(join(tmpdir(), "penstock-postgres-"));
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const data = join(dir, "data");
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"], {
    ...user,
    cwd: dir,
    stdio: "pipe",
  });
  const port = await freePort();
  let child = await start();
  let databases = 0;

  async function start(): Promise<ChildProcess> {
    const options = { fsync: "off", listen_addresses: "127.0.0.1", max_connections: "60", unix_socket_directories: dir, ...settings };
    const args = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const started = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...args], { ...user, cwd: dir, stdio: "ignore" });
    const until = Date.now() + startMsMax;
    while (Date.now() < until) {
      if (started.exitCode !== null) throw new Error(`postgres ended with ${started.exitCode}`);
      if (await answers(bin, port)) return started;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    started.kill("SIGKILL");
    throw new Error(`postgres did not answer within ${startMsMax} ms`);
  }

  const stop = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  };

  return {
    port,
    pid: () => child.pid ?? -1,
    createDatabase: async () => {
      const name = `test_${++databases}`;
      await administer(bin, port, [`create role ${name} login createrole`, `create database ${name} owner ${name}`]);
      return `postgresql://${name}@127.0.0.1:${port}/${name}`;
    },
    kill: (signal) => void child.kill(signal),
    restart: async () => {
      await stop("SIGINT");
      child = await start();
    },
    close: async () => {
      await stop("SIGINT");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Each by itself: CREATE DATABASE does not run inside a transaction. */
async function administer(bin: string, port: number, statements: readonly string[]): Promise<void> {
  const to = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1"];
  await run(join(bin, "psql"), [...to, ...statements.flatMap((statement) => ["-c", statement])], { timeout: startMsMax });
}

async function answers(bin: string, port: number): Promise<boolean> {
  return run(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port), "-t", "2"]).then(
    () => true,
    () => false,
  );
}

/** Debian keeps the server's programs outside PATH, in a folder for each version. */
function binaryFolder(): string {
  const versions = "/usr/lib/postgresql";
  if (existsSync(versions)) {
    const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0];
    if (newest !== undefined) return join(versions, newest, "bin");
  }
  const found = (process.env.PATH ?? "").split(":").find((folder) => existsSync(join(folder, "initdb")));
  if (found === undefined) throw new Error("PostgreSQL is not installed; apt-get install postgresql");
  return found;
}

function postgresUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
