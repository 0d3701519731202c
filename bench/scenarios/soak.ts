/** Half an hour (or as many minutes as --soak-minutes says) of mixed calls at a gentle rate, and the slope of the node's memory. */

import { residentBytes } from "../process-account.ts";
import type { Scenario, Table } from "../scenario.ts";
import { type Peer, runOn } from "../stage.ts";

const sliceMs = 10_000;
const models = [
  { model: "small", callsPerSecond: 300 },
  { model: "burst-100", callsPerSecond: 50 },
  { model: "large", callsPerSecond: 20 },
];

export const soak: Scenario = {
  name: "soak",
  title: "A soak",
  quick: false,
  run: async (stage) => {
    const penstock = stage.peers.find(({ name }) => name === "Penstock") as Peer;
    const samples: Sample[] = [];
    const startedAtMs = performance.now();
    const soakMs = stage.soakMinutes * 60_000;
    for (let slice = 0; performance.now() - startedAtMs < soakMs; slice++) {
      const { model, callsPerSecond } = models[slice % models.length] ?? { model: "small", callsPerSecond: 300 };
      await runOn(stage, penstock, { kind: "open", model, promptBytes: 64, callsPerSecond, durationMs: sliceMs, connectionsMax: 256 });
      samples.push({ hours: (performance.now() - startedAtMs) / 3_600_000, megabytes: residentBytes(penstock.pid) / 1e6 });
    }
    return {
      tables: [memoryTable(samples, stage.soakMinutes)],
      budgets: [],
      plots: [
        {
          kind: "line",
          name: "soak-memory",
          title: "Memory of the node",
          unit: "MB",
          along: "minutes",
          points: samples.map(({ hours, megabytes }) => ({ at: hours * 60, value: megabytes })),
        },
      ],
    };
  },
};

interface Sample {
  readonly hours: number;
  readonly megabytes: number;
}

/**
 * Resident memory of a collected heap is a saw: it climbs until V8 collects all of it. What a leak would lift are the troughs, so
 * the slope is from the lowest sample of the first half to the lowest of the second.
 */
function memoryTable(samples: readonly Sample[], minutes: number): Table {
  const half = samples.length / 2;
  const [first, second] = [samples.slice(0, half), samples.slice(half)].map((part) =>
    part.reduce((least, sample) => (sample.megabytes < least.megabytes ? sample : least)),
  ) as [Sample, Sample];
  const most = Math.max(...samples.map(({ megabytes }) => megabytes));
  const slope = (second.megabytes - first.megabytes) / (second.hours - first.hours);
  return {
    title: "Memory of the node",
    columns: ["most MB", "least of the first half MB", "least of the second half MB", "slope between these, MB an hour"],
    rows: [[most.toFixed(0), first.megabytes.toFixed(0), second.megabytes.toFixed(0), slope.toFixed(1)]],
    note: `Over ${minutes} minutes. Resident memory climbs until V8 collects all of it, and falls: a leak would lift the least.`,
  };
}
