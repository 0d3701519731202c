/** The three ways to put load on an HTTP target: as fast as it answers, by the clock, and many slow streams at once. */
import { fixtureAnswer } from "../fixture-answers.ts";
import { quantilesOf } from "../statistics.ts";
import { type HttpConnection, openHttp } from "./http-call.ts";
import type { ClosedJob, LoadResult, OpenJob, StreamsJob } from "./job.ts";

const none = quantilesOf([]);

export async function closedLoop(job: ClosedJob): Promise<LoadResult> {
  const open = () => openHttp(job.target, job.model, job.promptBytes);
  const connections = await Promise.all(Array.from({ length: Math.min(job.connections, job.calls) }, open));
  const latencies = new Float64Array(job.calls);
  let begun = 0;
  const startedAtMs = performance.now();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (begun < job.calls) {
          const index = begun++;
          const sentAtMs = performance.now();
          await connection.call();
          latencies[index] = performance.now() - sentAtMs;
        }
      }),
    );
    const durationMs = performance.now() - startedAtMs;
    const units = job.calls * fixtureAnswer(job.model).tokens;
    return { calls: job.calls, units, durationMs, latency: quantilesOf(latencies), lateness: none };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * Calls are due at exponential intervals (as from many callers that know nothing of each other), drawn from a fixed seed. A call
 * that finds no connection free opens one; at the limit it waits, and its waiting counts. The loop spins instead of
 * sleeping, because timers of a millisecond would hide what is measured; it takes a core for it.
 */
export async function openLoop(job: OpenJob): Promise<LoadResult> {
  const random = seeded(1);
  const due: number[] = [];
  for (let atMs = 0; ; ) {
    atMs -= (Math.log(1 - random()) * 1000) / job.callsPerSecond;
    if (atMs > job.durationMs) break;
    due.push(atMs);
  }
  const open = () => openHttp(job.target, job.model, job.promptBytes);
  const idle: HttpConnection[] = await Promise.all(Array.from({ length: Math.min(job.connectionsMax, 16) }, open));
  let opened = idle.length;
  const all = [...idle];
  const latencies = new Float64Array(due.length);
  const late = new Float64Array(due.length);
  let finished = 0;
  let failure: unknown;
  const startedAtMs = performance.now();

  const run = async (index: number, dueAtMs: number): Promise<void> => {
    let connection = idle.pop();
    if (connection === undefined) {
      opened++;
      connection = await open();
      all.push(connection);
    }
    await connection.call();
    latencies[index] = performance.now() - dueAtMs;
    idle.push(connection);
    finished++;
  };
  let next = 0;
  try {
    while (finished < due.length) {
      if (failure !== undefined) throw failure;
      const nowMs = performance.now();
      for (; ; next++) {
        const dueAtMs = startedAtMs + (due[next] ?? Number.POSITIVE_INFINITY);
        if (dueAtMs > nowMs || (idle.length === 0 && opened >= job.connectionsMax)) break;
        late[next] = nowMs - dueAtMs;
        run(next, dueAtMs).catch((error: unknown) => {
          failure = error;
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const durationMs = performance.now() - startedAtMs;
    return { calls: finished, units: finished, durationMs, latency: quantilesOf(latencies), lateness: quantilesOf(late) };
  } finally {
    for (const connection of all) connection.close();
  }
}

/** Several hundred connections a step, spread over time, and every stream read to its end. */
export async function manyStreams(job: StreamsJob): Promise<LoadResult> {
  const { tokens, paceMs } = fixtureAnswer(job.model);
  const gaps: number[] = [];
  const wholes: number[] = [];
  const open = new Set<HttpConnection>();
  let failed = false;
  const startedAtMs = performance.now();
  const one = async (index: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, (index * 1000) / job.rampPerSecond));
    if (failed) return;
    const connection = await openHttp(job.target, job.model, job.promptBytes);
    open.add(connection);
    const sentAtMs = performance.now();
    let lastAtMs = 0;
    try {
      await connection.call((atMs) => {
        if (lastAtMs > 0) gaps.push(Math.max(0, atMs - lastAtMs - paceMs));
        lastAtMs = atMs;
      });
      wholes.push(performance.now() - sentAtMs);
    } finally {
      open.delete(connection);
      connection.close();
    }
  };
  const all = Array.from({ length: job.streams }, (_, index) => one(index));
  try {
    await Promise.all(all);
  } catch (error) {
    // The others must not go on into the next job.
    failed = true;
    for (const connection of open) connection.close();
    await Promise.allSettled(all);
    throw error;
  }
  const durationMs = performance.now() - startedAtMs;
  return { calls: job.streams, units: job.streams * tokens, durationMs, latency: quantilesOf(wholes), lateness: quantilesOf(gaps) };
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
