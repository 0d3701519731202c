/** A call's waterfall says where an attempt was when it ended, and of calls from before times were kept no more than is known. */
import { expect, it } from "vitest";
import { lanesOf, type TimedCall } from "../../web-console/pages/calls/lanes.ts";

const attempt = (result: string, httpStatus: number | null, durationMs: number, startedAfterMs: number | null) => ({
  backendId: "b",
  result,
  httpStatus,
  durationMs,
  startedAfterMs,
});
const call: TimedCall = {
  durationMs: 500,
  timeToFirstTokenMs: 210,
  attempts: [attempt("UPSTREAM_UNAVAILABLE", null, 98, 2), attempt("ok", 200, 400, 100)],
  timeline: {
    stages: [
      { name: "READ", fromMs: 0, untilMs: 1 },
      { name: "GUARD_IN", fromMs: 1, untilMs: 2 },
      { name: "REST", fromMs: 499, untilMs: 500 },
    ],
    attempts: [
      { startedMs: 2, placedMs: 10, sentMs: null, contentMs: null, endedMs: 100 },
      { startedMs: 100, placedMs: 100, sentMs: 105, contentMs: 210, endedMs: 499 },
    ],
  },
};
const shape = (of: TimedCall) =>
  lanesOf(of, () => "backend").map(({ name, spans }) => [
    name,
    ...spans.map(({ kind, fromMs, untilMs }) => `${kind} ${fromMs}–${untilMs}`),
  ]);

it("has a lane for each stage and each attempt, in the order of time", () => {
  expect(shape(call)).toEqual([
    ["Reading the request", "own 0–1"],
    ["Guard of the input", "own 1–2"],
    ["1. backend", "place 2–10", "bad 10–100"],
    ["2. backend", "place 100–100", "connect 100–105", "wait 105–210", "stream 210–499"],
    ["Ending the answer", "own 499–500"],
  ]);
  expect(lanesOf(call, () => "backend").map(({ note }) => note)).toEqual([
    undefined,
    undefined,
    "UPSTREAM_UNAVAILABLE; 8 ms for a place; 90 ms without a connection",
    "5 ms to connect; 105 ms until the first content; 289 ms from there to the end",
    undefined,
  ]);
});

it("says of a call that was refused that no backend was asked", () => {
  const stages = [{ name: "REST", fromMs: 0, untilMs: 3 }];
  const [lane] = lanesOf({ ...call, attempts: [], timeline: { stages, attempts: [] } }, () => "");
  expect([lane?.name, lane?.note]).toEqual(["The rest", "No backend was asked"]);
});

it("draws of an older call its attempts, and where those began only if it is known", () => {
  expect(shape({ ...call, timeline: null })).toEqual([
    ["Gateway", "own 0–2"],
    ["1. backend", "bad 2–100"],
    ["2. backend", "wait 100–210", "stream 210–500"],
  ]);
  const older = call.attempts.map((each) => ({ ...each, startedAfterMs: null }));
  expect(shape({ ...call, attempts: older, timeline: null })).toEqual([
    ["Gateway", "own 0–2"],
    ["1. backend", "bad 2–100"],
    ["2. backend", "wait 100–210", "stream 210–500"],
  ]);
});
