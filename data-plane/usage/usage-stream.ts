/**
 * The port to what carries usage records to the ledger. A pipe, not the record: the node's own log (usage-log.ts) keeps each
 * record until the ledger has it, so a send may be lost or repeated.
 */
import type { UsageFrames } from "#agreements/usage-frames.ts";

export interface UsageStream {
  /** Hands records on, in order. Rejects where it could not; the caller sends them again later. */
  send(frames: UsageFrames, signal: AbortSignal): Promise<void>;
  /**
   * The sequence number up to which the ledger has every record of this node's log; 0n: none.
   * @throws RecordsLost where the pipe has lost what it was handed: it must be sent again.
   */
  watermark(signal: AbortSignal): Promise<bigint>;
  close(): Promise<void>;
}

/** The pipe no longer holds what it was handed, and the ledger does not have it. */
export class RecordsLost extends Error {
  override readonly name = "RecordsLost";
}
