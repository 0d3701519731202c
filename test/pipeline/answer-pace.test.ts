/** How an answer came in: no piece is lost however long it takes, and the longest gap is where it was. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { AnswerPace } from "../../data-plane/pipeline/answer-pace.ts";

const piecesOf = ({ pieces }: AnswerPace) => pieces.reduce((sum, count) => sum + count, 0);

it("has slots that cover the whole answer, each piece in the one of its time", () => {
  const pace = new AnswerPace(1000, 1);
  pace.add(2, 1007.9);
  pace.add(3, 1008);
  pace.add(4, 1000 + 8 * 63);
  expect([pace.slotMs, pace.pieces[0], pace.pieces[1], pace.pieces[63]]).toEqual([8, 3, 3, 4]);
  pace.add(5, 1000 + 8 * 64);
  expect([pace.slotMs, pace.pieces[0], pace.pieces[31], pace.pieces[32], pace.pieces[63]]).toEqual([16, 6, 4, 5, 0]);
  expect(pace.lastMs).toBe(512);
});

it("knows its longest gap and when that began", () => {
  const pace = new AnswerPace(50, 1);
  for (const at of [60, 75, 575, 580]) pace.add(1, at);
  expect([pace.longestGapMs, pace.longestGapAfterMs, pace.lastMs]).toEqual([500, 25, 530]);
});

it("loses no piece, whatever the gaps", () => {
  const reads = fc.array(fc.tuple(fc.nat(20), fc.oneof(fc.nat(50), fc.nat(100_000))), { maxLength: 200 });
  fc.assert(
    fc.property(reads, (given) => {
      const pace = new AnswerPace(0, 1);
      let now = 0;
      for (const [pieces, gapMs] of given) {
        now += gapMs;
        pace.add(pieces, now);
      }
      expect(piecesOf(pace)).toBe(1 + given.reduce((sum, [pieces]) => sum + pieces, 0));
      expect(pace.longestGapMs).toBe(Math.max(0, ...given.map(([, gapMs]) => gapMs)));
      expect(pace.slotMs * 64).toBeGreaterThan(now);
    }),
  );
});
