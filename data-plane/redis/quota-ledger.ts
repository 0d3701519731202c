/** Quotas that all nodes share over Redis: the ledger of leases on the script's counters, told everything again on each reconnect. */

import type { QuotaLedger } from "../pipeline/quota-ledger.ts";
import { type LeaseLedgerOptions, leaseLedger } from "../quota/lease-ledger/lease-ledger.ts";
import type { RedisConnections } from "./connect.ts";
import { redisQuotaStore } from "./quota-script.ts";

export interface RedisQuotaLedgerOptions extends Pick<LeaseLedgerOptions, "owner" | "nodes" | "baselines" | "journal"> {
  readonly redis: Pick<RedisConnections, "breaker" | "quota">;
}

export function redisQuotaLedger({ redis, ...options }: RedisQuotaLedgerOptions): QuotaLedger {
  const ledger = leaseLedger({ ...options, store: redisQuotaStore(redis) });
  // What was acknowledged before a failover may be gone.
  redis.quota.on("ready", ledger.retell);
  return {
    reserve: ledger.reserve,
    levels: ledger.levels,
    close: async () => {
      redis.quota.off("ready", ledger.retell);
      await ledger.close();
      // What was given back needs no note; what was not, the next process gives back by it.
      await options.journal?.close(redis.breaker.closed);
    },
  };
}
