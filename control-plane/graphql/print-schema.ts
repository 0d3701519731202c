/**
 * Writes control-plane/schema.graphql, the console's contract. With --check it writes nothing and ends with 1 where the
 * file is not what the builder says.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lexicographicSortSchema, printSchema } from "graphql";
import { schema } from "./schema.ts";

const path = fileURLToPath(new URL("../schema.graphql", import.meta.url));
const text = `# Printed from the builder by control-plane/graphql/print-schema.ts. Do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(path, text);
} else if (readFileSync(path, "utf8") !== text) {
  process.stderr.write("control-plane/schema.graphql is stale; run: npm run generate\n");
  process.exitCode = 1;
}
