// Installs what the lock file asks for, once for each state of it. Plain JavaScript, because it must run on Node 20 with nothing
// installed. Run by itself before those npm scripts that do not go through penstock.mjs: what a pull has added is there then, too.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The stamp in node_modules tells which state was installed. */
export function installPackages() {
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
  writeFileSync(stampFile, wanted);
}

/** An empty database to begin with, so that the first start need not make one and migrate it. Where this fails, that is slower. */
export function prepareDatabase() {
  const modules = join(root, "node_modules");
  const database = join(root, "control-plane", "database");
  const { version } = JSON.parse(readFileSync(join(modules, "@electric-sql", "pglite", "package.json"), "utf8"));
  const migrations = readdirSync(join(database, "migrations")).sort();
  const name = `database-${version}-${migrations.length}-${migrations.at(-1).replace(/\.ts$/, "")}.tar.gz`;
  if (existsSync(join(modules, ".cache", "penstock", name))) return;
  process.stderr.write("penstock: preparing the database (once) …\n");
  spawnSync(installedNode(), [join(database, "prepare-database.ts")], { cwd: root, stdio: "ignore" });
}

/** The Node that came with the packages, or the running one where none did. */
export function installedNode() {
  const node = join(root, "node_modules", ".bin", "node");
  return existsSync(node) ? node : process.execPath;
}

export function fail(message) {
  process.stderr.write(`penstock: ${message}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installPackages();
