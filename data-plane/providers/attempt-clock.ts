/**
 * Two of an attempt's clocks: the time to its first content, and the time between two events after that. They run on events and
 * not on bytes, so that a backend that drips bytes or sends only comments does not pass for alive.
 */
import { GatewayError } from "../gateway-error.ts";
import type { Clocks } from "../snapshot/compiled-route.ts";

export type AttemptClocks = Pick<Clocks, "firstByteMs" | "idleMs">;

export interface TimedAttempt {
  abort(reason: GatewayError): void;
}

/** A class with plain fields, because one is made for each attempt. */
export class AttemptClock {
  readonly #clocks: AttemptClocks;
  readonly #attempt: TimedAttempt;
  #timer: NodeJS.Timeout | undefined;
  #idling = false;
  /** Noted for each read, and looked at when the timer runs out: setting a timer anew for each token would cost more. */
  #eventAtMs = 0;

  constructor(clocks: AttemptClocks, attempt: TimedAttempt) {
    this.#clocks = clocks;
    this.#attempt = attempt;
    this.#timer = setTimeout(ranOut, clocks.firstByteMs, this);
  }

  /** The first content has come: from now on the idle clock runs. */
  content(): void {
    if (this.#idling || this.#timer === undefined) return;
    this.#idling = true;
    this.#eventAtMs = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(ranOut, this.#clocks.idleMs, this);
  }

  event(): void {
    if (this.#idling) this.#eventAtMs = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** For the timer. */
  ranOut(): void {
    const { firstByteMs, idleMs } = this.#clocks;
    if (!this.#idling) {
      const reason = `the backend sent no content within ${firstByteMs} ms`;
      this.#attempt.abort(new GatewayError("UPSTREAM_TIMEOUT", reason, { anotherBackendMayHelp: true }));
      return;
    }
    const leftMs = Math.ceil(this.#eventAtMs + idleMs - performance.now());
    if (leftMs > 0) this.#timer = setTimeout(ranOut, leftMs, this);
    else this.#attempt.abort(new GatewayError("UPSTREAM_TIMEOUT", `the backend sent nothing for ${idleMs} ms`));
  }
}

const ranOut = (clock: AttemptClock): void => clock.ranOut();
