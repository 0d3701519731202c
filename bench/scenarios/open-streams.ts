/** Many slow streams at once, as chat has them: memory, CPU time per token, and how late tokens come. */

import { cpuMicros, openFilesMax, residentBytes } from "../process-account.ts";
import type { Budget, Scenario } from "../scenario.ts";
import { runOn } from "../stage.ts";

const wanted = [1000, 10_000];
const model = "paced-20-1000";
const rampPerSecond = 2000;
const sampleMs = 250;
const bytesPerMegabyte = 1e6;

export const openStreams: Scenario = {
  name: "open-streams",
  title: "Open streams, one token a second each",
  quick: false,
  run: async (stage) => {
    // A gateway needs two sockets for each stream; the rest is for what else it has open.
    const streamsMax = Math.floor((openFilesMax() - 600) / 2);
    const rows: string[][] = [];
    const budgets: Budget[] = [];
    for (const count of wanted) {
      const streams = Math.min(count, streamsMax);
      for (const peer of stage.peers.filter(({ name }) => name !== "Portkey")) {
        const cpuBefore = cpuMicros(peer.pid);
        const memoryBefore = residentBytes(peer.pid);
        let memory = memoryBefore;
        const sampling = setInterval(() => {
          memory = Math.max(memory, residentBytes(peer.pid));
        }, sampleMs);
        const result = await runOn(stage, peer, { kind: "streams", model, promptBytes: 64, streams, rampPerSecond }).finally(() =>
          clearInterval(sampling),
        );
        const micros = (cpuMicros(peer.pid) - cpuBefore) / result.units;
        stage.say(`  ${streams} ${peer.name}: ${(memory / bytesPerMegabyte).toFixed(0)} MB, ${micros.toFixed(1)} µs per token`);
        rows.push([
          `${streams} streams, ${peer.name === "direct" ? "direct (the backend's own)" : peer.name}`,
          (memory / bytesPerMegabyte).toFixed(0),
          ((memory - memoryBefore) / 1024 / streams).toFixed(1),
          micros.toFixed(2),
          result.lateness.p50.toFixed(1),
          result.lateness.p99.toFixed(1),
          result.lateness.max.toFixed(0),
        ]);
        if (peer.name === "Penstock" && count === 10_000)
          budgets.push({ what: `memory with ${streams} open streams, MB`, value: memory / bytesPerMegabyte, limit: 400, kind: "at-most" });
      }
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
      plots: [],
    };
  },
};
