/** Usage records handed to a function in the same process. What that function has taken counts as being in the ledger. */
import type { SequencedRecord, UsageStream } from "../usage/usage-stream.ts";

/** @param take rejects where the records could not be taken; they are sent again later, so it must bear a repeat. */
export function memoryUsageStream(take: (records: readonly SequencedRecord[]) => Promise<void>): UsageStream {
  let watermark = 0n;
  return {
    send: async (records, signal) => {
      signal.throwIfAborted();
      await take(records);
      const last = records.at(-1);
      if (last !== undefined && last.sequence > watermark) watermark = last.sequence;
    },
    watermark: async () => watermark,
    close: async () => {},
  };
}
