/**
 * What was decided for calls, by their ids: so that a call that is asked for twice holds once.
 * Two generations, of which the older is dropped all at once, but for what still runs: a Map whose entries come and go one by
 * one would keep finished calls alive (see live-calls.ts). Small ones, so that most calls never grow old.
 */
import type { QuotaDecision } from "../../pipeline/quota-ledger.ts";
import { LeaseGrant } from "./lease-grant.ts";

export type Decision = LeaseGrant | Promise<QuotaDecision>;

const generationMin = 1000;

export class RecentDecisions {
  #younger = new Map<string, Decision>();
  #older = new Map<string, Decision>();
  #youngerMax = generationMin;

  /** undefined: none, or it is settled and so long ago that it was forgotten. */
  find(callId: string): Decision | undefined {
    return this.#younger.get(callId) ?? this.#older.get(callId);
  }

  remember(callId: string, decision: Decision): void {
    this.#younger.set(callId, decision);
    if (this.#younger.size < this.#youngerMax) return;
    const next = new Map<string, Decision>();
    for (const [id, old] of this.#older) if (!(old instanceof LeaseGrant) || !old.settled) next.set(id, old);
    this.#older = this.#younger;
    this.#younger = next;
    // With many calls that run on, a turn is dear, and so it is rare.
    this.#youngerMax = generationMin + 2 * next.size;
  }

  forget(callId: string): void {
    this.#younger.delete(callId);
    this.#older.delete(callId);
  }
}
