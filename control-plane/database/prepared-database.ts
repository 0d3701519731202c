/**
 * A PGlite database with nothing in it and every migration run, packed: unpacking it takes a second, making one and migrating it
 * seven. Made once for each state of the migrations, and kept beside the packages, because it belongs to the PGlite of that
 * installation. Without it everything works, slower; one that is older is migrated on.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const modules = join(import.meta.dirname, "..", "..", "node_modules");

/** cli/install-packages.mjs, which must run before there are packages, says the same. */
export function preparedDatabasePath(): string {
  const { version } = JSON.parse(readFileSync(join(modules, "@electric-sql", "pglite", "package.json"), "utf8")) as { version: string };
  const migrations = readdirSync(join(import.meta.dirname, "migrations")).sort();
  const newest = migrations.at(-1)?.replace(/\.ts$/, "");
  return join(modules, ".cache", "penstock", `database-${version}-${migrations.length}-${newest}.tar.gz`);
}

/** undefined: there is none, or there is a database in the directory already. */
export function preparedFor(dataDir: string): string | undefined {
  const path = preparedDatabasePath();
  return !existsSync(dataDir) && existsSync(path) ? path : undefined;
}
