/** What a call cost: exact in whole nano-dollars, cached tokens at their own price, and unknown where anything is unknown. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DiscountSchema, PriceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { TokenUsage } from "../../data-plane/pipeline/completion-event.ts";
import { costOf } from "../../data-plane/pipeline/cost.ts";
import { compilePrices, priceAt } from "../../data-plane/snapshot/compiled-price.ts";

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
const price = (of: MessageInitShape<typeof PriceSchema>, basisPoints = 0) =>
  priceAt(compilePrices([create(PriceSchema, of)], basisPoints === 0 ? [] : [create(DiscountSchema, { basisPoints })], "provider"), 1);
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
  [
    "reasoning at a price of its own",
    { ...gpt4o, reasoningNanodollarsPerMillion: 1_000_000n },
    { outputTokens: 500, reasoningTokens: 400 },
    1_000_400n,
  ],
  [
    "a cache kept for five minutes and for an hour",
    { ...gpt4o, cacheWriteNanodollarsPerMillion: 3_125_000_000n, cacheWriteOneHourNanodollarsPerMillion: 5_000_000_000n },
    { inputTokens: 1000, cacheWriteTokens: 1000, cacheWriteOneHourTokens: 600 },
    400n * 3125n + 600n * 5000n,
  ],
  [
    "an hour of cache without a price of its own",
    { ...gpt4o, cacheWriteNanodollarsPerMillion: 3_000_000n },
    { inputTokens: 9, cacheWriteTokens: 9, cacheWriteOneHourTokens: 9 },
    27n,
  ],
  [
    "sound and pictures, in and out",
    {
      inputNanodollarsPerMillion: 1_000_000n,
      outputNanodollarsPerMillion: 2_000_000n,
      audioInputNanodollarsPerMillion: 10_000_000n,
      audioOutputNanodollarsPerMillion: 20_000_000n,
      imageInputNanodollarsPerMillion: 100_000_000n,
      imageOutputNanodollarsPerMillion: 200_000_000n,
    },
    { inputTokens: 10, audioInputTokens: 3, imageInputTokens: 2, outputTokens: 10, audioOutputTokens: 3, imageOutputTokens: 2 },
    5n + 30n + 200n + 10n + 60n + 400n,
  ],
  [
    "pictures without a price of their own",
    { inputNanodollarsPerMillion: 1_000_000n, outputNanodollarsPerMillion: 2_000_000n },
    { inputTokens: 10, imageInputTokens: 4, outputTokens: 10, imageOutputTokens: 4 },
    30n,
  ],
  ["each answered call, on top of its tokens", { ...gpt4o, requestNanodollars: 5_000_000n }, { inputTokens: 1000 }, 7_500_000n],
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

/** As Gemini 2.5 Pro: beyond 200,000 tokens of input all of the call is dearer. */
const longer = {
  inputNanodollarsPerMillion: 1_250_000_000n,
  outputNanodollarsPerMillion: 10_000_000_000n,
  cacheReadNanodollarsPerMillion: 125_000_000n,
  contextTiers: [
    { inputTokensAbove: 200_000n, inputNanodollarsPerMillion: 2_500_000_000n, outputNanodollarsPerMillion: 15_000_000_000n },
    { inputTokensAbove: 1_000_000n, inputNanodollarsPerMillion: 5_000_000_000n, cacheReadNanodollarsPerMillion: 1n },
  ],
};

test.each([
  ["up to the length", 200_000, 200_000n * 1250n + 10_000n],
  ["above it", 200_001, 200_001n * 2500n + 15_000n],
  ["above the longest, which says nothing of output", 1_000_001, 1_000_001n * 5000n + 10_000n],
])("a prompt %s costs what its length costs", (_, inputTokens, cost) => {
  expect(costOf(price(longer), usage({ inputTokens, outputTokens: 1 }))).toBe(cost);
});

test("what a tier does not say of the cache is as in the price, and not as its own input", () => {
  expect(costOf(price(longer), usage({ inputTokens: 300_000, cacheReadTokens: 300_000 }))).toBe(300_000n * 125n);
});

