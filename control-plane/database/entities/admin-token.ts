/** A credential of the control plane. Not configuration: it never reaches a node. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const AdminToken = defineEntity({
  name: "AdminToken",
  tableName: "admin_token",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    name: p.text(),
    publicId: p.text(),
    /** HMAC-SHA-256 with the pepper, 32 bytes. */
    hash: p.blob(),
    role: p.text().$type<"admin" | "viewer">(),
    /** May act in every organisation, and make new ones. */
    installation: p.boolean(),
    createdAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
  },
});
export type AdminToken = InferEntity<typeof AdminToken>;
