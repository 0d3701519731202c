/**
 * Quotas shared by all nodes, without a round trip for the usual call.
 *
 * A node cuts leases from the shared counters and spends them by itself. Calls that no lease covers are asked for together, one
 * order at a time for each organisation, and the answer brings a little more than they need: about two seconds of this node's own
 * traffic, at most a fiftieth of what remains, nothing in the last tenth. What is leased counts as used, so the sum of all grants
 * never passes a hard limit, except by what running calls use beyond their estimates. Leases that are not touched go back within
 * two seconds, in the last tenth within 250 ms. Soft and shadow quotas never ask: they count.
 *
 * The bound, which test/quota holds: over any number of nodes, interleavings, lost messages and kills, a hard limit is passed by
 * no more than running calls were estimated short. What a killed node may have spent stays counted until its window turns, so
 * nobody gets it twice; what it had leased and not drawn goes back when it is there again (lease-draws.ts). But for that and for
 * what is leased, nobody is refused while there is room.
 *
 * How it fails: a store that is refused or hung costs a call at most its clock, and nothing once it is known. Soft and shadow
 * quotas pass. Hard ones spend the lease; then rates and concurrent calls fall to this node's share, limit / nodes; budgets
 * (day, week, month, lifetime) refuse with "unavailable". What was granted meanwhile is told when the store is back.
 */
import type { QuotaDecision, QuotaDenial, QuotaGrant, QuotaLedger } from "../../pipeline/quota-ledger.ts";
import { leased, resetMsOf, wantsRefill, withinLocalShare } from "../node-counter.ts";
import { Account, type CounterTally, type Held, isCovered, isLent, type StoreWord } from "./account.ts";
import { leaseDraws } from "./lease-draws.ts";
import { type GrantLedger, LeaseGrant } from "./lease-grant.ts";
import type { LeaseJournal } from "./lease-journal.ts";
import { type LedgerClock, systemClock } from "./ledger-clock.ts";
import { RecentDecisions } from "./recent-decisions.ts";
import { type StoreOrdersOptions, storeOrders } from "./store-orders.ts";

export interface LeaseLedgerOptions extends Pick<StoreOrdersOptions, "store" | "owner"> {
  /** Live nodes, for the local share while the store is away. */
  readonly nodes: () => number;
  readonly baselines?: StoreOrdersOptions["baselines"];
  /** undefined: what a killed process had leased stays counted as perhaps used. */
  readonly journal?: LeaseJournal | undefined;
  readonly clock?: LedgerClock;
}

export interface LeaseLedger extends QuotaLedger {
  /** The connection is new: what the store has may be old, so everything is told once more. */
  retell(): void;
}

/** How often leases are given back and corrections told, in milliseconds. */
const tellMs = 250;
/** When a budget may be tried again while the store is away, in milliseconds. */
const unavailableRetryMs = 1000;
/** How often a call waits for a part of a lease that others then spend, before it asks for its own. */
const drawRoundsMax = 3;
const closeMsMax = 500;
const closeRoundsMax = 1000;

