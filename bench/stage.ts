/**
 * Everything that a scenario plays on: the fixture backend, the gateway, the peers, the load, each a process of its own on
 * loopback. Its one way to measure takes the CPU time of the measured process before and after, in turn over all targets, round
 * after round; and every call that goes to the gateway is tallied, so that the gateway's metrics and ledger can be held to it.
 */

import { fixtureAnswer } from "./fixture-answers.ts";
import type { Gateway } from "./gateway.ts";
import type { LoadJob, LoadResult, Target } from "./load/job.ts";
import { cpuMicros } from "./process-account.ts";
import type { LoadProcess, Part } from "./processes.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface Peer {
  readonly name: "direct" | "node proxy" | "nginx" | "Portkey" | "Penstock" | "another node";
  /** Whose CPU time is taken; for "direct" the backend's. */
  readonly pid: number;
  readonly target: Target;
  /** Of the calls that others get: what is ten times slower gets fewer. */
  readonly share: number;
}

export interface Stage {
  readonly quick: boolean;
  readonly soakMinutes: number;
  readonly backend: Part;
  readonly gateway: Gateway;
  readonly load: LoadProcess;
  /** The gateway is the last. */
  readonly peers: readonly Peer[];
  /** Peers that are not here, and why. */
  readonly absent: readonly string[];
  readonly grpcTarget: Target;
  /** Calls that the gateway's main node has answered well, and those of its other nodes. */
  readonly tally: { calls: number; elsewhere: number };
  say(text: string): void;
}

export interface Measured {
  readonly peer: Peer["name"];
  /** CPU time of the peer for each call, or for each token or message where it is streamed, in microseconds. */
  readonly cpuMicrosPerUnit: Spread;
  /** The same, round by round; the rounds of all peers were taken in turn. */
  readonly cpuMicrosByRound: readonly number[];
  readonly unitsPerSecond: Spread;
  readonly callsPerSecond: Spread;
  readonly latencyP50Ms: Spread;
  readonly latencyP99Ms: Spread;
  /** CPU time of the fixture backend for each unit in the same runs. */
  readonly backendMicrosPerUnit: Spread;
}

/** Omit over a union keeps its members apart. */
type WithoutTarget<Job> = Job extends LoadJob ? Omit<Job, "target"> : never;
export type UntargetedJob = WithoutTarget<LoadJob>;

/** One job on one peer, tallied. */
export async function runOn(stage: Stage, peer: Pick<Peer, "name" | "target">, job: UntargetedJob): Promise<LoadResult> {
  const result = await stage.load.run({ ...job, target: peer.target } as LoadJob);
  if (peer.name === "Penstock") stage.tally.calls += result.calls;
  else if (peer.name === "another node") stage.tally.elsewhere += result.calls;
  return result;
}

interface Run {
  readonly cpu: number;
  readonly backendCpu: number;
  readonly result: LoadResult;
}

/**
 * A B C, A B C, …: so that what else the machine does falls on all alike. The first, shorter round warms up and is not counted; a
 * peer that gives a wrong answer there takes no further part, and is told of in `unfit`. We ourselves may not.
 */
export async function measureInTurn(
  stage: Stage,
  invited: readonly Peer[],
  job: Extract<UntargetedJob, { kind: "closed" | "grpc" }>,
  rounds: number,
): Promise<{ readonly measured: readonly Measured[]; readonly unfit: readonly string[] }> {
  const peers: Peer[] = [];
  const unfit: string[] = [];
  for (const peer of invited) {
    try {
      await runOn(stage, peer, { ...job, calls: Math.ceil(job.calls * peer.share * 0.4) });
      peers.push(peer);
    } catch (error) {
      if (peer.name === "Penstock") throw error;
      unfit.push(`${peer.name} answered wrongly: ${String(error).split("Error: ").at(-1)?.split("\n")[0]}`);
    }
  }
  const runs = peers.map(() => [] as Run[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, peer] of peers.entries()) {
      const calls = Math.ceil(job.calls * peer.share);
      const before = [cpuMicros(peer.pid), cpuMicros(stage.backend.pid)] as const;
      const result = await runOn(stage, peer, { ...job, calls });
      const cpu = cpuMicros(peer.pid) - before[0];
      runs[index]?.push({ cpu, backendCpu: cpuMicros(stage.backend.pid) - before[1], result });
    }
  }
  // gRPC sends a few messages more than there are tokens; the figure is for messages, as they are counted.
  const measured = peers.map(({ name }, index) => {
    const of = (value: (run: Run) => number) => spreadOf((runs[index] ?? []).map(value));
    const one: Measured = {
      peer: name,
      cpuMicrosPerUnit: of(({ cpu, result }) => cpu / result.units),
      cpuMicrosByRound: (runs[index] ?? []).map(({ cpu, result }) => cpu / result.units),
      unitsPerSecond: of(({ result }) => (result.units * 1000) / result.durationMs),
      callsPerSecond: of(({ result }) => (result.calls * 1000) / result.durationMs),
      latencyP50Ms: of(({ result }) => result.latency.p50),
      latencyP99Ms: of(({ result }) => result.latency.p99),
      backendMicrosPerUnit: of(({ backendCpu, result }) => backendCpu / result.units),
    };
    stage.say(`  ${job.model} ${name}: ${one.cpuMicrosPerUnit.median.toFixed(2)} µs, ${one.callsPerSecond.median.toFixed(0)} calls/s`);
    return one;
  });
  return { measured, unfit };
}

/**
 * That nothing was bought by leaving a stage out: a wrong key is refused, every good call was counted, no usage event was lost.
 * @throws Error that names what does not add up.
 */
export async function checkGateway(stage: Stage): Promise<void> {
  const { gateway, tally } = stage;
  const response = await fetch(`http://127.0.0.1:${gateway.restPort}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.apiKey.slice(0, -4)}AAAA`, "content-type": "application/json" },
    body: JSON.stringify({ model: "small", messages: [{ role: "user", content: "a" }] }),
  });
  await response.arrayBuffer();
  if (response.status !== 401) throw new Error(`a wrong key was answered with ${response.status}`);
  await equals("calls counted in the metrics", () => gateway.callsCounted(), tally.calls, 10_000);
  const { dropped } = await gateway.eventsWaiting();
  if (dropped !== 0) throw new Error(`${dropped} usage events were dropped`);
}

/** Waits until a count is reached; a count that has been passed is as wrong as one that is never reached. */
export async function equals(what: string, read: () => Promise<number>, expected: number, waitMsMax: number): Promise<void> {
  const until = performance.now() + waitMsMax;
  for (;;) {
    const value = await read();
    if (value === expected) return;
    if (value > expected || performance.now() > until) throw new Error(`${what}: ${value} for ${expected} calls`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export const tokensOf = (model: string): number => fixtureAnswer(model).tokens;
