/** Who did what, when. Append-only: no role has a policy to change or delete a row. Details never hold a secret. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { JsonObject } from "./route.ts";

export const AuditEntry = defineEntity({
  name: "AuditEntry",
  tableName: "audit_entry",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    at: p.datetime(),
    actor: p.text(),
    action: p.text(),
    targetKind: p.text(),
    targetId: p.uuid().nullable(),
    /** Null where the action made no revision. */
    revisionNumber: p.bigint().nullable(),
    details: p.json<JsonObject>(),
  },
});
export type AuditEntry = InferEntity<typeof AuditEntry>;
