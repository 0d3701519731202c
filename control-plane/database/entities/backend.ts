/** One model at one provider: what a call is finally sent to. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { Price } from "./price.ts";

export const Backend = defineEntity({
  name: "Backend",
  tableName: "backend",
  properties: {
    ...configColumns(),
    key: p.text(),
    providerId: p.uuid(),
    /** The model's name at the provider. */
    model: p.text(),
    /** Its own, in the order of time: the one in force and those that are to come. Empty: its catalogue model's. */
    prices: p.json<readonly Price[]>(),
    /** Null: it is no model of the catalogue. */
    catalogueModelId: p.uuid().nullable(),
    /** Calls at once from one node. 0: the node's default, 1024. */
    concurrentCallsMax: p.integer(),
    capabilities: p.array<string>(),
    /** Since when no new call is sent to it; its weights stay as they are. Null: it takes calls. */
    drainedAt: p.datetime().nullable(),
  },
});
export type Backend = InferEntity<typeof Backend>;
