/** The tenant. Its `organisationId` is its own id, so that the one rule of row-level security fits it too. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { ContentCapture } from "./content-capture.ts";

export interface Discount {
  /** Null: all providers. */
  readonly providerId: string | null;
  /** Ten-thousandths of the price that are not charged, 1 to 10000. */
  readonly basisPoints: number;
  /** ISO 8601. Null: always was. */
  readonly from: string | null;
  /** Not included. Null: for ever. */
  readonly until: string | null;
}

export const Organisation = defineEntity({
  name: "Organisation",
  tableName: "organisation",
  properties: {
    ...configColumns(),
    /** Unique in the installation; [a-z0-9-]. */
    key: p.text(),
    name: p.text(),
    /** What it is let off. Null: nothing. Set by the installation alone. */
    discounts: p.json<readonly Discount[]>().nullable(),
    /** Null: off. */
    contentCapture: p.json<ContentCapture>().nullable(),
  },
});
export type Organisation = InferEntity<typeof Organisation>;
