/**
 * The JSON text of a whole answer, in the pieces of bytes that it came in. Vectors and images make such an answer long, and nearly
 * every caller gets it as it is: making one string of it would copy it three times.
 */
export class AnswerText {
  readonly pieces: readonly Buffer[];
  readonly length: number;

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  static of(text: string): AnswerText {
    return new AnswerText([Buffer.from(text)]);
  }

  toString(): string {
    return this.slice(0, this.length);
  }

  /** The text of the bytes [from, to). */
  slice(from: number, to: number): string {
    return joined(this.between(from, to)).toString("utf8");
  }

  /** The bytes [from, to), not copied. */
  between(from: number, to: number): Buffer[] {
    const found: Buffer[] = [];
    let at = 0;
    for (const piece of this.pieces) {
      const part = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
      if (part.length > 0) found.push(part);
      at += piece.length;
    }
    return found;
  }

  /** -1: it is not in it. */
  indexOf(byte: number): number {
    let at = 0;
    for (const piece of this.pieces) {
      const found = piece.indexOf(byte);
      if (found >= 0) return at + found;
      at += piece.length;
    }
    return -1;
  }

  lastIndexOf(byte: number): number {
    let end = this.length;
    for (const piece of this.pieces.toReversed()) {
      end -= piece.length;
      const found = piece.lastIndexOf(byte);
      if (found >= 0) return end + found;
    }
    return -1;
  }
}

const joined = (pieces: readonly Buffer[]): Buffer => (pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces));
