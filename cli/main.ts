/** `penstock <command>`: reads the command line and opens the right room. Each command loads only what it needs. */
import { enableCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { SettingError } from "../proto/agreements/setting-source.ts";

enableCompileCache();

const help = `penstock: a self-hosted LLM gateway

  penstock start                      the whole gateway on this machine: control plane, one node, simulator, demo configuration
  penstock control-plane              GraphQL and configuration, on PostgreSQL and Redis
  penstock data-plane [--workers N]   one node: REST and gRPC for callers, on N cores (default 1)
  penstock export --period 2026-10    a period's usage and cost as CSV or JSON Lines (--help for the rest)
  penstock simulate-experiments       how often the statistics find what is not there, and how soon what is (--runs N)
  penstock sign-in                    prints a link that signs a browser in to the console, once
  penstock demo remove                takes the demo's project and its week of calls away
  penstock simulator                  an OpenAI-shaped inference server for demos, load and faults
  penstock test [vitest arguments]    every test, on real Redis and PostgreSQL

Settings are environment variables; the README lists them. Start with: npm start
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  start: async () => (await import("./start.ts")).start(process.env),
  "control-plane": async () => (await import("./planes.ts")).runControlPlane(process.env),
  "data-plane": async (args) => (await import("./planes.ts")).runDataPlane(process.env, workersOf(args)),
  demo: async (args) => (await import("./demo.ts")).demo(args, process.env),
  export: async (args) => (await import("./export.ts")).exportChargeback(args, process.env),
  "simulate-experiments": async (args) => (await import("./simulate-experiments.ts")).simulateExperiments(args),
  simulator: async () => (await import("./planes.ts")).runSimulator(process.env),
  "sign-in": async () => (await import("./sign-in.ts")).printSignInLink(process.env),
  test: async (args) => (await import("./test.ts")).runTests(args),
};

function workersOf(args: string[]): number {
  const { values } = parseArgs({ args, options: { workers: { type: "string", default: "1" } } });
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1 || workers > 256)
    throw new SettingError(`--workers must be a whole number from 1 to 256, not "${values.workers}"`);
  return workers;
}

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  const asked = name === "" || ["help", "--help", "-h"].includes(name);
  if (!asked) process.stderr.write(`penstock: there is no command "${name}"\n\n`);
  (asked ? process.stdout : process.stderr).write(help);
  process.exitCode = asked ? 0 : 2;
} else {
  try {
    await command(args);
  } catch (reason) {
    process.stderr.write(`penstock: ${await explained(reason)}\n`);
    process.exit(1);
  }
}

async function explained(reason: unknown): Promise<string> {
  return (await import("./start-error.ts")).explainStartError(reason, process.env);
}
