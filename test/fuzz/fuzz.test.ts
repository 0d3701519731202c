/** The short form of `npm run fuzz`: whatever comes, only typed errors come of it, on every caller's side and every backend's. */
import { expect, test } from "vitest";
import { answerTargets } from "./answers.ts";
import { requestTargets } from "./requests.ts";

test.each([...requestTargets, ...answerTargets])("$name", { timeout: 60_000 }, async ({ check }) => {
  expect((await check({ numRuns: 60 })).report).toBe("");
});
