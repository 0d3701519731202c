/**
 * Nodes, a clock, a network and a store of counters, all simulated from a seed: what happens when is drawn, and the same seed
 * draws the same. Nodes are killed and come back, questions and answers are lost or come late, the store forgets everything.
 */
import { memoryQuotaStore } from "../../data-plane/memory/quota-store.ts";
import type { QuotaGrant } from "../../data-plane/pipeline/quota-ledger.ts";
import type { DrawnLease, LeaseJournal } from "../../data-plane/quota/lease-ledger/lease-journal.ts";
import { type LeaseLedger, leaseLedger } from "../../data-plane/quota/lease-ledger/lease-ledger.ts";
import type { QuotaStore } from "../../data-plane/quota/quota-store.ts";
import { type HoldOptions, quotaHold, tokensUsed } from "../harness/quota-hold.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly calls: number;
  readonly quota: HoldOptions;
  readonly kills: boolean;
  readonly losses: boolean;
  /** How far estimates are off: actual use is up to (1 + this) × the estimate. */
  readonly error: number;
}

export interface SimulationResult {
  readonly granted: number;
  readonly refused: number;
  /** The most that was ever used and held at once in any window, over the limit, beyond what running calls were estimated short. */
  readonly overshoot: number;
  /** Refused at the end, in peace, although there was room that no killed node may have used. */
  readonly refusedWithRoom: boolean;
}

/** A small, well-known generator: mulberry32. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface SimulatedNode {
  ledger: LeaseLedger;
  alive: boolean;
  /** Another for each process: what a dead one still had in mind does not happen. */
  readonly process: { alive: boolean };
}

