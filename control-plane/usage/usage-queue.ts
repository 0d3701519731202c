/**
 * The port to the queue of usage records, and what it promises: each delivery is given again, to us or to another control
 * plane, until it is acknowledged. It may be emptied at any time; nodes then hand in again what the watermark has not passed.
 * Each method rejects when the queue cannot be reached.
 */
export interface UsageQueue {
  /** Whether a command would be sent now. */
  ready(): boolean;
  /** Waits up to a second. In the order in which they were handed in, up to `entriesMax` deliveries of many records each. */
  read(entriesMax: number): Promise<readonly QueuedRecord[]>;
  /** Takes over what somebody has held for 30 seconds without an acknowledgement: whoever held it is gone or stuck. */
  claim(entriesMax: number): Promise<readonly QueuedRecord[]>;
  /** Hands the records of one delivery in again, each by itself, and acknowledges the delivery. */
  separate(records: readonly QueuedRecord[]): Promise<void>;
  /** Puts it where people find it. Not acknowledged by this. */
  bury(record: QueuedRecord, reason: string): Promise<void>;
  acknowledge(ids: readonly string[]): Promise<void>;
  /**
   * Says that records `from` to `to` of a log are in the ledger. Takes effect only where all before `from` are: a later
   * part that is done first must not let a node forget an earlier one.
   * @returns the watermark as it then stands.
   */
  advance(log: string, from: bigint, to: bigint): Promise<bigint>;
  /** Takes away what every group has acknowledged. */
  trim(): Promise<void>;
  /** A read that waits rejects, and so do all after it. The rest goes on until `close`. */
  stopReading(): void;
  close(): Promise<void>;
}

export interface QueuedRecord {
  /** Of the delivery, which may hold many records. */
  readonly id: string;
  /** The node's log that the record stands in, and its number there. */
  readonly log: string;
  /** Undefined: what stands there is not a number. */
  readonly sequence: bigint | undefined;
  /** Bytes of a UsageRecord. */
  readonly record: Uint8Array;
  /** How often it was given out, this time included. */
  readonly deliveries: number;
  /** Whether the delivery holds no other record. */
  readonly alone: boolean;
}
