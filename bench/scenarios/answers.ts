/** What a call costs in CPU time beside the peers: answers in one piece, small and of 100 KB, and answers of 100 tokens. */
import type { Budget, Scenario, ScenarioReport, Table } from "../scenario.ts";
import { type Measured, measureInTurn, type Peer, type Stage, tokensOf } from "../stage.ts";
import type { Spread } from "../statistics.ts";

/**
 * A call costs two to three times the proxy today, so that twice the budget would be a gate to stumble over: it is four times,
 * until the budget is near.
 */
const callGate = 4;
const rounds = { quick: 3, full: 5 };
const connections = 32;

export const wholeAnswers: Scenario = {
  name: "small",
  title: "A call that is not streamed, small",
  quick: true,
  run: (stage) =>
    compare(stage, { model: "small", calls: stage.quick ? 6000 : 24_000, promptBytes: 64, unit: "call" }, (ratio, least) => [
      ...atMost(
        "CPU per non-streamed call, against a bare node:http + undici proxy",
        ratio("node proxy"),
        1.5,
        least("node proxy"),
        callGate,
      ),
      ...atMost("CPU per non-streamed call, against nginx proxy_pass", ratio("nginx"), 3),
      ...atMost("CPU per non-streamed call, against Portkey's gateway", ratio("Portkey"), 1 / 7),
    ]),
};

export const largeAnswers: Scenario = {
  name: "large",
  title: "A call that is not streamed, 100 KB in and 100 KB out",
  quick: false,
  run: (stage) => compare(stage, { model: "large", calls: 3000, promptBytes: 100 * 1024, unit: "call" }, () => []),
};

export const streamedTokens: Scenario = {
  name: "streamed",
  title: "A call of 100 streamed tokens at full speed, each token a write of its own at the backend",
  quick: true,
  run: (stage) =>
    compare(stage, { model: "each-100", calls: stage.quick ? 300 : 2500, promptBytes: 64, unit: "token" }, (ratio, least) => [
      ...atMost("CPU per streamed token, against nginx proxy_pass with buffering off", ratio("nginx"), 1.2),
      // No line of the design: what the quick form has where there is no nginx, and where nginx suffers less from a busy machine.
      ...atMost("CPU per streamed token, against a bare node:http + undici proxy", ratio("node proxy"), 1.2, least("node proxy")),
    ]),
};

export const burstTokens: Scenario = {
  name: "burst",
  title: "A call of 100 streamed tokens that the backend writes at once",
  quick: false,
  run: (stage) => compare(stage, { model: "burst-100", calls: 4000, promptBytes: 64, unit: "token" }, () => []),
};

export const embeddings: Scenario = {
  name: "embeddings",
  title: "Embeddings: 64 vectors of 256 numbers",
  quick: false,
  run: (stage) => compare(stage, { model: "vectors-64-256", calls: 1500, promptBytes: 4096, unit: "call" }, () => []),
};

/** Nobody beside us turns one dialect into the other here, so what it costs is held against passing the same tokens on. */
export const translation: Scenario = {
  name: "translation",
  title: "Between dialects: OpenAI's chat in, Anthropic's messages out, 100 streamed tokens",
  quick: false,
  run: async (stage) => {
    const gateway = stage.peers.filter(({ name }) => name === "Penstock");
    const asText = gateway.map((peer): Peer => ({ ...peer, target: { ...peer.target, compare: "content" } }));
    const rows: string[][] = [];
    const costs: number[] = [];
    for (const [label, model, peers] of [
      ["passed on", "each-100", gateway],
      ["translated", "messages-100", asText],
    ] as const) {
      const { measured } = await measureInTurn(
        stage,
        peers,
        { kind: "closed", model, promptBytes: 64, connections, calls: 1500 },
        rounds.full,
      );
      for (const one of measured) {
        costs.push(one.cpuMicrosPerUnit.median);
        const ratio = one.cpuMicrosPerUnit.median / (costs[0] ?? Number.NaN);
        rows.push([label, ratio.toFixed(2), withSpread(one.cpuMicrosPerUnit, 2), one.callsPerSecond.median.toFixed(0)]);
      }
    }
    return {
      tables: [
        {
          title: "CPU time per token",
          columns: ["", "this : passed on", "CPU µs per token", "calls/s"],
          rows,
          note: `Median (least to most) of ${rounds.full} rounds, ${connections} connections, 1500 calls a round of 100 tokens.`,
        },
      ],
      budgets: [],
      plots: [],
    };
  },
};

