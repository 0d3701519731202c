/**
 * What the gateway adds to a call's latency at a tenth, half and four fifths of what it can carry, without coordinated omission.
 * The control plane is stopped meanwhile, and takes in afterwards what was called: where there are cores for both it has its own,
 * and here the generator's spinning takes one of two.
 */
import type { Budget, Scenario, ScenarioReport } from "../scenario.ts";
import { measureInTurn, type Peer, runOn, type Stage } from "../stage.ts";
import { type Spread, spreadOf } from "../statistics.ts";

const loads = [0.1, 0.5, 0.8];
const durationMs = 2500;
const rounds = 3;

export const addedLatency: Scenario = {
  name: "latency",
  title: "Added latency, by an open loop",
  quick: false,
  run: async (stage) => {
    process.kill(stage.gateway.controlPlanePid, "SIGSTOP");
    try {
      return await measure(stage);
    } finally {
      process.kill(stage.gateway.controlPlanePid, "SIGCONT");
    }
  },
};

async function measure(stage: Stage): Promise<ScenarioReport> {
  const peers = stage.peers.filter(({ name }) => name === "direct" || name === "node proxy" || name === "Penstock");
  const capacity = await capacityOf(stage);
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  const bars: { label: string; value: number }[] = [];
  for (const load of loads) {
    const callsPerSecond = capacity * load;
    const seen = peers.map(() => ({ p50: [] as number[], p99: [] as number[], late: [] as number[] }));
    for (let round = 0; round < rounds; round++) {
      for (const [index, peer] of peers.entries()) {
        const job = { kind: "open", model: "small", promptBytes: 64, callsPerSecond, durationMs, connectionsMax: 512 } as const;
        const { latency, lateness } = await runOn(stage, peer, job);
        seen[index]?.p50.push(latency.p50);
        seen[index]?.p99.push(latency.p99);
        seen[index]?.late.push(lateness.p99);
      }
    }
    const spreads = seen.map(({ p50, p99, late }) => ({ p50: spreadOf(p50), p99: spreadOf(p99), late: spreadOf(late) }));
    const [direct] = spreads;
    for (const [index, { name }] of peers.entries()) {
      const one = spreads[index];
      if (one === undefined || direct === undefined) continue;
      const added = (quantile: "p50" | "p99") => one[quantile].median - direct[quantile].median;
      stage.say(`  ${load * 100} % ${name}: p50 ${one.p50.median.toFixed(2)} ms, p99 ${one.p99.median.toFixed(2)} ms`);
      rows.push([
        `${load * 100} %, ${callsPerSecond.toFixed(0)} calls/s, ${name}`,
        milliseconds(one.p50),
        milliseconds(one.p99),
        name === "direct" ? "" : added("p50").toFixed(3),
        name === "direct" ? "" : added("p99").toFixed(3),
        one.late.median.toFixed(3),
      ]);
      bars.push({ label: `${name}, ${load * 100} %`, value: one.p99.median });
      if (name === "Penstock" && load === 0.5)
        budgets.push(
          { what: "added latency at half load, p50, milliseconds", value: added("p50"), limit: 0.2, kind: "at-most" },
          { what: "added latency at half load, p99, milliseconds", value: added("p99"), limit: 1, kind: "at-most" },
        );
    }
  }
  const note = `Load in parts of ${capacity.toFixed(0)} calls/s: what the gateway carried here in a closed loop of 32 connections with load, backend and Redis on the same cores. Medians of ${rounds} rounds in turn; latency from when a call was due.`;
  const columns = ["", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms", "generator late, p99 ms"];
  return {
    tables: [{ title: "Latency of a small call", columns, rows, note }],
    budgets,
    plots: [{ kind: "bars", name: "latency-p99", title: "Latency of a small call, p99", unit: "ms", bars }],
  };
}

async function capacityOf(stage: Stage): Promise<number> {
  const gateway = stage.peers.find(({ name }) => name === "Penstock") as Peer;
  const job = { kind: "closed", model: "small", promptBytes: 64, connections: 32, calls: 8000 } as const;
  const { measured } = await measureInTurn(stage, [gateway], job, 2);
  return measured[0]?.callsPerSecond.median ?? 0;
}

const milliseconds = ({ median, min, max }: Spread): string => `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
