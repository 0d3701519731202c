/**
 * `penstock start`: the whole gateway on one machine and nothing else needed. Control plane and data plane run as the two
 * processes that they are, so that what holds in production holds here; the simulator runs in this one, which else only watches.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { startSimulator } from "../data-plane/simulator/main.ts";
import type { Environment } from "../proto/agreements/setting-source.ts";
import { settingSource } from "../proto/agreements/setting-source.ts";
import { forgetAddress, recordAddress, signInLink } from "./sign-in.ts";

/** A plane that ends by itself is started again after this, in milliseconds. */
const restartMs = 1000;
/** What planes get to close in, before they are ended, in milliseconds. */
const closeMsMax = 15_000;

export async function start(environment: Environment): Promise<void> {
  const startedAt = performance.now();
  const source = settingSource(environment);
  const dataDirectory = resolve(source.text("PENSTOCK_DATA_DIR") ?? ".penstock");
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const host = source.text("PENSTOCK_HOST") ?? "127.0.0.1";
  const credentialsFile = join(dataDirectory, "credentials.json");
  const knownBefore = existsSync(credentialsFile);

  const simulator = await startSimulatorAgain(source.port("PENSTOCK_SIMULATOR_PORT", 4005), join(dataDirectory, "simulator-port"));
  const shared: Record<string, string> = {
    ...secrets(dataDirectory, environment),
    PENSTOCK_DATA_DIR: dataDirectory,
    PENSTOCK_DEMO_SIMULATOR_URL: `http://127.0.0.1:${simulator.port}/v1`,
    PENSTOCK_PRIVATE_ADDRESSES: [...source.list("PENSTOCK_PRIVATE_ADDRESSES"), "127.0.0.1"].join(","),
    PENSTOCK_DEMO: String(source.flag("PENSTOCK_DEMO", true)),
    PENSTOCK_LOG_LEVEL: source.text("PENSTOCK_LOG_LEVEL") ?? "warn",
  };
  const children = new Set<Plane>();
  closeOnSignal(children, () => {
    forgetAddress(dataDirectory);
    return simulator.close();
  });
  const starting = runPlane("control-plane", { ...environment, ...shared }, children);
  const configPort = source.port("PENSTOCK_CONFIG_PORT", 4004);
  const runNode = (port: number) =>
    runPlane(
      "data-plane",
      { ...environment, ...shared, PENSTOCK_DATA_DIR: join(dataDirectory, "node"), PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${port}` },
      children,
    );
  // A node waits for its configuration by itself, so where the port is known both start at once.
  const [controlPlane, dataPlane] =
    configPort === 0
      ? [await starting, await runNode(Number((await starting)["configPort"]))]
      : await Promise.all([starting, runNode(configPort)]);

  const graphql = `http://${host}:${controlPlane["graphqlPort"]}/graphql`;
  const console = `http://${host}:${controlPlane["graphqlPort"]}/`;
  recordAddress(dataDirectory, console);
  await announce({
    console,
    graphql,
    openai: `http://${host}:${dataPlane["restPort"]}/v1`,
    grpc: `${host}:${dataPlane["grpcPort"]}`,
    ops: `http://${host}:${dataPlane["opsPort"]}`,
    credentialsFile,
    model: "demo-chat",
    seconds: (performance.now() - startedAt) / 1000,
    knownBefore,
  });
}

/** Where any port will do, the one that it had before: the configuration names it, and a node serves from its disk before it hears of a move. */
async function startSimulatorAgain(port: number, rememberedIn: string) {
  const remembered = port === 0 && existsSync(rememberedIn) ? Number(readFileSync(rememberedIn, "utf8")) : port;
  const startOn = (tried: number) => startSimulator({ host: "127.0.0.1", port: tried, seed: "penstock" });
  const simulator = await startOn(remembered).catch((error: unknown) => (port === 0 ? startOn(0) : Promise.reject(error)));
  writeFileSync(rememberedIn, String(simulator.port));
  return simulator;
}

type ReadyLine = Readonly<Record<string, unknown>>;

interface Plane {
  child: ChildProcess;
}

/** Resolves with the plane's ready line. From then on a plane that ends is started again, on the ports that it had. */
function runPlane(command: string, environment: Environment, children: Set<Plane>): Promise<ReadyLine> {
  const main = join(import.meta.dirname, "main.ts");
  return new Promise((resolve_, reject) => {
    let ports: Record<string, string> = {};
    let announced = false;
    const launch = (): ChildProcess => {
      const child = spawn(process.execPath, [main, command], {
        env: { ...environment, ...ports, PENSTOCK_SUPERVISED: "true" },
        // Out of the terminal's process group: Ctrl-C is for this process, which then ends the planes in order.
        detached: true,
        // A pipe that closes with this process, however it ends: by that the planes know that they are alone.
        stdio: ["pipe", "pipe", "inherit"],
      });
      createInterface({ input: child.stdout }).on("line", (line) => {
        const facts = readyLine(line);
        if (facts === undefined || announced) return;
        announced = true;
        ports = portsOf(facts);
        resolve_(facts);
      });
      child.on("exit", (code) => {
        if (!children.has(plane)) return;
        // The plane has said why on standard error.
        if (!announced) process.exit(code || 1);
        process.stderr.write(`penstock: the ${command} ended (${code ?? child.signalCode}); it is started again\n`);
        setTimeout(() => {
          if (children.has(plane)) plane.child = launch();
        }, restartMs);
      });
      child.on("error", reject);
      return child;
    };
    const plane: Plane = { child: launch() };
    children.add(plane);
  });
}

const portsOf = (facts: ReadyLine): Record<string, string> => {
  const names: Readonly<Record<string, string>> = {
    graphqlPort: "PENSTOCK_CONTROL_PORT",
    configPort: "PENSTOCK_CONFIG_PORT",
    restPort: "PENSTOCK_REST_PORT",
    grpcPort: "PENSTOCK_GRPC_PORT",
    opsPort: "PENSTOCK_OPS_PORT",
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([fact, setting]) => (facts[fact] === undefined ? [] : [[setting, String(facts[fact])]])),
  );
};

function readyLine(line: string): ReadyLine | undefined {
  try {
    const facts: unknown = JSON.parse(line);
    return typeof facts === "object" && facts !== null && "event" in facts && facts.event === "ready" ? (facts as ReadyLine) : undefined;
  } catch {
    return undefined;
  }
}

const secretNames = ["PENSTOCK_PEPPER", "PENSTOCK_SEALING_KEY", "PENSTOCK_SIGNING_KEY"] as const;

/** Made once and kept in the data directory, mode 0600, unless the environment brings them. No secret has a default. */
function secrets(dataDirectory: string, environment: Environment): Record<string, string> {
  const path = join(dataDirectory, "secrets.json");
  const kept: Record<string, string> = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, string>) : {};
  const made = Object.fromEntries(secretNames.map((name) => [name, kept[name] ?? randomBytes(32).toString("hex")]));
  if (secretNames.some((name) => kept[name] === undefined)) writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  return Object.fromEntries(
    Object.entries(made).filter(([name]) => environment[name] === undefined && environment[`${name}_FILE`] === undefined),
  );
}

