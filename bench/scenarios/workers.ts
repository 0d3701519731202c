/** One node on several cores: what a call costs, and what is carried, with one worker, two, and four. */
import type { Scenario } from "../scenario.ts";
import { equals, measureInTurn, type Peer } from "../stage.ts";
import { withSpread } from "./answers.ts";

export const workers: Scenario = {
  name: "workers",
  title: "Workers",
  quick: false,
  run: async (stage) => {
    const rows: string[][] = [];
    for (const count of [1, 2, 4]) {
      const node = await stage.gateway.startNode(`workers-${count}`, count);
      const headers = { authorization: `Bearer ${stage.gateway.apiKey}` };
      const peer: Peer = {
        name: "another node",
        pid: node.pid,
        target: { port: node.restPort, headers, compare: "bytes" },
        share: 1,
      };
      const before = stage.tally.elsewhere;
      const job = { kind: "closed", model: "small", promptBytes: 64, connections: 32, calls: 12_000 } as const;
      const {
        measured: [measured],
      } = await measureInTurn(stage, [peer], job, 3);
      await equals("calls counted by the workers", () => node.callsCounted(), stage.tally.elsewhere - before, 10_000);
      await node.close();
      if (measured === undefined) continue;
      rows.push([
        String(count),
        withSpread(measured.cpuMicrosPerUnit, 1),
        measured.callsPerSecond.median.toFixed(0),
        measured.latencyP99Ms.median.toFixed(2),
      ]);
    }
    return {
      tables: [
        {
          title: "Small calls that are not streamed, by number of workers",
          columns: ["workers", "CPU µs per call", "calls/s here", "p99 ms"],
          rows,
          note: "Load, backend, Redis, ledger and workers share this machine's cores: calls/s show scaling only where there are cores to spare, CPU time per call shows what sharing costs.",
        },
      ],
      budgets: [],
      plots: [],
    };
  },
};
