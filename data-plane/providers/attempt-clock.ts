/**
 * Two of an attempt's clocks: the time to its first content, and the time between two events after that. They run on events and
 * not on bytes, so that a backend that drips bytes or sends only comments does not pass for alive.
 */
import { GatewayError } from "../gateway-error.ts";
import type { Clocks } from "../snapshot/compiled-route.ts";

export interface AttemptClock {
  /** The first content has come: from now on the idle clock runs. */
  content(): void;
  event(): void;
  stop(): void;
}

export function attemptClock({ firstByteMs, idleMs }: Clocks, expire: (reason: GatewayError) => void): AttemptClock {
  let timer: NodeJS.Timeout | undefined = setTimeout(
    () =>
      expire(new GatewayError("UPSTREAM_TIMEOUT", `the backend sent no content within ${firstByteMs} ms`, { anotherBackendMayHelp: true })),
    firstByteMs,
  );
  let idling = false;
  /** Noted for each event, and looked at when the timer runs out: setting a timer anew for each token would cost more. */
  let eventAtMs = 0;
  const idleUntil = (ms: number) => {
    timer = setTimeout(() => {
      const leftMs = Math.ceil(eventAtMs + idleMs - performance.now());
      if (leftMs > 0) idleUntil(leftMs);
      else expire(new GatewayError("UPSTREAM_TIMEOUT", `the backend sent nothing for ${idleMs} ms`));
    }, ms);
  };
  return {
    content() {
      if (idling || timer === undefined) return;
      idling = true;
      clearTimeout(timer);
      eventAtMs = performance.now();
      idleUntil(idleMs);
    },
    event() {
      if (idling) eventAtMs = performance.now();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
