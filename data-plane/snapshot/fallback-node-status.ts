/** Several ways to report as one: the first that takes the report is enough. */
import type { NodeStatusReport } from "./node-status-report.ts";

export function fallbackNodeStatus(reports: readonly NodeStatusReport[]): NodeStatusReport {
  return {
    report: async (status, signal) => {
      const failures: unknown[] = [];
      for (const way of reports) {
        try {
          return await way.report(status, signal);
        } catch (reason) {
          failures.push(reason);
        }
      }
      throw new AggregateError(failures, "nobody took this node's report");
    },
    close: async () => {
      await Promise.all(reports.map((way) => way.close()));
    },
  };
}
