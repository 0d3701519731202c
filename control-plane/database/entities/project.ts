/** A part of an organisation: what API keys belong to. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { ContentCapture } from "./content-capture.ts";

export const Project = defineEntity({
  name: "Project",
  tableName: "project",
  properties: {
    ...configColumns(),
    key: p.text(),
    name: p.text(),
    /** Null: as the organisation. */
    contentCapture: p.json<ContentCapture>().nullable(),
  },
});
export type Project = InferEntity<typeof Project>;
