/** Reports what this node serves from to the control plane itself, where there is no Redis between. */
import type { NodeStatusReport } from "../snapshot/node-status-report.ts";
import type { ControlPlaneConnection } from "./connect.ts";

/** A report that takes longer is worth less than the next one, in milliseconds. */
const reportMsMax = 2000;

export function controlPlaneNodeStatus(controlPlane: ControlPlaneConnection): NodeStatusReport {
  return {
    report: async (status, signal) => {
      await controlPlane.config.reportNodeStatus({ status }, { signal, timeoutMs: reportMsMax, metadata: controlPlane.metadata });
    },
    close: async () => {},
  };
}
