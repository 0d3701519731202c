/** What the snapshot holds now, resource by resource, encoded: a full snapshot is their concatenation. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ResourceKind } from "#proto/penstock/config/v1/snapshot_pb.ts";

export const ConfigResource = defineEntity({
  name: "ConfigResource",
  tableName: "config_resource",
  properties: {
    kind: p.integer().$type<ResourceKind>().primary(),
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    /** Bytes of a Resource. */
    payload: p.blob(),
    /** The ids it points at, sorted. Indexed, so that "who uses this?" costs what the answer costs. */
    referenceIds: p.array<string>(),
  },
});
export type ConfigResource = InferEntity<typeof ConfigResource>;
