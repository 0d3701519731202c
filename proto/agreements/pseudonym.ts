/**
 * What stands for an end user's own id in records: nodes write it, the control plane searches by it. Keyed, because ids are
 * often mail addresses or short numbers, which a plain hash gives away to whoever tries them all.
 */
import { createHmac } from "node:crypto";

/** HMAC-SHA-256, hex. */
export const pseudonymOf = (pepper: string, id: string): string =>
  createHmac("sha256", pepper).update("penstock/pseudonym/1\0").update(id).digest("hex");
