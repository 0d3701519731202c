/** What a call cost, in nano-dollars. Pure, in integers: money is never a float. */
import type { Price } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { TokenUsage } from "./completion-event.ts";

const costMax = 2n ** 63n - 1n;

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
  const cost = (sum + 500_000n) / 1_000_000n;
  // What the ledger can hold. A price that comes here is a mistake in the configuration, and still no reason to lose the row.
  return cost > costMax ? costMax : cost;
}
