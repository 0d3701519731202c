/** What the load process is asked and what it answers, as messages between processes. Plain data only. */

export interface Target {
  readonly port: number;
  /** Sent with every call, besides host, length and type. */
  readonly headers: Readonly<Record<string, string>>;
  /** bytes: the answer must be equal to the byte. content: its text must, where a peer writes its JSON anew. */
  readonly compare: "bytes" | "content";
}

interface CallJob {
  readonly target: Target;
  /** Of the fixture backend: fixture-answers.ts. */
  readonly model: string;
  readonly promptBytes: number;
}

/** Each connection sends its next call when the last was answered: for costs and capacity, not for latency. */
export interface ClosedJob extends CallJob {
  readonly kind: "closed";
  readonly connections: number;
  readonly calls: number;
}

/** Calls begin by the clock, whatever became of those before; latency counts from when a call was due. */
export interface OpenJob extends CallJob {
  readonly kind: "open";
  readonly callsPerSecond: number;
  readonly durationMs: number;
  readonly connectionsMax: number;
}

/** So many streams open at once, each once. */
export interface StreamsJob extends CallJob {
  readonly kind: "streams";
  readonly streams: number;
  /** New ones in a second, until all are open. */
  readonly rampPerSecond: number;
}

export interface GrpcJob extends CallJob {
  readonly kind: "grpc";
  readonly connections: number;
  readonly callsAtOnce: number;
  readonly calls: number;
}

export type LoadJob = ClosedJob | OpenJob | StreamsJob | GrpcJob;

export interface LoadResult {
  /** All answered, all correct: a wrong answer ends the run. */
  readonly calls: number;
  /** Tokens of streams, gRPC messages; calls where nothing is streamed. */
  readonly units: number;
  readonly durationMs: number;
  /** Of whole calls; from when they were due in an open loop. Milliseconds, as all that follow. */
  readonly latency: Quantiles;
  /** Open loop: how late the generator itself was. Streams: between two tokens, less the pace (lateness, at least 0). */
  readonly lateness: Quantiles;
}

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export type LoadAnswer = { readonly result: LoadResult } | { readonly error: string };
