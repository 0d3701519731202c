/** gRPC in, Server-Sent Events from the backend: what a unary call and what a streamed message cost. */
import type { Scenario } from "../scenario.ts";
import { measureInTurn, type Peer, type UntargetedJob } from "../stage.ts";
import { withSpread } from "./answers.ts";

type GrpcCall = Extract<UntargetedJob, { kind: "grpc" }>;

export const grpc: Scenario = {
  name: "grpc",
  title: "gRPC, unary and streamed, from an SSE backend",
  quick: true,
  run: async (stage) => {
    const peer: Peer = { name: "Penstock", pid: stage.gateway.pid, target: stage.grpcTarget, share: 1 };
    const rows: string[][] = [];
    let bestPerSecond = 0;
    const forms = [
      { label: "unary, small", model: "small", calls: stage.quick ? 3000 : 12_000 },
      { label: "streamed, each token a write of its own at the backend", model: "each-100", calls: stage.quick ? 200 : 1000 },
      { label: "streamed, all tokens in one write", model: "burst-100", calls: stage.quick ? 300 : 3000 },
    ];
    for (const { label, model, calls } of forms) {
      const job: GrpcCall = { kind: "grpc", model, promptBytes: 64, connections: 4, callsAtOnce: 32, calls };
      const {
        measured: [measured],
      } = await measureInTurn(stage, [peer], job, stage.quick ? 1 : 5);
      if (measured === undefined) continue;
      const perCoreSecond = 1e6 / measured.cpuMicrosPerUnit.median;
      if (model !== "small") bestPerSecond = Math.max(bestPerSecond, perCoreSecond);
      rows.push([
        label,
        withSpread(measured.cpuMicrosPerUnit, 2),
        perCoreSecond.toFixed(0),
        measured.unitsPerSecond.median.toFixed(0),
        measured.latencyP50Ms.median.toFixed(2),
        measured.latencyP99Ms.median.toFixed(2),
      ]);
    }
    return {
      tables: [
        {
          title: "CPU time of the node per message",
          columns: ["", "CPU µs per message", "messages/s of one core's CPU time", "messages/s seen here", "call p50 ms", "call p99 ms"],
          rows,
          note: "4 connections, 32 calls at once. Seen here: with caller, backend, Redis and ledger on the same cores.",
        },
      ],
      budgets: [
        {
          what: "gRPC messages a second of one core's CPU time, streamed from an SSE backend",
          value: bestPerSecond,
          limit: 100_000,
          kind: "at-least",
        },
      ],
      plots: [],
    };
  },
};
