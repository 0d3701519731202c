/**
 * Usage records straight to the control plane. It answers when they are committed, so what it answered is the watermark;
 * a new process knows none and sends again what its log still holds, which the ledger bears.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { UsageStream } from "../usage/usage-stream.ts";
import type { ControlPlaneConnection } from "./connect.ts";

/** A commit of 500 rows on a busy database, in milliseconds. */
const recordMsMax = 10_000;

export function controlPlaneUsageStream(controlPlane: ControlPlaneConnection): UsageStream {
  let watermark = 0n;
  return {
    send: async (records, signal) => {
      await controlPlane.usage.recordUsage(
        { nodeId: controlPlane.nodeId, records: records.map(({ record }) => fromBinary(UsageRecordSchema, record)) },
        { signal, timeoutMs: recordMsMax, metadata: controlPlane.metadata },
      );
      const last = records.at(-1);
      if (last !== undefined && last.sequence > watermark) watermark = last.sequence;
    },
    watermark: async () => watermark,
    close: async () => {},
  };
}
