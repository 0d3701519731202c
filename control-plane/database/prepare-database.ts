/** Makes the packed database, as a command of its own: the launcher runs it where it is missing. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { openLogger } from "../logger.ts";
import { embeddedDatabaseDir } from "../settings.ts";
import { openDatabase } from "./orm.ts";
import { preparedDatabasePath } from "./prepared-database.ts";

const path = preparedDatabasePath();
if (!existsSync(path)) {
  // Whole or not at all: a start in between must not find half of it.
  const aside = `${path}.${process.pid}`;
  const dataDir = `${aside}.data`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    const migrated = await openDatabase({ dataDir, databaseUrl: undefined }, openLogger("silent"));
    await migrated.close();
    const database = await PGlite.create(embeddedDatabaseDir({ dataDir }));
    const packed = await database.dumpDataDir("gzip");
    await database.close();
    writeFileSync(aside, Buffer.from(await packed.arrayBuffer()));
    renameSync(aside, path);
    const folder = dirname(path);
    for (const name of readdirSync(folder))
      if (/database-.*\.tar\.gz$/.test(name) && name !== basename(path)) rmSync(join(folder, name), { force: true });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
