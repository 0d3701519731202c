/** Usage frames handed to a function in the same process. What that function has taken counts as being in the ledger. */
import { readFrames, type UsageFrame } from "#agreements/usage-frames.ts";
import type { UsageStream } from "../../data-plane/usage/usage-stream.ts";

/** @param take rejects where the records could not be taken; they are sent again later, so it must bear a repeat. */
export function memoryUsageStream(take: (frames: readonly UsageFrame[]) => Promise<void>): UsageStream {
  let watermark = 0n;
  return {
    send: async ({ last, bytes }, signal) => {
      signal.throwIfAborted();
      await take(readFrames(bytes).frames);
      if (last > watermark) watermark = last;
    },
    watermark: async () => watermark,
    close: async () => {},
  };
}
