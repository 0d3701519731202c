/** Writes docs/field-matrix.md: `npm run matrix`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { matrixText } from "./field-matrix.ts";

writeFileSync(join(import.meta.dirname, "..", "..", "docs", "field-matrix.md"), matrixText());
