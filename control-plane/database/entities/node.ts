/** One data-plane process as it last reported. Nodes belong to the installation, not to an organisation. */
import type { JsonValue } from "@bufbuild/protobuf";
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Node = defineEntity({
  name: "Node",
  tableName: "node",
  properties: {
    nodeId: p.text().primary(),
    /** Empty: it is older than names. */
    name: p.text(),
    /** Changes with each start. */
    instanceId: p.text(),
    version: p.text(),
    /** starting, ready, draining, gone. */
    state: p.text(),
    appliedEpoch: p.text().nullable(),
    appliedNumber: p.bigint().nullable(),
    appliedHash: p.blob().nullable(),
    appliedAt: p.datetime().nullable(),
    refusedNumber: p.bigint().nullable(),
    refusedReason: p.text().nullable(),
    reportedAt: p.datetime(),
    startedAt: p.datetime(),
    callsInFlight: p.integer(),
    grpcAddress: p.text(),
    restAddress: p.text(),
    /** redis, control-plane, disk. */
    configSource: p.text(),
    usageEventsWaiting: p.bigint(),
    /** BackendStatus messages as protobuf's JSON. */
    backends: p.json<readonly JsonValue[]>(),
    /** BackendLoad messages as protobuf's JSON. */
    loads: p.json<readonly JsonValue[]>(),
    eventLoopDelayMs: p.double(),
    /** NodeSetting messages as protobuf's JSON. */
    settings: p.json<readonly JsonValue[]>(),
  },
});
export type Node = InferEntity<typeof Node>;
