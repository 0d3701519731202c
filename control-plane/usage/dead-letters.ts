/** The port to usage records that could not be written: what they are, why, and the two ways out of there. */
export interface DeadLetter {
  readonly id: string;
  readonly buriedAt: Date;
  /** The node's log that it stood in, and its number there; empty: not known. */
  readonly log: string;
  readonly sequence: string;
  readonly reason: string;
  /** Bytes of a UsageRecord, or of what was taken for one. */
  readonly record: Uint8Array;
}

export interface DeadLetters {
  /** Newest first, those before `before` where it is given. */
  list(limit: number, before: string | undefined): Promise<readonly DeadLetter[]>;
  count(): Promise<number>;
  /** Hands them in once more, as what a node handed in, and takes them away here. @returns how many there were. */
  retry(ids: readonly string[]): Promise<number>;
  /** @returns how many there were. */
  discard(ids: readonly string[]): Promise<number>;
}

/** Without Redis what cannot be written stands in the log of the control plane and nowhere else. */
export const noDeadLetters: DeadLetters = {
  list: async () => [],
  count: async () => 0,
  retry: async () => 0,
  discard: async () => 0,
};

export const isDeadLetterId = (text: string): boolean => /^\d{1,15}-\d{1,10}$/.test(text);
