/** The tenant. Its `organisationId` is its own id, so that the one rule of row-level security fits it too. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

export const Organisation = defineEntity({
  name: "Organisation",
  tableName: "organisation",
  properties: {
    ...configColumns(),
    /** Unique in the installation; [a-z0-9-]. */
    key: p.text(),
    name: p.text(),
  },
});
export type Organisation = InferEntity<typeof Organisation>;
