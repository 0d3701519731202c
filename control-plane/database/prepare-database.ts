/** Makes the packed empty database, as a command of its own: the launcher runs it after it has installed the packages. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { preparedDatabasePath } from "./prepared-database.ts";

const path = preparedDatabasePath();
if (!existsSync(path)) {
  const database = await PGlite.create("memory://");
  const packed = await database.dumpDataDir("gzip");
  await database.close();
  mkdirSync(dirname(path), { recursive: true });
  // Whole or not at all: a start in between must not find half of it.
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, Buffer.from(await packed.arrayBuffer()));
  renameSync(aside, path);
}
