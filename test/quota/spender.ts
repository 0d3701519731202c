/** One node's quotas in a process of its own, to be killed: asks as fast as it is answered and writes down each grant at once. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { openLeaseJournal } from "../../data-plane/quota/lease-ledger/lease-journal.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisQuotaLedger } from "../../data-plane/redis/quota-ledger.ts";
import { quotaHold } from "../harness/quota-hold.ts";

const [url = "", owner = "", limit = "0", directory = ""] = process.argv.slice(2);
const logger = pino({ level: "silent" });
const redis = connectRedis(url, logger);
const ledger = redisQuotaLedger({ redis, owner, nodes: () => 3, journal: await openLeaseJournal(join(directory, owner), logger) });
const { signal } = new AbortController();
/** The pipe may be full for a moment, and a grant that is not written down would not be counted. */
function write(mark: string): void {
  for (;;) {
    try {
      writeSync(1, mark);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

const hold = quotaHold({ window: "month", limit: Number(limit) });

for (let call = 0; ; call++) {
  const decision = await ledger.reserve(`${owner}-${process.pid}-${call}`, [hold], signal);
  if (decision.granted) write("g");
  else await new Promise((resolve) => setTimeout(resolve, 20));
  if (call % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
