/** Who did what, when. Append-only: no role has a policy to change or delete a row. Details never hold a secret. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { type RequestOrigin, requestOrigins } from "../../request-origin.ts";
import type { AuditedKind } from "../audited-kinds.ts";
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
    /** Empty: a change of nothing. */
    targetKind: p.text().$type<AuditedKind | "">(),
    targetId: p.uuid().nullable(),
    /** Null where the action made no revision. */
    revisionNumber: p.bigint().nullable(),
    details: p.json<JsonObject>(),
    /** Whose request it was; null where Penstock did it by itself. Set here, so that whoever writes an entry cannot forget it. */
    sourceAddress: p
      .text()
      .$type<string | null>()
      .nullable()
      .onCreate(() => requestOrigins.getStore()?.sourceAddress ?? null),
    requestId: p
      .text()
      .$type<string | null>()
      .nullable()
      .onCreate(() => requestOrigins.getStore()?.requestId ?? null),
    via: p
      .text()
      .$type<RequestOrigin["via"] | null>()
      .nullable()
      .onCreate(() => requestOrigins.getStore()?.via ?? null),
  },
});
export type AuditEntry = InferEntity<typeof AuditEntry>;
