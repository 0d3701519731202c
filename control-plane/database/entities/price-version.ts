/** Every price that ever was, written once: what a ledger row's price version means. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Price } from "./price.ts";

export const pricedKinds = ["backend", "catalogue_model"] as const;
export type PricedKind = (typeof pricedKinds)[number];

export const PriceVersion = defineEntity({
  name: "PriceVersion",
  tableName: "price_version",
  properties: {
    id: p.uuid().primary(),
    version: p.integer(),
    organisationId: p.uuid(),
    ownerKind: p.text().$type<PricedKind>(),
    ownerId: p.uuid(),
    price: p.json<Price>(),
    createdAt: p.datetime(),
    actor: p.text(),
  },
});
export type PriceVersion = InferEntity<typeof PriceVersion>;
