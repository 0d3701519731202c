/** Half an hour (or as many minutes as --soak-minutes says) of mixed calls at a gentle rate, and the slope of the node's memory over its second half. */

import { residentBytes } from "../process-account.ts";
import type { Scenario } from "../scenario.ts";
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
    const samples: { readonly hours: number; readonly megabytes: number }[] = [];
    const startedAtMs = performance.now();
    const soakMs = stage.soakMinutes * 60_000;
    for (let slice = 0; performance.now() - startedAtMs < soakMs; slice++) {
      const { model, callsPerSecond } = models[slice % models.length] ?? { model: "small", callsPerSecond: 300 };
      await runOn(stage, penstock, { kind: "open", model, promptBytes: 64, callsPerSecond, durationMs: sliceMs, connectionsMax: 256 });
      samples.push({ hours: (performance.now() - startedAtMs) / 3_600_000, megabytes: residentBytes(penstock.pid) / 1e6 });
    }
    const second = samples.slice(samples.length / 2);
    const slope = slopeOf(second);
    return {
      tables: [
        {
          title: "Memory of the node",
          columns: ["after warming up MB", "at the end MB", "slope of the second half, MB an hour"],
          rows: [[second[0]?.megabytes.toFixed(0) ?? "", second.at(-1)?.megabytes.toFixed(0) ?? "", slope.toFixed(1)]],
          note: `Over ${stage.soakMinutes} minutes. Resident memory, which holds what V8 has not yet given back; the slope is of least squares.`,
        },
      ],
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

function slopeOf(samples: readonly { readonly hours: number; readonly megabytes: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const hours = mean(samples.map((sample) => sample.hours));
  const megabytes = mean(samples.map((sample) => sample.megabytes));
  const covariance = mean(samples.map((sample) => (sample.hours - hours) * (sample.megabytes - megabytes)));
  return covariance / mean(samples.map((sample) => (sample.hours - hours) ** 2));
}
