/**
 * Throws mutated and random input at every reader for as long as is said: `npm run fuzz -- --minutes 10 [--seed 1] [--only gemini]`.
 * Prints the seed first and, for each reader, how much it has survived; what breaks one is printed as small as it was made, and the
 * command fails.
 */
import { parseArgs } from "node:util";
import { answerTargets } from "./answers.ts";
import { requestTargets } from "./requests.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, seed: { type: "string" }, only: { type: "string", default: "" } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const targets = [...requestTargets, ...answerTargets].filter(({ name }) => name.includes(values.only));
const sliceMs = (Number(values.minutes) * 60_000) / targets.length;
console.log(`seed ${seed}, ${targets.length} readers, ${(sliceMs / 1000).toFixed(1)} s each`);

let inputs = 0;
let broken = 0;
for (const { name, check } of targets) {
  const {
    failed,
    inputs: survived,
    report,
  } = await check({
    seed,
    numRuns: 1_000_000_000,
    interruptAfterTimeLimit: sliceMs,
    markInterruptAsFailure: false,
  });
  inputs += survived;
  console.log(`${failed ? "BROKEN" : "ok"}  ${name}: ${survived.toLocaleString("en")} inputs`);
  if (!failed) continue;
  broken++;
  console.log(report);
}
console.log(`${inputs.toLocaleString("en")} inputs, ${broken} readers broken`);
process.exitCode = broken === 0 ? 0 : 1;
