/** A price as rows hold it: amounts as decimal text, because JSON has no integers of 64 bits. */

export const rateNames = [
  "inputNanodollarsPerMillion",
  "outputNanodollarsPerMillion",
  "cacheReadNanodollarsPerMillion",
  "cacheWriteNanodollarsPerMillion",
  "cacheWriteOneHourNanodollarsPerMillion",
  "reasoningNanodollarsPerMillion",
  "audioInputNanodollarsPerMillion",
  "audioOutputNanodollarsPerMillion",
  "imageInputNanodollarsPerMillion",
  "imageOutputNanodollarsPerMillion",
] as const;
export type RateName = (typeof rateNames)[number];

/** Nano-dollars a million tokens. Null: see Price in snapshot.proto for what holds instead. */
export type PriceRates = { readonly [Name in RateName]: string | null };

export interface PriceTerms extends PriceRates {
  readonly inputNanodollarsPerMillion: string;
  readonly outputNanodollarsPerMillion: string;
  /** Nano-dollars for each answered call, on top of its tokens. */
  readonly requestNanodollars: string;
  /** For long prompts, the shortest first. */
  readonly contextTiers: readonly PriceContextTier[];
}

export interface PriceContextTier extends PriceRates {
  readonly inputTokensAbove: number;
}

export interface Price extends PriceTerms {
  /** Unique in the installation, so that a ledger row can say by which price it was made. Below 1001: of one backend alone. */
  readonly version: number;
  /** ISO 8601. Null: always. */
  readonly effectiveFrom: string | null;
}

/** The one that holds at a time; undefined: none is known for then. Prices are in the order of time. */
export const priceAt = (prices: readonly Price[], at: Date): Price | undefined =>
  prices.findLast(({ effectiveFrom }) => effectiveFrom === null || new Date(effectiveFrom) <= at);

/** The terms of a price that says input and output and nothing else. */
export const plainTerms = (inputNanodollarsPerMillion: string, outputNanodollarsPerMillion: string): PriceTerms => ({
  cacheReadNanodollarsPerMillion: null,
  cacheWriteNanodollarsPerMillion: null,
  cacheWriteOneHourNanodollarsPerMillion: null,
  reasoningNanodollarsPerMillion: null,
  audioInputNanodollarsPerMillion: null,
  audioOutputNanodollarsPerMillion: null,
  imageInputNanodollarsPerMillion: null,
  imageOutputNanodollarsPerMillion: null,
  inputNanodollarsPerMillion,
  outputNanodollarsPerMillion,
  requestNanodollars: "0",
  contextTiers: [],
});
