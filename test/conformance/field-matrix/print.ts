/** Writes docs/field-matrix.md: `npm run matrix`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { matrixText, startMatrix } from "./matrix.ts";

await using matrix = await startMatrix();
writeFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "field-matrix.md"), await matrixText(matrix));
