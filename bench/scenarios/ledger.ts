/** How fast the ledger takes usage events in: the control plane is stopped while calls are made, then let go on. */

import { cpuMicros } from "../process-account.ts";
import type { Scenario } from "../scenario.ts";
import { equals, type Peer, runOn } from "../stage.ts";

const calls = 30_000;
const caughtUpMsMax = 120_000;

export const ledger: Scenario = {
  name: "ledger",
  title: "Ledger ingestion",
  quick: false,
  run: async (stage) => {
    const { gateway, tally } = stage;
    const recorded = () => gateway.callsRecorded();
    await equals("rows in the ledger", recorded, tally.calls + tally.elsewhere, caughtUpMsMax);
    const penstock = stage.peers.find(({ name }) => name === "Penstock") as Peer;
    process.kill(gateway.controlPlanePid, "SIGSTOP");
    try {
      await runOn(stage, penstock, { kind: "closed", model: "small", promptBytes: 64, connections: 32, calls });
    } finally {
      process.kill(gateway.controlPlanePid, "SIGCONT");
    }
    const startedAtMs = performance.now();
    const parts = [gateway.controlPlanePid, ...(gateway.databasePid === undefined ? [] : [gateway.databasePid])];
    const before = parts.map(cpuMicros);
    // The node asks for the watermark, which moves after the ledger's commit, each second; a sum over the ledger would cost more than it.
    const until = startedAtMs + caughtUpMsMax;
    while ((await gateway.eventsWaiting()).waiting > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const seconds = (performance.now() - startedAtMs) / 1000;
    const used = parts.map((pid, index) => (cpuMicros(pid) - (before[index] ?? 0)) / calls);
    await equals("rows in the ledger", recorded, tally.calls + tally.elsewhere, caughtUpMsMax);
    return {
      tables: [
        {
          title: `${calls} events that waited in Redis`,
          columns: ["", "events/s", "CPU µs per event, control plane", `CPU µs per event, ${gateway.database}`],
          rows: [
            ["until all are rows", (calls / seconds).toFixed(0), (used[0] ?? 0).toFixed(0), used[1]?.toFixed(0) ?? "in the control plane"],
          ],
          note: "Until the node has heard that all of its events are rows, which it asks once a second: the rate is up to a second's worth too low.",
        },
      ],
      budgets: [],
      plots: [],
    };
  },
};
