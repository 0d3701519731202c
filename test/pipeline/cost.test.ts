/** What a call cost: exact in whole nano-dollars, cached tokens at their own price, and unknown where anything is unknown. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PriceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { TokenUsage } from "../../data-plane/pipeline/completion-event.ts";
import { costOf } from "../../data-plane/pipeline/cost.ts";

const usage = (of: Partial<TokenUsage>): TokenUsage => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: "",
  ...of,
});
const price = (of: MessageInitShape<typeof PriceSchema>) => create(PriceSchema, of);
/** $2.50 and $10 a million; cached input at half, as OpenAI asked for gpt-4o. */
const gpt4o = {
  inputNanodollarsPerMillion: 2_500_000_000n,
  outputNanodollarsPerMillion: 10_000_000_000n,
  cacheReadNanodollarsPerMillion: 1_250_000_000n,
};

test.each<[string, MessageInitShape<typeof PriceSchema>, Partial<TokenUsage>, bigint]>([
  ["nothing used", gpt4o, {}, 0n],
  ["input and output", gpt4o, { inputTokens: 1000, outputTokens: 500 }, 7_500_000n],
  ["a part of the input cached", gpt4o, { inputTokens: 1000, cacheReadTokens: 800, outputTokens: 500 }, 6_500_000n],
  [
    "cached input without a price of its own",
    { ...gpt4o, cacheReadNanodollarsPerMillion: undefined } as never,
    { inputTokens: 1000, cacheReadTokens: 800 },
    2_500_000n,
  ],
  ["cached input for nothing", { ...gpt4o, cacheReadNanodollarsPerMillion: 0n }, { inputTokens: 1000, cacheReadTokens: 800 }, 500_000n],
  [
    "input written to a cache",
    { ...gpt4o, cacheWriteNanodollarsPerMillion: 3_125_000_000n },
    { inputTokens: 1000, cacheWriteTokens: 400 },
    2_750_000n,
  ],
  ["reasoning, which is in the output", gpt4o, { outputTokens: 500, reasoningTokens: 400 }, 5_000_000n],
  ["more cached than there was", gpt4o, { inputTokens: 10, cacheReadTokens: 20 }, 25_000n],
  ["one token at 499,999 a million", { inputNanodollarsPerMillion: 499_999n }, { inputTokens: 1 }, 0n],
  ["one token at 500,000 a million", { inputNanodollarsPerMillion: 500_000n }, { inputTokens: 1 }, 1n],
  ["one token at 1,499,999 a million", { inputNanodollarsPerMillion: 1_499_999n }, { inputTokens: 1 }, 1n],
  [
    "halves of input and output, rounded once",
    { inputNanodollarsPerMillion: 250_000n, outputNanodollarsPerMillion: 250_000n },
    { inputTokens: 1, outputTokens: 1 },
    1n,
  ],
  [
    "more than a float could hold",
    { inputNanodollarsPerMillion: 1_000_000_000_000_001n },
    { inputTokens: 9_000_000_001 },
    9_000_000_001_000_009_000n,
  ],
  [
    "no more than the ledger holds",
    { inputNanodollarsPerMillion: 1_000_000_000_000_000n },
    { inputTokens: Number.MAX_SAFE_INTEGER },
    2n ** 63n - 1n,
  ],
])("%s", (_, of, used, cost) => {
  expect(costOf(price(of), usage(used))).toBe(cost);
});

test("unknown price or unknown usage is an unknown cost, and a price of nothing is known", () => {
  expect(costOf(undefined, usage({ inputTokens: 1 }))).toBeUndefined();
  expect(costOf(price(gpt4o), undefined)).toBeUndefined();
  expect(costOf(undefined, undefined)).toBeUndefined();
  expect(costOf(price({}), usage({ inputTokens: 1 }))).toBe(0n);
});

const tokens = fc.nat(10_000_000);
const prices = fc.bigInt({ min: 0n, max: 10n ** 13n });

test("costs are never negative, never more than half a nano-dollar off, and grow with what was used", () => {
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, prices, prices, prices, (input, read, output, more, inputPrice, outputPrice, readPrice) => {
      const of = price({
        inputNanodollarsPerMillion: inputPrice,
        outputNanodollarsPerMillion: outputPrice,
        cacheReadNanodollarsPerMillion: readPrice,
      });
      const used = { inputTokens: input + read, cacheReadTokens: read, outputTokens: output };
      const cost = costOf(of, usage(used)) ?? -1n;
      const exact = BigInt(input) * inputPrice + BigInt(read) * readPrice + BigInt(output) * outputPrice;
      const off = cost * 1_000_000n - exact;
      expect(cost >= 0n && off <= 500_000n && off > -500_000n).toBe(true);
      expect((costOf(of, usage({ ...used, outputTokens: output + more })) ?? -1n) >= cost).toBe(true);
    }),
  );
});