interface Call {
  readonly estimate: number;
  used: number | undefined;
  readonly atMs: number;
  readonly process: { readonly alive: boolean };
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const draw = random(options.seed);
  const between = (low: number, high: number) => low + Math.floor(draw() * (high - low + 1));
  let nowMs = 1_800_000_000_000;
  /** The next one last; of those at the same time, the one that was thought of first. */
  const events: { readonly atMs: number; readonly run: () => void }[] = [];
  const at = (inMs: number, run: () => void) => {
    const atMs = nowMs + inMs;
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, { atMs, run });
  };
  const settleTurns = () => new Promise<void>((resolve) => setImmediate(resolve));

  const shared = memoryQuotaStore(() => nowMs);
  const network = (process: { alive: boolean }): QuotaStore => ({
    reachable: true,
    sync: (question) =>
      new Promise((resolve, reject) => {
        const lost = options.losses && draw() < 0.1;
        const lostAnswer = options.losses && draw() < 0.1;
        const late = options.losses && draw() < 0.05 ? between(100, 3000) : 0;
        if (!lost)
          at(between(0, 5) + late, () => {
            const answer = shared.sync(question);
            if (!lostAnswer && late < 50) at(between(0, 5), () => process.alive && resolve(answer));
          });
        at(50, () => reject(new Error("no answer")));
      }),
    restore: (organisationId, baselines) => shared.restore(organisationId, baselines),
  });

  /** What each node's disk knows; a write is there some moment before it is told, and a killed process is told nothing. */
  const disks: Map<string, DrawnLease>[] = [];
  const journalOf = (index: number, process: { alive: boolean }): LeaseJournal => {
    disks[index] ??= new Map();
    const disk = disks[index];
    return {
      died: [...disk.values()],
      write: (drawn) =>
        new Promise((resolve) => {
          const writtenMs = between(0, 3);
          at(writtenMs, () => {
            if (process.alive) for (const one of drawn) disk.set(`${one.quota.id}/${one.subject}`, one);
          });
          at(writtenMs + between(0, 3), () => process.alive && resolve());
        }),
      close: async () => {},
    };
  };

  const nodes: SimulatedNode[] = [];
  const start = (index: number) => {
    const process = { alive: true };
    const bootMs = nowMs - between(0, 1_000_000);
    const ledger = leaseLedger({
      store: network(process),
      owner: `node-${index}`,
      nodes: () => options.nodes,
      journal: journalOf(index, process),
      clock: {
        now: () => nowMs - bootMs,
        wall: () => nowMs,
        every: (ms, work) => {
          const again = () => {
            if (!process.alive) return;
            work();
            at(ms, again);
          };
          at(between(0, ms), again);
          return () => {
            process.alive = false;
          };
        },
        after: (ms, work) => at(ms, () => process.alive && work()),
      },
    });
    nodes[index] = { ledger, alive: true, process };
  };
  shared.restore("organisation", []);
  for (let index = 0; index < options.nodes; index++) start(index);

  const { limit = 10 } = options.quota;
  const { signal } = new AbortController();
  const calls: Call[] = [];
  let overshoot = 0;
  let granted = 0;
  let refused = 0;
  const windowMs = { second: 1000, minute: 60_000, hour: 3_600_000 }[options.quota.window as string];
  const check = () => {
    // What is in the window: what calls came to, else what they hold; running over an estimate is allowed for.
    let used = 0;
    for (const call of calls) {
      if (windowMs !== undefined && call.atMs <= nowMs - windowMs) continue;
      // A call ends with its process.
      if (options.quota.resource === "concurrent_calls") used += call.used === undefined && call.process.alive ? 1 : 0;
      else used += Math.min(call.estimate, call.used ?? call.estimate);
    }
    overshoot = Math.max(overshoot, used - limit);
  };
  const ask = async (node: SimulatedNode, id: string, estimate: number, onDecision: (grant: QuotaGrant | undefined) => void) => {
    const { process } = node;
    const decision = await node.ledger.reserve(id, [quotaHold({ ...options.quota, amount: estimate })], signal);
    // A process that died has called nobody.
    if (!process.alive) return;
    onDecision(decision.granted ? decision : undefined);
  };
  for (let index = 0; index < options.calls; index++)
    at(between(0, 8000), () => {
      const node = nodes[between(0, nodes.length - 1)];
      if (node === undefined || !node.alive) return;
      const estimate = options.quota.resource === "tokens" ? between(1, 40) : 1;
      const { process } = node;
      void ask(node, `call-${options.seed}-${index}`, estimate, (grant) => {
        if (grant === undefined) {
          refused++;
          return;
        }
        granted++;
        const call: Call = { estimate, used: undefined, atMs: nowMs, process };
        calls.push(call);
        check();
        at(between(0, 1500), () => {
          // What a killed node's calls came to is their estimate, as the node's log has it; running calls end with it.
          if (!process.alive) {
            call.used = estimate;
            return;
          }
          const used = options.quota.resource === "tokens" ? Math.floor(estimate * draw() * (1 + options.error)) : 1;
          call.used = used;
          grant.settle(tokensUsed(used));
          check();
        });
      });
    });
  if (options.kills)
    for (let kill = 0; kill < 3; kill++)
      at(between(500, 7000), () => {
        const index = between(0, nodes.length - 1);
        const node = nodes[index];
        if (node === undefined || !node.alive) return;
        node.alive = false;
        node.process.alive = false;
        at(between(10, 3000), () => start(index));
      });

  const run = async (untilMs: number) => {
    for (;;) {
      const event = events.at(-1);
      if (event === undefined || event.atMs > untilMs) break;
      events.pop();
      nowMs = Math.max(nowMs, event.atMs);
      event.run();
      await settleTurns();
    }
    nowMs = untilMs;
  };
  await run(nowMs + 14_000);

  // In peace: what is left is asked for, all of it by one node that lives.
  let refusedWithRoom = false;
  if (!options.kills && !options.losses && options.quota.resource === "tokens" && windowMs === undefined) {
    const left = limit - calls.reduce((sum, { used, estimate }) => sum + (used ?? estimate), 0);
    const node = nodes[0];
    if (left > 0 && node !== undefined) {
      refusedWithRoom = true;
      void ask(node, `last-${options.seed}`, left, (grant) => {
        refusedWithRoom = grant === undefined;
      });
      await run(nowMs + 500);
    }
  }
  for (const { process } of nodes) process.alive = false;
  return { granted, refused, overshoot, refusedWithRoom };
}