interface Compared {
  readonly model: string;
  readonly calls: number;
  readonly promptBytes: number;
  readonly unit: "call" | "token";
}

/** Of our CPU time and a peer's. Undefined: it took no part. */
type Ratio = (peer: Peer["name"]) => number | undefined;

async function compare(
  stage: Stage,
  { model, calls, promptBytes, unit }: Compared,
  budgetsOf: (ratio: Ratio, least: Ratio) => readonly Budget[],
): Promise<ScenarioReport> {
  const job = { kind: "closed", model, promptBytes, connections, calls } as const;
  const { measured, unfit } = await measureInTurn(stage, stage.peers, job, stage.quick ? rounds.quick : rounds.full);
  const ours = measured.at(-1)?.cpuMicrosPerUnit.median ?? Number.NaN;
  const ratio: Ratio = (name) => {
    const peer = measured.find((one) => one.peer === name);
    return peer === undefined ? undefined : ours / peer.cpuMicrosPerUnit.median;
  };
  const least: Ratio = (name) => {
    const rounds = measured.find((one) => one.peer === name)?.cpuMicrosByRound;
    return rounds && Math.min(...(measured.at(-1)?.cpuMicrosByRound ?? []).map((own, round) => own / (rounds[round] ?? Number.NaN)));
  };
  return {
    tables: [costTable(measured, ours, unit, [...stage.absent, ...unfit])],
    budgets: budgetsOf(ratio, least),
    plots: [
      {
        kind: "bars",
        name: `cpu-${model}`,
        title: `CPU time per ${unit}, ${model}`,
        unit: "µs",
        bars: measured
          .filter(({ peer }) => peer !== "direct")
          .map(({ peer, cpuMicrosPerUnit }) => ({ label: peer, value: cpuMicrosPerUnit.median })),
      },
    ],
  };

  function costTable(all: readonly Measured[], oursMicros: number, per: string, absent: readonly string[]): Table {
    return {
      title: `CPU time per ${per}`,
      columns: ["", "Penstock : this", `CPU µs per ${per}`, "calls/s", "p50 ms", "p99 ms", `backend's CPU µs per ${per}`],
      rows: [
        ...all.map((one) => [
          one.peer === "direct" ? "direct (the backend's own CPU)" : one.peer,
          one.peer === "direct" ? "" : (oursMicros / one.cpuMicrosPerUnit.median).toFixed(2),
          withSpread(one.cpuMicrosPerUnit, 2),
          one.callsPerSecond.median.toFixed(0),
          one.latencyP50Ms.median.toFixed(2),
          one.latencyP99Ms.median.toFixed(2),
          one.backendMicrosPerUnit.median.toFixed(2),
        ]),
        ...absent.map((why) => [why, "", "", "", "", "", ""]),
      ],
      note: `Median (least to most) of ${all[0]?.cpuMicrosPerUnit.rounds ?? 0} rounds in turn, ${connections} connections, ${calls} calls a round of ${tokensOf(model)} ${per}s; Portkey fewer.`,
    };
  }
}

export const withSpread = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

const atMost = (what: string, value: number | undefined, limit: number, least?: number, most = 2 * limit): Budget[] =>
  value === undefined ? [] : [{ what, value, limit, kind: "at-most", ...(least === undefined ? {} : { gate: { least, most } }) }];
