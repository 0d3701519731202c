/** Quotas of one node without Redis. Its counters are in this process; what they were before it started, the ledger of usage says. */
import type { QuotaLedger } from "../pipeline/quota-ledger.ts";
import { type LeaseLedgerOptions, leaseLedger } from "../quota/lease-ledger/lease-ledger.ts";
import { memoryQuotaStore } from "./quota-store.ts";

export const memoryQuotaLedger = (options: Pick<LeaseLedgerOptions, "baselines"> = {}): QuotaLedger =>
  leaseLedger({ ...options, store: memoryQuotaStore(), owner: "this", nodes: () => 1 });
