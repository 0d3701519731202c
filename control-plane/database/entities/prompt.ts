/** A named template. Its content stands in versions that never change; its labels are names that move between them. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

export const Prompt = defineEntity({
  name: "Prompt",
  tableName: "prompt",
  properties: {
    ...configColumns(),
    name: p.text(),
    /** Label → version. `latest` is kept by us and points at the newest. */
    labels: p.json<Readonly<Record<string, number>>>(),
  },
});
export type Prompt = InferEntity<typeof Prompt>;
