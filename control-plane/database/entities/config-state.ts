/**
 * Where the configuration stands: one row, locked by every change, so that revisions form one chain. It belongs to no
 * organisation and only the system reads it.
 */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const ConfigState = defineEntity({
  name: "ConfigState",
  tableName: "config_state",
  properties: {
    /** Always true: there is one row. */
    singleton: p.boolean().primary(),
    epoch: p.uuid(),
    number: p.bigint(),
    /** Of the last revision; empty before the first. */
    hash: p.blob(),
  },
});
export type ConfigState = InferEntity<typeof ConfigState>;
