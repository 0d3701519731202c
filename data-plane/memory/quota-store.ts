/**
 * Where quota counters meet in one process: what redis/quota-ledger.lua does, over a Map. The store of a node without Redis, and
 * the model that simulations run; a test holds the two to the same answers.
 */
import {
  type CallAnswer,
  type CounterOrder,
  type Entry,
  leaseFraction,
  leaseMs,
  type QuotaStore,
  type SyncAnswer,
  type SyncOrder,
  strictFraction,
} from "../quota/quota-store.ts";

interface Said {
  sequence: number;
  lease: number;
  undrawn: number;
  drawn: number;
  leaseEndsMs: number;
  spent: number;
  entries: readonly Entry[];
}

interface Stored {
  startMs: number;
  base: number;
  restored: boolean;
  owners: Map<string, Said>;
  /** Of processes of a node that died. */
  graves: Map<string, Said>;
  expiresAtMs: number;
}

interface Working {
  readonly order: CounterOrder;
  readonly key: string;
  readonly gone: boolean;
  stored: Stored;
  startMs: number;
  endMs: number;
  spent: number;
  lease: number;
  undrawn: number;
  told: number;
  seen: number;
  others: number;
  used: number;
  granted: number;
  readonly buckets: Map<number, number>;
  entries: Entry[];
}

export interface MemoryQuotaStore extends QuotaStore {
  sync(order: SyncOrder): SyncAnswer;
  /** As FLUSHALL does. */
  clear(): void;
}

/** Counters kept at once. Beyond, the one longest unused is forgotten, which is to its gain. */
const countersMax = 200_000;

/** @param now milliseconds since 1970. */
export function memoryQuotaStore(now: () => number = Date.now): MemoryQuotaStore {
  let counters = new Map<string, Stored>();
  const whole = new Set<string>();
  const keyOf = (organisationId: string, { quotaId, subject }: { quotaId: string; subject: string }) =>
    `${organisationId}/${quotaId}/${subject}`;
  const keep = (key: string, stored: Stored) => {
    counters.delete(key);
    counters.set(key, stored);
    if (counters.size <= countersMax) return;
    for (const oldest of counters.keys()) {
      counters.delete(oldest);
      break;
    }
  };
  const read = (key: string, nowMs: number): Stored | undefined => {
    const stored = counters.get(key);
    return stored !== undefined && stored.expiresAtMs > nowMs ? stored : undefined;
  };

  return {
    reachable: true,
    sync(order) {
      const nowMs = now();
      const isWhole = whole.has(order.organisationId);
      const nothing = (outcome: SyncAnswer["outcome"], waitMs = 0): SyncAnswer => ({
        outcome,
        nowMs,
        waitMs,
        whole: isWhole,
        counters: [],
        calls: [],
      });
      const working: Working[] = [];
      for (const counter of order.counters) {
        const key = keyOf(order.organisationId, counter);
        const opened = openCounter(order, counter, key, read(key, nowMs), nowMs);
        if ("outcome" in opened) return nothing(opened.outcome, opened.waitMs);
        working.push(opened);
      }
      let askLedger = false;
      const calls = order.calls.map(({ needs }): CallAnswer => {
        let binding = -1;
        let retryMs = 0;
        for (const { counter, amount } of needs) {
          const one = working[counter];
          if (one === undefined || !one.order.hard || amount <= 0) continue;
          if (one.order.shape.kind === "calendar" && one.gone && !isWhole && one.seen === 0 && one.told === 0) askLedger = true;
          const waitMs = waitFor(one, amount, nowMs);
          if (waitMs > 0 && waitMs >= retryMs) {
            binding = counter;
            retryMs = waitMs;
          }
        }
        if (binding >= 0) return { granted: false, binding, retryMs };
        for (const { counter, amount } of needs) take(working[counter], amount, nowMs);
        return { granted: true, binding, retryMs: 0 };
      });
      if (askLedger) return nothing("lost");
      return {
        outcome: "done",
        nowMs,
        waitMs: 0,
        whole: isWhole,
        calls,
        counters: working.map((one) => {
          const extra = leaseFor(one, nowMs);
          write(one, order, extra, nowMs);
          keep(one.key, one.stored);
          return { startMs: one.startMs, endMs: one.endMs, others: one.others, lease: extra };
        }),
      };
    },
    restore(organisationId, baselines) {
      const nowMs = now();
      for (const baseline of baselines) {
        if (baseline.startMs > nowMs || nowMs >= baseline.endMs) continue;
        const key = keyOf(organisationId, baseline);
        const stored = read(key, nowMs) ?? newStored(baseline.startMs);
        if (stored.startMs !== baseline.startMs) continue;
        let said = 0;
        for (const { lease, spent } of [...stored.owners.values(), ...stored.graves.values()]) said += lease + spent;
        stored.base = Math.max(stored.base, baseline.used - said);
        keep(key, stored);
      }
      whole.add(organisationId);
    },
    clear() {
      counters = new Map();
      whole.clear();
    },
  };
}

