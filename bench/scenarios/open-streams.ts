/** Many slow streams at once, as chat has them: memory, CPU time per token, and how late tokens come. */

import type { LoadResult } from "../load/job.ts";
import { cpuMicros, openFilesMax, residentBytes } from "../process-account.ts";
import type { Budget, Scenario } from "../scenario.ts";
import { type Peer, runOn } from "../stage.ts";

const wanted = [1000, 10_000];
const model = "paced-20-1000";
const rampPerSecond = 2000;
const sampleMs = 250;
/** What a node gets to notice that its callers have left. */
const settleMs = 3000;
const bytesPerMegabyte = 1e6;

export const openStreams: Scenario = {
  name: "open-streams",
  title: "Open streams, one token a second each",
  quick: false,
  run: async (stage) => {
    // A gateway needs two sockets for each stream; the rest is for what else it has open.
    const streamsMax = Math.floor((openFilesMax() - 1600) / 2);
    const rows: string[][] = [];
    const budgets: Budget[] = [];
    const bars: { label: string; value: number }[] = [];
    for (const count of wanted) {
      const streams = Math.min(count, streamsMax);
      // A node of its own: one that has carried other load still holds memory for it.
      const node = await stage.gateway.startNode(`streams-${count}`, 1);
      const headers = { authorization: `Bearer ${stage.gateway.apiKey}` };
      const fresh: Peer = { name: "another node", pid: node.pid, target: { port: node.restPort, headers, compare: "bytes" }, share: 1 };
      for (const peer of [...stage.peers.filter(({ name }) => name !== "Portkey" && name !== "Penstock"), fresh]) {
        const label = `${streams} streams, ${peer === fresh ? "Penstock" : peer.name === "direct" ? "direct (the backend's own)" : peer.name}`;
        const cpuBefore = cpuMicros(peer.pid);
        const memoryBefore = residentBytes(peer.pid);
        let memory = memoryBefore;
        const sampling = setInterval(() => {
          memory = Math.max(memory, residentBytes(peer.pid));
        }, sampleMs);
        let result: LoadResult;
        try {
          result = await runOn(stage, peer, { kind: "streams", model, promptBytes: 64, streams, rampPerSecond });
        } catch (error) {
          const why = String(error).split("Error: ").at(-1)?.split("\n")[0] ?? "";
          stage.say(`  ${label}: ${why}`);
          rows.push([`${label}: not carried, ${why}`, "", "", "", "", "", ""]);
          if (peer === fresh) {
            // What ended well before is in the ledger all the same.
            await new Promise((resolve) => setTimeout(resolve, settleMs));
            stage.tally.elsewhere += await node.callsCounted();
            budgets.push({
              what: `memory with ${streams} open streams, MB (they were not carried)`,
              value: Number.MAX_VALUE,
              limit: 400,
              kind: "at-most",
            });
          }
          continue;
        } finally {
          clearInterval(sampling);
        }
        const micros = (cpuMicros(peer.pid) - cpuBefore) / result.units;
        stage.say(`  ${streams} ${peer.name}: ${(memory / bytesPerMegabyte).toFixed(0)} MB, ${micros.toFixed(1)} µs per token`);
        rows.push([
          label,
          (memory / bytesPerMegabyte).toFixed(0),
          ((memory - memoryBefore) / 1024 / streams).toFixed(1),
          micros.toFixed(2),
          result.lateness.p50.toFixed(1),
          result.lateness.p99.toFixed(1),
          result.lateness.max.toFixed(0),
        ]);
        bars.push({ label: `${peer === fresh ? "Penstock" : peer.name} ${streams}`, value: memory / bytesPerMegabyte });
        if (peer === fresh && count === 10_000)
          budgets.push({ what: `memory with ${streams} open streams, MB`, value: memory / bytesPerMegabyte, limit: 400, kind: "at-most" });
      }
      await node.close();
    }
    return {
      tables: [
        {
          title: "Memory and lateness",
          columns: ["", "memory MB, most", "KB per stream", "CPU µs per token", "token late p50 ms", "p99 ms", "max ms"],
          rows,
          note: `Late: the gap between two reads less the pace, so the backend's own jitter is in it; compare with direct. This machine allows a process ${openFilesMax()} open files, so at most ${streamsMax} streams.`,
        },
      ],
      budgets,
      plots: [{ kind: "bars", name: "open-streams-memory", title: "Memory with open streams, most", unit: "MB", bars }],
    };
  },
};
