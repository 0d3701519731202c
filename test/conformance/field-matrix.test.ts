/** No field of a request is lost at any backend, and docs/field-matrix.md says what becomes of each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cases } from "./field-cases.ts";
import { backends, fateOf, matrixText } from "./field-matrix.ts";

describe.each(backends)("at $name", (backend) => {
  test.each(cases)("$field is not lost", (one) => {
    expect(fateOf(one, backend)).not.toBe("LOST");
  });
});

test("the document is what the command prints (npm run matrix)", () => {
  expect(readFileSync(join(import.meta.dirname, "..", "..", "docs", "field-matrix.md"), "utf8")).toBe(matrixText());
});
