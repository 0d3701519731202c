/**
 * What a backend's calls cost, ready to be multiplied: a list of stretches of time, each with one price and one discount, so
 * that a price or a discount that begins at a date begins then on every node, and no revision has to arrive at that moment.
 * Pure.
 */
import type { ContextTier, Discount, Price } from "#proto/penstock/config/v1/snapshot_pb.ts";

/** From an instant on, until the next one's. */
export interface CompiledPrice {
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly version: bigint;
  /** Ten-thousandths that are not charged. 0: no discount. */
  readonly discountBasisPoints: number;
  /** For the longest prompts first; the last one holds for all. */
  readonly rates: readonly Rates[];
  /** Nano-dollars an answered call. */
  readonly request: number;
  /** Only calls cost, not their tokens: nobody needs to know how many there were. */
  readonly requestOnly: boolean;
}

/** Kinds of tokens; a call's are disjoint. */
export const tokenKinds = [
  "input",
  "output",
  "cacheRead",
  "cacheWrite",
  "cacheWriteOneHour",
  "reasoning",
  "imageInput",
  "imageOutput",
  "audioInput",
  "audioOutput",
] as const;

export interface Rates {
  /** For calls with more input than this. -1: all. */
  readonly inputTokensAbove: number;
  /** Nano-dollars a million tokens, whole numbers, in the order of `tokenKinds`. NaN: not known. */
  readonly perMillion: readonly number[];
}

/** The price that a call costs which came at this time. undefined: none is known for then. */
export function priceAt(prices: readonly CompiledPrice[], atMs: number): CompiledPrice | undefined {
  for (let index = prices.length - 1; index >= 0; index--) {
    const price = prices[index];
    if (price !== undefined && price.fromMs <= atMs) return price;
  }
  return undefined;
}

/** In the order of time. */
export function compilePrices(prices: readonly Price[], discounts: readonly Discount[], providerId: string): readonly CompiledPrice[] {
  const starts = new Set(prices.map(({ effectiveFromMs }) => Number(effectiveFromMs)));
  const first = Math.min(...starts);
  const own = discounts.filter((discount) => discount.providerId === "" || discount.providerId === providerId);
  for (const { fromMs, untilMs } of own) for (const edge of [fromMs, untilMs]) if (Number(edge) > first) starts.add(Number(edge));
  const inOrder = prices.toSorted((a, b) => Number(a.effectiveFromMs - b.effectiveFromMs));
  return [...starts]
    .sort((a, b) => a - b)
    .flatMap((fromMs) => {
      const price = inOrder.findLast(({ effectiveFromMs }) => Number(effectiveFromMs) <= fromMs);
      return price === undefined ? [] : [compilePrice(price, fromMs, discountAt(own, fromMs))];
    });
}

function discountAt(discounts: readonly Discount[], atMs: number): number {
  const holding = discounts.filter(({ fromMs, untilMs }) => Number(fromMs) <= atMs && (untilMs === 0n || atMs < Number(untilMs)));
  return (holding.find(({ providerId }) => providerId !== "") ?? holding[0])?.basisPoints ?? 0;
}

function compilePrice(price: Price, fromMs: number, discountBasisPoints: number): CompiledPrice {
  const tiers = price.contextTiers.map((tier) => ratesOf(Number(tier.inputTokensAbove), tier, price));
  const rates = [...tiers.sort((a, b) => b.inputTokensAbove - a.inputTokensAbove), ratesOf(-1, price, price)];
  const request = Number(price.requestNanodollars);
  const tokensCostNothing = rates.every(({ perMillion }) => perMillion.every((rate) => !rate));
  return { fromMs, version: price.version, discountBasisPoints, rates, request, requestOnly: request > 0 && tokensCostNothing };
}

type Said = Pick<Price | ContextTier, keyof Price & keyof ContextTier>;
type RateName = Exclude<keyof Said, "$typeName" | "$unknown">;

/** What a tier does not say is as in the price; what neither says, as the tier's own input or output. */
function ratesOf(inputTokensAbove: number, tier: Said, price: Said): Rates {
  const said = (name: RateName): number | undefined => {
    const value = tier[name] ?? price[name];
    return value === undefined ? undefined : Number(value);
  };
  const input = said("inputNanodollarsPerMillion") ?? 0;
  const output = said("outputNanodollarsPerMillion") ?? 0;
  const cacheWrite = said("cacheWriteNanodollarsPerMillion") ?? input;
  const rates: Record<(typeof tokenKinds)[number], number> = {
    input,
    output,
    cacheRead: said("cacheReadNanodollarsPerMillion") ?? input,
    cacheWrite,
    cacheWriteOneHour: said("cacheWriteOneHourNanodollarsPerMillion") ?? cacheWrite,
    reasoning: said("reasoningNanodollarsPerMillion") ?? output,
    imageInput: said("imageInputNanodollarsPerMillion") ?? input,
    imageOutput: said("imageOutputNanodollarsPerMillion") ?? output,
    audioInput: said("audioInputNanodollarsPerMillion") ?? Number.NaN,
    audioOutput: said("audioOutputNanodollarsPerMillion") ?? Number.NaN,
  };
  return { inputTokensAbove, perMillion: tokenKinds.map((kind) => rates[kind]) };
}
