/**
 * Usage records straight to the control plane. It answers when they are committed, so what it answered is the watermark;
 * a new process knows none and sends again what its log still holds, which the ledger bears.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { readFrames } from "#agreements/usage-frames.ts";
import { type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { UsageStream } from "../usage/usage-stream.ts";
import type { ControlPlaneConnection } from "./connect.ts";

/** A commit of 500 rows on a busy database, in milliseconds. */
const recordMsMax = 10_000;
const recordsInOneCall = 500;

/** @param onUnreadable is told of a record that cannot be read: it would be no better at the next try, and those behind it wait. */
export function controlPlaneUsageStream(
  controlPlane: ControlPlaneConnection,
  onUnreadable: (sequence: bigint, record: Uint8Array, reason: unknown) => void,
): UsageStream {
  let watermark = 0n;
  const readable = (sequence: bigint, record: Uint8Array): UsageRecord[] => {
    try {
      return [fromBinary(UsageRecordSchema, record)];
    } catch (reason) {
      onUnreadable(sequence, record, reason);
      return [];
    }
  };
  return {
    send: async ({ bytes }, signal) => {
      const { frames } = readFrames(bytes);
      for (let from = 0; from < frames.length; from += recordsInOneCall) {
        const some = frames.slice(from, from + recordsInOneCall);
        await controlPlane.usage.recordUsage(
          { nodeId: controlPlane.nodeId, records: some.flatMap(({ sequence, record }) => readable(sequence, record)) },
          { signal, timeoutMs: recordMsMax, metadata: controlPlane.metadata },
        );
        const last = some.at(-1);
        if (last !== undefined && last.sequence > watermark) watermark = last.sequence;
      }
    },
    watermark: async () => watermark,
    close: async () => {},
  };
}
