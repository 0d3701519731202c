/** A process that appends to a usage log until it is killed, and tells its parent how far it was 30 ms ago. */
import { pino } from "pino";
import { openUsageLog } from "../../data-plane/usage/usage-log.ts";

const log = await openUsageLog({ directory: process.argv[2] ?? "", nodeId: "node-1", logger: pino({ level: "silent" }) });
let count = 0;
setInterval(() => {
  for (let burst = 0; burst < 10; burst++) log.append(new TextEncoder().encode(`record ${++count}`));
  const told = count;
  setTimeout(() => process.send?.(told), 30);
}, 1);
