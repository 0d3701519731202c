/** Events cut out of plain reads are those that the parser gives, however the bytes are split and whatever stands between them. */
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { expect, it } from "vitest";
import { eventLengthMax, eventStreamReader } from "../../data-plane/providers/server-sent-events.ts";

type Event = readonly [data: string, name: string | undefined];

function read(pieces: readonly Uint8Array[]): Event[] {
  const events: Event[] = [];
  const feed = eventStreamReader({
    event: (data, name) => events.push([data, name]),
    tooLong: () => events.push(["too long", undefined]),
  });
  for (const piece of pieces) feed(piece);
  return events;
}

function parsed(text: string): Event[] {
  const events: Event[] = [];
  createParser({ onEvent: ({ data, event }) => data !== "" && events.push([data, event]) }).feed(text);
  return events;
}

const end = fc.constantFrom("\n\n", "\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\n", "\r\n\n");
const line = fc.constantFrom(
  'data: {"a":"é€😀"}',
  "data: [DONE]",
  "data:tight",
  "data: ",
  "data:  two",
  "data",
  "event: ping\ndata: {}",
  "event: \ndata: x",
  "event: a\rdata: y",
  "event:b\r\ndata: z",
  "event: alone",
  ": a comment",
  "id: 7\ndata: with id",
  "data: one\ndata: two",
  "data: a\revent: b",
  "retry: 5",
  "\uFEFFdata: marked",
  "",
);
const stream = fc.array(fc.tuple(line, end), { maxLength: 12 }).map((parts) => parts.map(([a, b]) => a + b).join(""));

it("are the parser's, under every split", () => {
  fc.assert(
    fc.property(stream, fc.boolean(), fc.array(fc.nat(), { maxLength: 8 }), (text, marked, cuts) => {
      const whole = (marked ? "\uFEFF" : "") + text;
      const bytes = Buffer.from(whole);
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
      expect(read(pieces)).toEqual(parsed(whole));
    }),
    { numRuns: 2000 },
  );
});

it("says when one is too long, and nothing more of it", () => {
  const giant = Buffer.from(`data: first\n\ndata: ${"x".repeat(eventLengthMax + 10)}`);
  expect(read([giant.subarray(0, 13), giant.subarray(13)])).toEqual([
    ["first", undefined],
    ["too long", undefined],
  ]);
});
