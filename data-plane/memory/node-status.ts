/** Node reports of one process without Redis: the last one, for whoever asks. */
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import type { NodeStatusReport } from "../snapshot/node-status-report.ts";

export interface MemoryNodeStatus extends NodeStatusReport {
  /** Undefined before the first report. */
  last(): NodeStatus | undefined;
}

export function memoryNodeStatus(): MemoryNodeStatus {
  let last: NodeStatus | undefined;
  return {
    report: async (status, signal) => {
      signal.throwIfAborted();
      last = status;
    },
    last: () => last,
    close: async () => {},
  };
}