test("sound whose price is not known has no cost, and is not charged as text", () => {
  expect(costOf(price(gpt4o), usage({ inputTokens: 10, audioInputTokens: 1 }))).toBeUndefined();
  expect(costOf(price(gpt4o), usage({ outputTokens: 10, audioOutputTokens: 1 }))).toBeUndefined();
});

test("where only calls cost, nobody needs to know their tokens", () => {
  expect(costOf(price({ requestNanodollars: 40_000_000n }), undefined)).toBe(40_000_000n);
  expect(costOf(price({ ...gpt4o, requestNanodollars: 40_000_000n }), undefined)).toBeUndefined();
});

test("a discount is taken off the exact sum, and the rest rounded once", () => {
  expect(costOf(price({ ...gpt4o, requestNanodollars: 100n }, 1000), usage({ inputTokens: 1000, outputTokens: 500 }))).toBe(6_750_090n);
  expect(costOf(price({ inputNanodollarsPerMillion: 1_000_000n }, 5000), usage({ inputTokens: 1 }))).toBe(1n);
  expect(costOf(price({ inputNanodollarsPerMillion: 1_000_000n }, 5001), usage({ inputTokens: 1 }))).toBe(0n);
  expect(costOf(price(gpt4o, 10_000), usage({ inputTokens: 1000 }))).toBe(0n);
});

test("prices and discounts begin and end to the millisecond, and a provider's own discount holds before the one for all", () => {
  const prices = [
    create(PriceSchema, { version: 2n, effectiveFromMs: 2000n, inputNanodollarsPerMillion: 2_000_000n }),
    create(PriceSchema, { version: 1n, inputNanodollarsPerMillion: 1_000_000n }),
    create(PriceSchema, { version: 3n, effectiveFromMs: 9000n, inputNanodollarsPerMillion: 3_000_000n }),
  ];
  const discounts = [
    create(DiscountSchema, { basisPoints: 1000, fromMs: 3000n }),
    create(DiscountSchema, { basisPoints: 5000, providerId: "ours", fromMs: 4000n, untilMs: 5000n }),
    create(DiscountSchema, { basisPoints: 9000, providerId: "theirs" }),
  ];
  const compiled = compilePrices(prices, discounts, "ours");
  const at = (ms: number) => {
    const { version, discountBasisPoints } = priceAt(compiled, ms) ?? { version: 0n, discountBasisPoints: 0 };
    return [version, discountBasisPoints, costOf(priceAt(compiled, ms), usage({ inputTokens: 100 }))];
  };
  expect(at(1999)).toEqual([1n, 0, 100n]);
  expect(at(2000)).toEqual([2n, 0, 200n]);
  expect(at(3000)).toEqual([2n, 1000, 180n]);
  expect(at(3999)).toEqual([2n, 1000, 180n]);
  expect(at(4000)).toEqual([2n, 5000, 100n]);
  expect(at(5000)).toEqual([2n, 1000, 180n]);
  expect(at(9000)).toEqual([3n, 1000, 270n]);
});

test("before the first price begins none is known", () => {
  const [later] = [compilePrices([create(PriceSchema, { effectiveFromMs: 2000n })], [create(DiscountSchema, { basisPoints: 1 })], "")];
  expect(priceAt(later ?? [], 1999)).toBeUndefined();
  expect(priceAt(later ?? [], 2000)).toBeDefined();
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

test("the quick way and the exact way agree to the nano-dollar", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000), fc.nat(1_000_000_000), prices, prices, (input, output, inputPrice, outputPrice) => {
      const of = { inputNanodollarsPerMillion: inputPrice, outputNanodollarsPerMillion: outputPrice };
      const exact = (BigInt(input) * inputPrice + BigInt(output) * outputPrice + 500_000n) / 1_000_000n;
      expect(costOf(price(of), usage({ inputTokens: input, outputTokens: output }))).toBe(exact > 2n ** 63n - 1n ? 2n ** 63n - 1n : exact);
    }),
    { numRuns: 300 },
  );
});
