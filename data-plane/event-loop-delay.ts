/** How late this process's timers are: what a call waits for because others are being worked on. */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface EventLoopDelay {
  /** Of 100 timers since it was last asked 99 were no later, in milliseconds. */
  sinceLastAskedMs(): number;
}

/** Between two timers of the monitor, which it counts with the delay. */
const resolutionMs = 10;
/** Fewer say nothing: it was asked twice in a row. */
const timersMin = 20;

export function watchEventLoop(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let lastMs = 0;
  return {
    sinceLastAskedMs() {
      if (histogram.count < timersMin) return lastMs;
      lastMs = Math.max(0, histogram.percentile(99) / 1_000_000 - resolutionMs);
      histogram.reset();
      return lastMs;
    },
  };
}
