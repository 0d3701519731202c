/** The id of a call: a UUID v7. Random bytes come from a pool, because asking the system for sixteen at a time costs more than all else. */
import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const idBytes = 16;
const pool = new Uint8Array(idBytes * 1024);
let used = pool.length;

export const newCallId = (): string => v7({ random: randomBytes() });

function randomBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  return pool.subarray(used - idBytes, used);
}
