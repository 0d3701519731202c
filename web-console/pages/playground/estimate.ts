/** What a click will cost, roughly, before it is made: four letters a token, the price of each route's first choice. */
import { money } from "../../format/numbers.ts";
import type { PlaygroundData } from "./playground.tsx";

const lettersPerToken = 4;

export function estimateOf(data: PlaygroundData, routes: readonly string[], text: string, maxTokens: string): string {
  const inputTokens = Math.ceil(text.length / lettersPerToken);
  let input = 0;
  let output = 0;
  for (const route of routes) {
    const target = data.routes.edges.find(({ node }) => node.name === route)?.node.tiers[0]?.targets.find(({ weight }) => weight > 0);
    const price = target?.backend?.price;
    if (price == null) return "What it costs is not known: a backend has no price.";
    input += (inputTokens * Number(price.inputNanodollarsPerMillion)) / 1e6;
    output += (Number(maxTokens) * Number(price.outputNanodollarsPerMillion)) / 1e6;
  }
  const about = `Spends about ${money(Math.round(input))} for the message`;
  return maxTokens === "" ? `${about}, and what the answer takes.` : `${about}, and up to ${money(Math.round(output))} for the answer.`;
}
