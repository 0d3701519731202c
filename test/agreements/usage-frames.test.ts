/** Frames of usage records: what was written is read, cut and damaged bytes give the frames before the damage and nothing else. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { framesAfter, framesOf, readFrames } from "#agreements/usage-frames.ts";

const records = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 });

it("gives back every record with its number, beyond 32 bits too", () => {
  fc.assert(
    fc.property(records, fc.bigInt({ min: 1n, max: 2n ** 52n }), (given, first) => {
      const { bytes, last } = framesOf(first, given);
      const { frames, goodBytes } = readFrames(bytes);
      expect(goodBytes).toBe(bytes.length);
      expect(frames.map(({ sequence }) => sequence)).toEqual(given.map((_, index) => first + BigInt(index)));
      expect(last).toBe(frames.at(-1)?.sequence);
      expect(frames.map(({ record }) => [...record])).toEqual(given.map((record) => [...record]));
    }),
  );
});

it("stops before the first byte that is wrong or missing", () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, where, flip) => {
      const { bytes } = framesOf(1n, given);
      const at = where % bytes.length;
      const whole = readFrames(bytes).frames.filter(({ record }) => record.byteOffset - bytes.byteOffset + record.length <= at).length;
      expect(readFrames(bytes.subarray(0, at)).frames.length).toBe(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
      expect(readFrames(bytes).frames.length).toBe(whole);
    }),
  );
});

it("gives those behind a number, in the bytes that were written", () => {
  const given = [Buffer.from("a"), Buffer.from("bb"), Buffer.from("ccc")];
  const { bytes } = framesOf(5n, given);
  expect(framesAfter(bytes, 5n)).toEqual(framesOf(6n, given.slice(1)));
  expect(framesAfter(bytes, 4n)?.bytes.equals(bytes)).toBe(true);
  expect(framesAfter(bytes, 7n)).toBeUndefined();
});
