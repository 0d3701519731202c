/** What one call holds: the port's grant, spent from leases and settled into them. */
import type { QuotaDenial, QuotaGrant, QuotaUse } from "../../pipeline/quota-ledger.ts";
import { usedOf } from "../../pipeline/quota-ledger.ts";
import { type Account, Held } from "./account.ts";

/** What a grant asks of its ledger later on. */
export interface GrantLedger {
  settle(account: Account, held: readonly Held[], actual: QuotaUse | "unknown"): void;
  take(account: Account, held: readonly Held[]): QuotaDenial | undefined | Promise<QuotaDenial | undefined>;
}

/** A class with plain fields, because one is made for each call. */
export class LeaseGrant implements QuotaGrant {
  readonly granted = true;
  readonly levels: readonly Held[];
  settled = false;
  readonly #ledger: GrantLedger;
  readonly #account: Account;

  constructor(levels: readonly Held[], account: Account, ledger: GrantLedger) {
    this.levels = levels;
    this.#ledger = ledger;
    this.#account = account;
  }

  amounts(): readonly number[] {
    return this.levels.map(({ amount }) => amount);
  }

  settle(actual: QuotaUse | "unknown"): void {
    if (this.settled) return;
    this.settled = true;
    this.#ledger.settle(this.#account, this.levels, actual);
  }

  extend(used: QuotaUse): QuotaDenial | undefined | Promise<QuotaDenial | undefined> {
    if (this.settled) return undefined;
    const more = this.levels.map(({ hold, counter, amount }) => new Held(hold, counter, furtherNeed(hold.quota.resource, amount, used)));
    if (more.every(({ amount }) => amount === 0)) return undefined;
    const denial = this.#ledger.take(this.#account, more);
    if (!(denial instanceof Promise)) return denial ?? this.#add(more);
    return denial.then((late) => late ?? this.#add(more));
  }

  #add(more: readonly Held[]): undefined {
    for (const [place, held] of this.levels.entries()) held.amount += more[place]?.amount ?? 0;
  }
}

const furtherNeed = (resource: Parameters<typeof usedOf>[0], held: number, used: QuotaUse): number =>
  resource === "concurrent_calls" ? 0 : Math.max(0, Math.ceil((usedOf(resource, used) ?? 0) - held));
