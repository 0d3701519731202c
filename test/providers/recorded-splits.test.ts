/** However a network cuts a recorded stream, of whichever wire, it means the same; and a part of it is never taken for the whole. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { answerDialects, readStream } from "./answer-dialects.ts";
import { cutAt } from "./scripted-backend.ts";

const recordings = answerDialects.flatMap(({ name, open, streams }) => streams.map((bytes, i) => ({ name, open, bytes, i })));

test.each(recordings)("$name, stream $i: any cut gives the same events", ({ open, bytes }) => {
  const { raw: _raw, ...uncut } = readStream(open, [bytes]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (offsets) => {
      expect(readStream(open, cutAt(bytes, offsets))).toMatchObject(uncut);
    }),
    { numRuns: 25 },
  );
  // Also byte by byte, in the middle of every character.
  expect(readStream(open, cutAt(bytes, [...bytes.keys()]))).toMatchObject(uncut);
});

/** What a backend sends behind the end of its answer, filter results and counts, does not make it whole. */
const saysSomething = (event: CompletionEvent): boolean =>
  event.type === "native-chunk" ? event.textLength > 0 : /delta|finished/.test(event.type);

test.each(recordings)("$name, stream $i: a part of it is never whole unless it meant the same", ({ open, bytes }) => {
  const uncut = readStream(open, [bytes]);
  const content = ({ events }: typeof uncut) => JSON.stringify((JSON.parse(events) as CompletionEvent[]).filter(saysSomething));
  fc.assert(
    fc.property(fc.nat(bytes.length), (length) => {
      const part = readStream(open, [bytes.subarray(0, length)]);
      if (!part.whole) return;
      expect(uncut.whole).toBe(true);
      expect(content(part)).toBe(content(uncut));
    }),
    { numRuns: 50 },
  );
});