const newStored = (startMs: number): Stored => ({
  startMs,
  base: 0,
  restored: false,
  owners: new Map(),
  graves: new Map(),
  expiresAtMs: Number.POSITIVE_INFINITY,
});

const copyOf = (stored: Stored): Stored => ({ ...stored, owners: new Map(stored.owners), graves: new Map(stored.graves) });

function openCounter(
  order: SyncOrder,
  counter: CounterOrder,
  key: string,
  found: Stored | undefined,
  nowMs: number,
): Working | { readonly outcome: "early" | "late" | "stale"; readonly waitMs: number } {
  const { shape } = counter;
  let { spent, lease, told, seen, undrawn } = counter;
  let startMs = 0;
  let endMs = 0;
  if (shape.kind === "calendar") {
    const [before, start, next, after] = shape.boundaries;
    if (nowMs < before || nowMs >= after) return { outcome: "late", waitMs: 0 };
    if (nowMs < start) return { outcome: "early", waitMs: start - nowMs };
    [startMs, endMs] = nowMs >= next ? [next, after] : [start, next];
    if (nowMs >= next) spent = lease = told = seen = undrawn = 0;
  }
  const previous = found?.owners.get(order.owner);
  if (previous !== undefined && previous.sequence >= order.sequence && (shape.kind !== "calendar" || found?.startMs === startMs))
    return { outcome: "stale", waitMs: previous.sequence };
  const turned = found !== undefined && shape.kind === "calendar" && found.startMs !== startMs;
  // A copy: where another counter ends the order, nothing has changed.
  const stored = found === undefined || turned ? newStored(startMs) : copyOf(found);
  if (found === undefined && seen > 0 && shape.kind === "calendar") {
    stored.base = seen;
    stored.restored = true;
  }
  if (previous !== undefined && !turned) {
    if (previous.sequence < order.birth) bury(stored, order.owner, previous, counter);
  } else if (stored.restored && told > 0 && found !== undefined && !turned) stored.base = Math.max(0, stored.base - told);

  const buckets = new Map<number, number>();
  const entries = counter.entries.filter((entry) => counts(entry, counter, nowMs));
  if (shape.kind === "sliding") spent = addTo(buckets, entries);
  let others = stored.base;
  for (const [group, isGrave] of [
    [stored.owners, false],
    [stored.graves, true],
  ] as const)
    for (const [owner, said] of group) {
      if (!isGrave && owner === order.owner) continue;
      if (shape.kind === "calendar") others += said.lease + said.spent;
      else if (shape.kind === "level") others += said.leaseEndsMs > nowMs ? said.lease + said.spent : 0;
      else {
        const alive = said.entries.filter((entry) => counts(entry, counter, nowMs));
        const held = said.leaseEndsMs + shape.lengthMs > nowMs ? said.lease : 0;
        others += addTo(buckets, alive) + held;
        if (alive.length === 0 && held === 0) group.delete(owner);
      }
    }
  return {
    order: counter,
    key,
    gone: found === undefined,
    stored,
    startMs,
    endMs,
    spent,
    lease,
    undrawn,
    told,
    seen,
    others,
    used: others + spent + lease,
    granted: 0,
    buckets,
    entries,
  };
}

const noWord: Said = { sequence: 0, lease: 0, undrawn: 0, drawn: 0, leaseEndsMs: 0, spent: 0, entries: [] };

/**
 * A process of this node died: what it had spent, and what it held and may have spent, stays. What it had not drawn of its lease
 * by what its disk says it cannot have spent.
 */
function bury(stored: Stored, owner: string, said: Said, { shape, diedDrawn }: CounterOrder): void {
  stored.owners.delete(owner);
  if (shape.kind === "level") return;
  const grave = { ...(stored.graves.get(owner) ?? noWord) };
  if (shape.kind === "calendar") {
    const unspent = diedDrawn < 0 ? 0 : Math.max(0, Math.min(said.lease, said.undrawn - Math.max(0, diedDrawn - said.drawn)));
    grave.lease += said.lease - unspent;
    grave.spent += said.spent;
  } else {
    const held = said.lease > 0 ? [{ bucket: Math.floor(said.leaseEndsMs / shape.bucketMs), amount: said.lease }] : [];
    grave.entries = [...grave.entries, ...said.entries, ...held];
  }
  stored.graves.set(owner, grave);
}

