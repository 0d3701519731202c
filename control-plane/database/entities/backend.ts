/** One model at one provider: what a call is finally sent to. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

/** Nano-dollars a million tokens, as decimal text, because JSON has no integers of 64 bits. */
export interface BackendPrice {
  /** Grows with each change of price, so that a ledger row can say by which price it was made. */
  readonly version: number;
  readonly inputNanodollarsPerMillion: string;
  readonly outputNanodollarsPerMillion: string;
  /** Null: as input. */
  readonly cacheReadNanodollarsPerMillion: string | null;
  readonly cacheWriteNanodollarsPerMillion: string | null;
}

export const Backend = defineEntity({
  name: "Backend",
  tableName: "backend",
  properties: {
    ...configColumns(),
    key: p.text(),
    providerId: p.uuid(),
    /** The model's name at the provider. */
    model: p.text(),
    /** Null: no price is known. */
    price: p.json<BackendPrice>().nullable(),
    /** The version of the last price it had, also when it has none now. */
    priceVersion: p.integer(),
    /** Calls at once from one node. 0: the node's default, 1024. */
    concurrentCallsMax: p.integer(),
    capabilities: p.array<string>(),
  },
});
export type Backend = InferEntity<typeof Backend>;