export function leaseLedger({ store, owner, nodes, baselines, journal, clock = systemClock }: LeaseLedgerOptions): LeaseLedger {
  const draws = leaseDraws(journal, clock);
  const orders = storeOrders({ store, owner, baselines, draws, clock });
  const accounts = new Map<string, Account>();
  const tally: CounterTally = { known: 0 };
  const decisions = new RecentDecisions();

  const accountOf = (organisationId: string): Account => {
    let account = accounts.get(organisationId);
    if (account === undefined) {
      account = new Account(organisationId, tally);
      accounts.set(organisationId, account);
    }
    return account;
  };

  const reserve: QuotaLedger["reserve"] = (callId, holds, signal) => {
    const known = decisions.find(callId);
    if (known !== undefined) return known;
    signal.throwIfAborted();
    const first = holds[0];
    if (first === undefined) return nothingHeld;
    const nowMs = clock.now();
    const account = accountOf(first.quota.organisationId);
    const held = account.heldOf(holds, nowMs, orders.storeMs(nowMs));
    const denial = take(account, held, nowMs);
    if (denial === undefined) return granted(callId, account, held);
    if (!(denial instanceof Promise)) return denial;
    const asked = denial.then((late): QuotaDecision => {
      decisions.forget(callId);
      if (late !== undefined) return late;
      const grant = granted(callId, account, held);
      // The caller left meanwhile, and nobody will settle.
      if (signal.aborted) grant.settle({ requests: 0, inputTokens: 0, outputTokens: 0, costNanodollars: 0 });
      return grant;
    });
    decisions.remember(callId, asked);
    return asked;
  };

  const granted = (callId: string, account: Account, held: readonly Held[]): LeaseGrant => {
    look(held, clock.now());
    const grant = new LeaseGrant(held, account, grantLedger);
    decisions.remember(callId, grant);
    return grant;
  };

  const grantLedger: GrantLedger = {
    take: (account, held) => take(account, held, clock.now()),
    settle: (account, held, actual) => {
      const nowMs = clock.now();
      const storeMs = orders.storeMs(nowMs);
      for (const one of held) if (account.settle(one, actual, nowMs, storeMs)) orders.flushSoon(account);
    },
  };

  /** All of it or none, at once where leases cover it. undefined: it is taken. */
  const take = (
    account: Account,
    held: readonly Held[],
    nowMs: number,
    rounds = 0,
  ): QuotaDenial | undefined | Promise<QuotaDenial | undefined> => {
    if (isCovered(held, nowMs)) {
      account.spend(held, nowMs, orders.storeMs(nowMs));
      for (const { counter } of held) {
        if (counter.quota.enforcement !== "hard") continue;
        if (counter.spendable <= counter.drawAt) draws.draw(counter);
        if (wantsRefill(counter)) orders.flushSoon(account);
      }
      return undefined;
    }
    const drawing = isLent(held, nowMs) ? draws.drawing() : undefined;
    if (drawing !== undefined && rounds < drawRoundsMax) return drawing.then(() => take(account, held, clock.now(), rounds + 1));
    const word = orders.ask(account, held, nowMs);
    return word instanceof Promise ? word.then((late) => conclude(account, held, late)) : conclude(account, held, word);
  };

  const conclude = (account: Account, held: readonly Held[], word: StoreWord): QuotaDenial | undefined => {
    if (word.kind === "granted") return undefined;
    const nowMs = clock.now();
    if (word.kind === "denied") return denialOf(held, word.binding, "exhausted", word.retryMs, nowMs);
    const binding = beyondThisNode(held, nowMs);
    if (binding < 0) {
      account.spend(held, nowMs, orders.storeMs(nowMs));
      return undefined;
    }
    const counter = held[binding]?.counter;
    const resetMs = counter === undefined ? 0 : resetMsOf(counter, orders.storeMs(nowMs));
    return denialOf(held, binding, "unavailable", Math.min(unavailableRetryMs, resetMs || unavailableRetryMs), nowMs);
  };

  /** Which of the holds this node may not give by itself; -1: none. */
  const beyondThisNode = (held: readonly Held[], nowMs: number): number => {
    const share = nodes();
    return held.findIndex(({ counter, amount }) => {
      if (counter.quota.enforcement !== "hard" || amount <= 0 || leased(counter, nowMs) >= amount) return false;
      return !withinLocalShare(counter, amount, share, orders.storeMs(nowMs));
    });
  };

  const denialOf = (
    held: readonly Held[],
    hold: number,
    reason: QuotaDenial["reason"],
    retryAfterMs: number,
    nowMs: number,
  ): QuotaDenial => {
    look(held, nowMs);
    return { granted: false, hold, reason, levels: held, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) };
  };

  const look = (held: readonly Held[], nowMs: number): void => {
    for (const one of held) one.look(orders.storeMs(nowMs));
  };

  const stop = clock.every(tellMs, () => {
    for (const account of accounts.values())
      if (account.active.size + account.waiting.length + account.leaving.length > 0) orders.flush(account);
  });

  for (const { quota, subject, drawn } of journal?.died ?? []) {
    const nowMs = clock.now();
    accountOf(quota.organisationId).inherit(quota, subject, drawn, nowMs, orders.storeMs(nowMs));
  }

  const giveBack = async (): Promise<void> => {
    await orders.idle();
    for (const account of accounts.values()) {
      for (const { decide } of account.waiting.splice(0)) decide({ kind: "unreachable" });
      if (!store.reachable) continue;
      account.leave();
      for (let round = 0; account.leaving.length > 0 && store.reachable && round < closeRoundsMax; round++) {
        orders.flush(account);
        await orders.idle();
      }
    }
  };

  const levels: QuotaLedger["levels"] = (holds) => {
    const [first] = holds;
    if (first === undefined) return [];
    const nowMs = clock.now();
    const held = accountOf(first.quota.organisationId).heldOf(holds, nowMs, orders.storeMs(nowMs));
    look(held, nowMs);
    return held;
  };

  return {
    reserve,
    levels,
    retell: () => {
      for (const account of accounts.values()) account.retell();
    },
    close: async () => {
      stop();
      await Promise.race([giveBack(), new Promise<void>((resolve) => clock.after(closeMsMax, resolve))]);
    },
  };
}

const nothingHeld: QuotaGrant = { granted: true, levels: [], amounts: () => [], settle: () => {}, extend: () => undefined };
