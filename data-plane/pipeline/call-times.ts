/**
 * When a call came to the end of each stage, in whole microseconds since it came in: small whole numbers, which an object holds for
 * nothing. 0: the stage was not needed, or not reached. A clock is read at the borders of stages alone.
 */
export class CallTimes {
  /** On the clock of performance.now(), in milliseconds. */
  readonly #cameInAt: number;
  readonly #receivedAtMs: number;
  readonly readUs: number;
  decidedUs = 0;
  guardedUs = 0;
  reservedUs = 0;
  lookedUpUs = 0;

  /** @param receivedAtMs since 1970. Made when the request has been read. */
  constructor(receivedAtMs: number) {
    const readMs = Math.max(0, Date.now() - receivedAtMs);
    this.#cameInAt = performance.now() - readMs;
    this.#receivedAtMs = receivedAtMs;
    this.readUs = readMs * 1000;
  }

  nowUs(): number {
    return microseconds(performance.now() - this.#cameInAt);
  }

  /** Since 1970, in whole milliseconds. */
  atMs(us: number): number {
    return this.#receivedAtMs + Math.round(us / 1000);
  }
}

/** Beyond what a record holds, 71 minutes, all is that. */
export const microseconds = (ms: number): number => Math.min(Math.round(ms * 1000), 0xffff_ffff);

/** Of one attempt, as CallTimes. */
export class AttemptTimes {
  readonly #call: CallTimes;
  readonly startedUs: number;
  placedUs = 0;
  sentUs = 0;
  contentUs = 0;
  endedUs = 0;

  constructor(call: CallTimes) {
    this.#call = call;
    this.startedUs = call.nowUs();
  }

  /** It has its place at the backend. @param waited else it had it at once, and no clock is read. */
  placed(waited: boolean): void {
    this.placedUs = waited ? this.#call.nowUs() : this.startedUs;
  }

  /** The request is on its connection. */
  sent(): void {
    this.sentUs = this.#call.nowUs();
  }

  content(): void {
    this.contentUs = this.#call.nowUs();
  }

  ended(): void {
    this.endedUs = this.#call.nowUs();
  }

  startedAtMs(): number {
    return this.#call.atMs(this.startedUs);
  }

  endedAtMs(): number {
    return this.#call.atMs(this.endedUs);
  }
}
