/** What a click will cost, roughly, before it is made: four letters a token, the price of each route's first choice. Pure. */
import { money } from "../../format/numbers.ts";

const lettersPerToken = 4;

export interface Price {
  readonly inputNanodollarsPerMillion: string;
  readonly outputNanodollarsPerMillion: string;
}

export interface EstimatedColumn {
  /** Of all that is sent: prompt, messages, tools. */
  readonly letters: number;
  /** Undefined: its first backend has none. */
  readonly price: Price | undefined;
}

/** @param maxTokens as it was typed; empty: as many as the backend gives. */
export function estimateOf(columns: readonly EstimatedColumn[], maxTokens: string): string {
  let input = 0;
  let output = 0;
  for (const { letters, price } of columns) {
    if (price === undefined) return "What it costs is not known: a backend has no price.";
    input += (Math.ceil(letters / lettersPerToken) * Number(price.inputNanodollarsPerMillion)) / 1e6;
    output += (Number(maxTokens) * Number(price.outputNanodollarsPerMillion)) / 1e6;
  }
  const about = `Spends about ${money(Math.round(input))} for what is sent`;
  return maxTokens === "" ? `${about}, and what the answer takes.` : `${about}, and up to ${money(Math.round(output))} for the answer.`;
}
