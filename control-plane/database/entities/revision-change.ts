/** One row that a revision changed, whole before and after (see snapshot/row-image.ts). Holds secrets' sealed forms. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ConfigKind } from "../config-kinds.ts";
import type { JsonObject } from "./route.ts";

export const RevisionChange = defineEntity({
  name: "RevisionChange",
  tableName: "revision_change",
  properties: {
    epoch: p.uuid().primary(),
    number: p.bigint().primary(),
    /** 0, 1, 2 … within the revision. */
    position: p.integer().primary(),
    organisationId: p.uuid(),
    kind: p.text().$type<ConfigKind>(),
    entityId: p.uuid(),
    operation: p.text().$type<"create" | "update" | "archive">(),
    /** Null where it was made. */
    before: p.json<JsonObject>().nullable(),
    after: p.json<JsonObject>(),
  },
});
export type RevisionChange = InferEntity<typeof RevisionChange>;
