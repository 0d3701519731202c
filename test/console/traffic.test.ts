/** Calls that run and end are put together from what comes in pieces: each once, and none that has ended runs. */
import { expect, it } from "vitest";
import { type EndedCall, endedMax, noTraffic, type RunningCall, together, withNews } from "../../web-console/graphql/traffic.ts";

const running = (callId: string): RunningCall => ({
  callId,
  nodeId: "node",
  routeName: "chat",
  backendId: "b",
  backendName: "fast",
  attempts: 1,
  progress: "STREAMING",
  outputTokens: "3",
  since: "2026-01-01T00:00:00Z",
});
const ended = (callId: string, second: number): EndedCall => ({
  callId,
  startedAt: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
  outcome: "OK",
  errorReason: "",
  routeName: "chat",
  modelAsked: "chat",
  backendId: "b",
  backendName: "fast",
  durationMs: 5,
  timeToFirstTokenMs: 1,
  outputTokens: "3",
  costNanodollars: null,
  attempts: [],
});
const ids = (calls: readonly { readonly callId: string }[]) => calls.map(({ callId }) => callId);

it("takes a call from those that run when it has ended, and leaves it out of reports that were on their way", () => {
  const both = withNews(noTraffic, { running: [running("a"), running("b")], ended: null });
  expect(ids(both.running)).toEqual(["a", "b"]);
  const one = withNews(both, { running: null, ended: { calls: [ended("a", 1)], skipped: 4 } });
  expect([ids(one.running), ids(one.ended), one.skipped]).toEqual([["b"], ["a"], 4]);
  const late = withNews(one, { running: [running("a"), running("b")], ended: { calls: [ended("c", 2)], skipped: 1 } });
  expect([ids(late.running), ids(late.ended), late.skipped]).toEqual([["b"], ["c", "a"], 5]);
});

it("shows each call once, newest first, and no more than can be looked through", () => {
  expect(ids(together([ended("b", 2), ended("a", 1)], [ended("a", 1), ended("d", 4)]))).toEqual(["d", "b", "a"]);
  const many = Array.from({ length: endedMax + 10 }, (_, index) => ended(String(index), index));
  expect(ids(together(many, []))).toEqual(ids(many.toReversed().slice(0, endedMax)));
});
