/**
 * An empty PGlite database, packed: unpacking it takes a second where making a new one takes four. Made once after the packages
 * are installed, and kept beside them, because it belongs to the PGlite of that installation. Without it everything works, slower.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const modules = join(import.meta.dirname, "..", "..", "node_modules");

export function preparedDatabasePath(): string {
  const { version } = JSON.parse(readFileSync(join(modules, "@electric-sql", "pglite", "package.json"), "utf8")) as { version: string };
  return join(modules, ".cache", "penstock", `empty-database-${version}.tar.gz`);
}

/** undefined: there is none, or there is a database in the directory already. */
export function preparedFor(dataDir: string): string | undefined {
  const path = preparedDatabasePath();
  return !existsSync(dataDir) && existsSync(path) ? path : undefined;
}
