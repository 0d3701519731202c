/** One change of the configuration, signed: history, and until `publishedAt` is set the outbox. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Revision = defineEntity({
  name: "Revision",
  tableName: "revision",
  properties: {
    epoch: p.uuid().primary(),
    number: p.bigint().primary(),
    /** SHA-256(previous hash, payload). */
    hash: p.blob(),
    previousHash: p.blob(),
    /** Bytes of the Delta that led here. */
    payload: p.blob(),
    signature: p.blob(),
    keyId: p.text(),
    createdAt: p.datetime(),
    /** Who made it: "token:<name>" or "system". */
    actor: p.text(),
    organisationId: p.uuid(),
    summary: p.text(),
    publishedAt: p.datetime().nullable(),
  },
});
export type Revision = InferEntity<typeof Revision>;
