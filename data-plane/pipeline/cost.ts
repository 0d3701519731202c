/** What a call cost, in nano-dollars. Pure, in integers: money is never a number that has been rounded on the way. */
import type { CompiledPrice, Rates, tokenKinds } from "../snapshot/compiled-price.ts";
import type { TokenUsage } from "./completion-event.ts";

const costMax = 2n ** 63n - 1n;
const million = 1_000_000;

/**
 * undefined where the price or the usage is not known, or where sound was used whose price is not: unknown is not zero. Halves
 * are rounded up, once, after the discount.
 */
export function costOf(price: CompiledPrice | undefined, usage: TokenUsage | undefined): bigint | undefined {
  if (price === undefined) return undefined;
  if (usage === undefined) return price.requestOnly ? charged(0n, price) : undefined;
  const { perMillion } = ratesFor(price.rates, usage.inputTokens);
  const tokens = tokensByKind(usage);
  let total = 0;
  for (let kind = 0; kind < tokens.length; kind++) if (tokens[kind]) total += (tokens[kind] ?? 0) * (perMillion[kind] ?? Number.NaN);
  if (Number.isNaN(total)) return undefined;
  // A sum that is a safe integer was exact all the way, since no part of it was larger: calls of up to nine dollars.
  if (price.discountBasisPoints === 0 && total <= Number.MAX_SAFE_INTEGER - million) {
    const rounded = total + million / 2;
    return BigInt((rounded - (rounded % million)) / million + price.request);
  }
  const exact = tokens.reduce((sum, count, kind) => (count === 0 ? sum : sum + BigInt(count) * BigInt(perMillion[kind] ?? 0)), 0n);
  return charged(exact, price);
}

const ratesFor = (rates: readonly Rates[], inputTokens: number): Rates => {
  for (const each of rates) if (inputTokens > each.inputTokensAbove) return each;
  throw new Error("a price has rates for every length");
};

/** Disjoint, in the order of `tokenKinds`. A backend that says more of a kind than there was at all is not paid for the rest. */
function tokensByKind(usage: TokenUsage): readonly number[] {
  const uncached = Math.max(0, usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens);
  const oneHour = Math.min(usage.cacheWriteOneHourTokens ?? 0, usage.cacheWriteTokens);
  const audioInput = Math.min(usage.audioInputTokens, uncached);
  const imageInput = Math.min(usage.imageInputTokens ?? 0, uncached - audioInput);
  const audioOutput = Math.min(usage.audioOutputTokens, usage.outputTokens);
  const imageOutput = Math.min(usage.imageOutputTokens ?? 0, usage.outputTokens - audioOutput);
  const reasoning = Math.min(usage.reasoningTokens, usage.outputTokens - audioOutput - imageOutput);
  return [
    uncached - audioInput - imageInput,
    usage.outputTokens - reasoning - audioOutput - imageOutput,
    usage.cacheReadTokens,
    usage.cacheWriteTokens - oneHour,
    oneHour,
    reasoning,
    imageInput,
    imageOutput,
    audioInput,
    audioOutput,
  ] satisfies FixedLength<typeof tokenKinds>;
}

type FixedLength<Names extends readonly unknown[]> = { readonly [Index in keyof Names]: number };

/** @param tokensCost in nano-dollars a million. */
function charged(tokensCost: bigint, { discountBasisPoints, request }: CompiledPrice): bigint {
  const full = tokensCost + BigInt(request) * BigInt(million);
  const cost = (full * BigInt(10_000 - discountBasisPoints) + 5_000_000_000n) / 10_000_000_000n;
  // What the ledger can hold. A price that comes here is a mistake in the configuration, and still no reason to lose the row.
  return cost > costMax ? costMax : cost;
}
