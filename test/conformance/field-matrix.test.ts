/** Nothing of a request or an answer is lost between any two dialects, and docs/field-matrix.md says what becomes of each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerCases } from "./field-matrix/answer-cases.ts";
import { matrixBackends } from "./field-matrix/backends.ts";
import { ingresses } from "./field-matrix/callers.ts";
import { answeringBackends, casesOf, type Matrix, matrixText, startMatrix } from "./field-matrix/matrix.ts";

let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix();
});
afterAll(() => matrix[Symbol.asyncDispose]());

/** What is lost, by the backend's name. */
const lost = (fates: readonly string[], backends: readonly { readonly name: string }[]) =>
  fates.flatMap((fate, i) => (fate.startsWith("LOST") ? [`${backends[i]?.name}: ${fate}`] : []));

describe.each(ingresses)("callers of %s", (ingress) => {
  test.each(casesOf(ingress))("say $field to every backend, or are told that it has no place", async (one) => {
    expect(lost(await matrix.requestFates(one, ingress), matrixBackends)).toEqual([]);
  });

  test.each(answerCases)("are told of $feature by every backend that says it, whole and streamed", async (one) => {
    expect(lost(await matrix.answerFates(one, ingress), answeringBackends)).toEqual([]);
  });
});

test("the document is what the command prints (npm run matrix)", async () => {
  expect(readFileSync(join(import.meta.dirname, "..", "..", "docs", "field-matrix.md"), "utf8")).toBe(await matrixText(matrix));
}, 180_000);