function closeOnSignal(children: Set<Plane>, closeRest: () => Promise<void>): void {
  let closing = false;
  const close = async () => {
    const planes = [...children].map(({ child }) => child);
    children.clear();
    // The data plane first: it hands in what it has recorded.
    for (const child of planes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const forced = setTimeout(() => child.kill("SIGKILL"), closeMsMax);
      await new Promise((resolve_) => child.once("exit", resolve_).kill("SIGTERM"));
      clearTimeout(forced);
    }
    await closeRest();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (closing) return;
      closing = true;
      void close();
    });
  }
}

interface Announcement {
  readonly console: string;
  readonly graphql: string;
  readonly openai: string;
  readonly grpc: string;
  readonly ops: string;
  readonly credentialsFile: string;
  readonly model: string;
  readonly seconds: number;
  readonly knownBefore: boolean;
}

/** For programs one JSON line; for people the same, with something to paste. Keys are named by their file and never printed. */
async function announce({ seconds, knownBefore, ...facts }: Announcement): Promise<void> {
  if (!process.stdout.isTTY) {
    process.stdout.write(`${JSON.stringify({ event: "ready", ...facts })}\n`);
    return;
  }
  const link = await signInLink(facts.console, facts.credentialsFile);
  const key = `$(node -p "require('${facts.credentialsFile}').apiKey")`;
  process.stdout.write(`
  penstock is ready, after ${seconds.toFixed(1)} s. Nothing leaves this machine.

  Console    ${link ?? facts.console}${link === undefined ? "" : "  (signs you in, once, within a quarter of an hour)"}
  OpenAI     ${facts.openai}     model: ${facts.model}
  gRPC       ${facts.grpc}
  GraphQL    ${facts.graphql}
  Health     ${facts.ops}/readyz, ${facts.ops}/metrics
  Keys       ${facts.credentialsFile}${knownBefore ? "" : "  (made just now; an API key and an admin token)"}

  Try it:
    curl -N ${facts.openai}/chat/completions -H "authorization: Bearer ${key}" \\
      -H 'content-type: application/json' -d '{"model":"${facts.model}","stream":true,"messages":[{"role":"user","content":"hello"}]}'

`);
}
