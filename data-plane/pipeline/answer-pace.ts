/**
 * How an answer comes in: pieces counted by slots of time, and the longest gap between two of them. The slots cover the whole answer,
 * however long it takes: when they are full, each two become one of twice the width.
 */
const slotsMax = 64;
const slotMsFirst = 8;

export class AnswerPace {
  /** Of one slot: 8, or as often twice that as the answer is long. */
  slotMs = slotMsFirst;
  readonly pieces = new Uint32Array(slotsMax);
  longestGapMs = 0;
  /** When it began, from the first content on. */
  longestGapAfterMs = 0;
  /** From the first content to the last. */
  lastMs = 0;
  readonly #firstAtMs: number;

  /** @param firstAtMs when the first content came, on the clock of performance.now(). @param pieces that came with it. */
  constructor(firstAtMs: number, pieces: number) {
    this.#firstAtMs = firstAtMs;
    this.pieces[0] = pieces;
  }

  add(pieces: number, nowMs: number): void {
    const afterMs = nowMs - this.#firstAtMs;
    const gapMs = afterMs - this.lastMs;
    if (gapMs > this.longestGapMs) {
      this.longestGapMs = gapMs;
      this.longestGapAfterMs = this.lastMs;
    }
    this.lastMs = afterMs;
    let slot = Math.floor(afterMs / this.slotMs);
    while (slot >= slotsMax) {
      this.#widen();
      slot >>= 1;
    }
    this.pieces[slot] = (this.pieces[slot] ?? 0) + pieces;
  }

  #widen(): void {
    const { pieces } = this;
    for (let slot = 0; slot < slotsMax / 2; slot++) pieces[slot] = (pieces[2 * slot] ?? 0) + (pieces[2 * slot + 1] ?? 0);
    pieces.fill(0, slotsMax / 2);
    this.slotMs *= 2;
  }
}
