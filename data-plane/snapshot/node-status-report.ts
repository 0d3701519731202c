/** The port through which a node tells what it serves from. Fails open: a report that is lost is followed by another. */
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";

export interface NodeStatusReport {
  report(status: NodeStatus, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
