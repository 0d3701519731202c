/** Reads the quota counters that nodes share in Redis; what stands in them, data-plane/redis/quota-ledger.lua says. */
import { quotaCounterKey } from "#agreements/redis-names.ts";
import type { Logger } from "../logger.ts";
import type { QuotaCounter, QuotaCounters } from "../usage/quota-level.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

export function openQuotaCounters(url: string, logger: Logger): QuotaCounters & { close(): void } {
  const client = connectRedis(url, "quotas", logger);
  return {
    read: async (organisationId, quotaId, subject) => {
      if (!isReady(client)) return undefined;
      try {
        return counterOf(await client.hgetall(quotaCounterKey(organisationId, quotaId, subject)));
      } catch {
        // Redis went away meanwhile: the ledger says what it knows.
        return undefined;
      }
    },
    close: () => closeRedis(client),
  };
}

function counterOf(fields: Readonly<Record<string, string>>): QuotaCounter {
  const holders = Object.entries(fields).flatMap(([name, text]) => {
    if (!/^[nd]:/.test(name)) return [];
    const [, lease = "0", leaseEndsMs = "0", spent = ""] = text.split(" ");
    const entries = spent.split(",").filter((entry) => entry !== "");
    return [
      {
        nodeId: name.slice(2),
        died: name.startsWith("d:"),
        lease: BigInt(lease),
        leaseEndsMs: Number(leaseEndsMs),
        spent: spent.includes(":") ? 0n : BigInt(entries[0] ?? 0),
        buckets: spent.includes(":")
          ? entries
              .map((entry) => entry.split(":"))
              .map(([bucket = "0", amount = "0"]) => ({ bucket: Number(bucket), amount: BigInt(amount) }))
          : [],
      },
    ];
  });
  return { startMs: Number(fields["window"] ?? 0), base: BigInt(fields["base"] ?? 0), holders };
}
