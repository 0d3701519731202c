/** What a logged call was answered, and how an answer of now compares with it. Pure. */
import { count, duration, money } from "../../format/numbers.ts";
import { turnsOf } from "../calls/turns.ts";
import type { CallState } from "./run-call.ts";

export interface LoggedAnswer {
  /** Empty: it was not kept, or there was none. */
  readonly text: string;
  /** Empty: no backend said. */
  readonly model: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly costNanodollars: number | undefined;
  readonly firstMs: number | undefined;
  readonly totalMs: number;
}

interface LoggedCall {
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly inputTokens: string | null;
  readonly outputTokens: string | null;
  readonly costNanodollars: string | null;
  readonly modelServed: string;
}

const numberOf = (value: string | number | null): number | undefined => (value === null ? undefined : Number(value));

/** @param answers as chat messages, one for each choice; null: they were not kept. */
export const loggedAnswer = (call: LoggedCall, answers: unknown): LoggedAnswer => ({
  text: turnsOf([], answers)[0]?.text ?? "",
  model: call.modelServed,
  inputTokens: numberOf(call.inputTokens),
  outputTokens: numberOf(call.outputTokens),
  costNanodollars: numberOf(call.costNanodollars),
  firstMs: numberOf(call.timeToFirstTokenMs),
  totalMs: call.durationMs,
});

/** "12 tokens fewer, $0.0001 cheaper, first token 120 ms sooner than then". Undefined: nothing of it is known. */
export function againstThen(now: Pick<CallState, "outputTokens" | "costNanodollars" | "firstMs">, then: LoggedAnswer): string | undefined {
  const said = [
    differing(now.outputTokens, then.outputTokens, (by) => `${count(by)} tokens`, "fewer", "more"),
    differing(now.costNanodollars, then.costNanodollars, (by) => money(by), "cheaper", "dearer"),
    differing(now.firstMs, then.firstMs, (by) => `first token ${duration(by)}`, "sooner", "later"),
  ].filter((one) => one !== undefined);
  if (said.length > 0) return `${said.join(", ")} than then`;
  return now.outputTokens === undefined || then.outputTokens === undefined ? undefined : "like then in tokens, cost and first token";
}

function differing(
  now: number | undefined,
  then: number | undefined,
  text: (by: number) => string,
  less: string,
  more: string,
): string | undefined {
  if (now === undefined || then === undefined || Math.round(now) === Math.round(then)) return undefined;
  return `${text(Math.abs(Math.round(now) - Math.round(then)))} ${now < then ? less : more}`;
}
