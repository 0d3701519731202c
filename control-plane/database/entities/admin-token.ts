/** A credential of the control plane. Not configuration: it never reaches a node. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { AdminRole } from "./admin-role.ts";

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
    role: p.text().$type<AdminRole>(),
    /** May act in every organisation, and make new ones. */
    installation: p.boolean(),
    createdAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    /** Until then somebody may take it up; nobody has the credential before. Null: it has its holder. */
    invitedUntil: p.datetime().nullable(),
  },
});
export type AdminToken = InferEntity<typeof AdminToken>;
