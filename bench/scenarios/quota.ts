/** What a quota's decision costs: out of a lease, as usual, and asked of Redis each time, as in the last tenth of a limit. */
import { v7 } from "uuid";
import { openLogger } from "../../data-plane/logger.ts";
import type { QuotaHold, QuotaLedger } from "../../data-plane/pipeline/quota-ledger.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import type { Scenario } from "../scenario.ts";
import { quantilesOf } from "../statistics.ts";

const leasedCalls = 100_000;
const strictCalls = 3000;
const callsPerTurn = 50;
const connectMsMax = 5000;

export const quota: Scenario = {
  name: "quota",
  title: "A quota's decision",
  quick: false,
  run: async (stage) => {
    const logger = openLogger("error");
    const redis = connectRedis(stage.gateway.redisUrl, logger);
    const ledger = redisQuotaLedger({ redis, owner: "bench", nodes: () => 1 });
    try {
      const until = performance.now() + connectMsMax;
      while (redis.quota.status !== "ready" && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      const hold = (limit: number): QuotaHold => ({
        quota: {
          id: v7(),
          organisationId: "bench",
          resource: "requests",
          window: "month",
          timeZone: "UTC",
          limit,
          burst: 0,
          enforcement: "hard",
        },
        subject: "",
        amount: 1,
      });
      const leased = await decide(ledger, hold(1e9), leasedCalls);
      const strictHold = hold(1_000_000);
      // Into the last tenth, where nothing is leased any more.
      await decide(ledger, { ...strictHold, amount: 950_000 }, 1);
      const strict = await decide(ledger, strictHold, strictCalls);
      const rows = [
        ["by lease", leased],
        ["strict", strict],
      ] as const;
      return {
        tables: [
          {
            title: "Reserve and settle",
            columns: ["", "CPU µs", "waited for Redis", "p50 ms", "p99 ms"],
            rows: rows.map(([name, { cpuMicros, asked, calls, latency }]) => [
              name,
              cpuMicros.toFixed(2),
              `${((asked / calls) * 100).toFixed(2)} %`,
              latency.p50.toFixed(4),
              latency.p99.toFixed(4),
            ]),
            note: `One hard quota, one caller after another, ${leasedCalls} and ${strictCalls} decisions in this process; CPU time of the whole process, so leases fetched meanwhile are in it.`,
          },
        ],
        budgets: [
          {
            what: "calls of a hundred that wait for Redis, by lease",
            value: (leased.asked / leased.calls) * 100,
            limit: 1,
            kind: "at-most",
          },
        ],
        plots: [],
      };
    } finally {
      await ledger.close();
      redis.close();
    }
  },
};

async function decide(ledger: QuotaLedger, hold: QuotaHold, calls: number) {
  const { signal } = new AbortController();
  const latencies = new Float64Array(calls);
  let asked = 0;
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index++) {
    const startedAtMs = performance.now();
    const answer = ledger.reserve(v7(), [hold], signal);
    if (answer instanceof Promise) asked++;
    const decision = answer instanceof Promise ? await answer : answer;
    if (!decision.granted) throw new Error(`call ${index} was refused: ${decision.reason}`);
    decision.settle({ requests: hold.amount, inputTokens: 0, outputTokens: 0, costNanodollars: 0 });
    latencies[index] = performance.now() - startedAtMs;
    // A node reads its sockets between calls, and so gets its leases.
    if (index % callsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  return { calls, asked, cpuMicros: (user + system) / calls, latency: quantilesOf(latencies) };
}