function counts({ bucket }: Entry, { shape }: CounterOrder, nowMs: number): boolean {
  return shape.kind === "sliding" && (bucket + 2) * shape.bucketMs + shape.lengthMs > nowMs;
}

function addTo(buckets: Map<number, number>, entries: readonly Entry[]): number {
  let sum = 0;
  for (const { bucket, amount } of entries) {
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + amount);
    sum += amount;
  }
  return sum;
}

/** 0: there is room. */
function waitFor(one: Working, amount: number, nowMs: number): number {
  const { limit, burst, shape } = one.order;
  let waitMs = one.used + amount > limit ? retryAfter(one, one.used + amount - limit, nowMs) : 0;
  if (burst > 0 && shape.kind === "sliding") {
    const lacking = deficitOf(one, nowMs) + one.lease + amount - burst;
    if (lacking > 0) waitMs = Math.max(waitMs, Math.ceil((lacking * shape.lengthMs) / limit));
  }
  return waitMs;
}

function retryAfter(one: Working, excess: number, nowMs: number): number {
  const { shape } = one.order;
  if (shape.kind === "calendar") return one.endMs - nowMs;
  if (shape.kind === "level") return 1000;
  let left = excess;
  for (const [bucket, amount] of [...one.buckets].sort(([a], [b]) => a - b)) {
    left -= amount;
    if (left <= 0) return Math.max(1, (bucket + 2) * shape.bucketMs + shape.lengthMs - nowMs);
  }
  return Math.min(shape.lengthMs, 1000);
}

/** What a bucket of tokens that holds `burst` and refills at the limit's pace lacks now. */
function deficitOf({ order: { shape, limit }, buckets }: Working, nowMs: number): number {
  if (shape.kind !== "sliding") return 0;
  let lacking = 0;
  let atMs = 0;
  for (const [bucket, amount] of [...buckets].sort(([a], [b]) => a - b)) {
    const timeMs = Math.min((bucket + 1) * shape.bucketMs, nowMs);
    lacking = Math.max(0, lacking - ((timeMs - atMs) * limit) / shape.lengthMs) + amount;
    atMs = timeMs;
  }
  return Math.max(0, lacking - ((nowMs - atMs) * limit) / shape.lengthMs);
}

function take(one: Working | undefined, amount: number, nowMs: number): void {
  if (one === undefined) return;
  const { shape } = one.order;
  one.used += amount;
  one.granted += amount;
  if (shape.kind !== "sliding" || amount <= 0) return;
  const bucket = Math.floor(nowMs / shape.bucketMs);
  one.buckets.set(bucket, (one.buckets.get(bucket) ?? 0) + amount);
}

function leaseFor(one: Working, nowMs: number): number {
  const { limit, burst, hard, more } = one.order;
  const remaining = limit - one.used;
  if (!hard || more <= 0 || remaining * strictFraction <= limit) return 0;
  const lease = Math.max(0, Math.min(more, Math.floor(remaining / leaseFraction)));
  if (burst === 0) return lease;
  return Math.max(0, Math.min(lease, Math.floor((burst - deficitOf(one, nowMs) - one.lease) / leaseFraction)));
}

function write(one: Working, { owner, sequence }: SyncOrder, extra: number, nowMs: number): void {
  const { stored, order } = one;
  const { shape } = order;
  const spent = one.spent + one.granted;
  const lease = one.lease + extra;
  if (shape.kind === "sliding" && one.granted > 0) one.entries.push({ bucket: Math.floor(nowMs / shape.bucketMs), amount: one.granted });
  stored.owners.delete(owner);
  if (order.leave) {
    if (shape.kind === "calendar") stored.base += spent + lease;
    if (shape.kind === "sliding" && spent > 0) {
      const grave = stored.graves.get(owner) ?? noWord;
      stored.graves.set(owner, { ...grave, entries: [...grave.entries, ...one.entries] });
    }
  } else if (spent > 0 || lease > 0)
    stored.owners.set(owner, {
      sequence,
      lease,
      undrawn: one.undrawn + extra,
      drawn: order.drawn,
      leaseEndsMs: nowMs + leaseMs,
      spent,
      entries: one.entries,
    });
  stored.expiresAtMs =
    shape.kind === "calendar" ? one.endMs + 3_600_000 : nowMs + 2 * (shape.kind === "sliding" ? shape.lengthMs : 0) + 2 * leaseMs;
}
