/** What a call cost, in nano-dollars. Pure, in integers: money is never a float. */
import type { Price } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { TokenUsage } from "./completion-event.ts";

/** undefined where the price or the usage is not known: unknown is not zero. Halves are rounded up. */
export function costOf(price: Price | undefined, usage: TokenUsage | undefined): bigint | undefined {
  if (price === undefined || usage === undefined) return undefined;
  const input = price.inputNanodollarsPerMillion;
  const uncached = Math.max(0, usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens);
  const sum =
    BigInt(uncached) * input +
    BigInt(usage.cacheReadTokens) * (price.cacheReadNanodollarsPerMillion ?? input) +
    BigInt(usage.cacheWriteTokens) * (price.cacheWriteNanodollarsPerMillion ?? input) +
    BigInt(usage.outputTokens) * price.outputNanodollarsPerMillion;
  return (sum + 500_000n) / 1_000_000n;
}
