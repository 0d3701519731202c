/** Where a call's time went: each stage that it passed, how far each attempt came, and how the answer came in. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type CallTimeline, callTimeline } from "../../control-plane/usage/call-timeline.ts";
import { ids, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

const failing = routeOver("sim-fault-error-500");
const fast = routeOver("sim-fast", { cache: "exact", cacheTtlSeconds: 600 });
const idOf = (resources: readonly ResourceInit[], kind: string) => resources.find((one) => one.case === kind)?.value?.id ?? "";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...failing,
      ...fast,
      {
        case: "route",
        value: {
          id: "0198c0de-0000-7000-8000-00000000c001",
          organisationId: ids.organisation,
          name: "in-turn",
          tiers: [failing, fast].map((resources) => ({ targets: [{ backendId: idOf(resources, "backend"), weight: 1 }] })),
        },
      },
    ],
  });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
});

async function timelineOf(body: object, headers: Record<string, string> = {}): Promise<CallTimeline & { readonly durationMs: number }> {
  const answer = await node.post("/v1/chat/completions", body, headers);
  await answer.text();
  const callId = answer.headers.get("x-penstock-call-id");
  const event = await vi.waitFor(() => {
    const found = node.usageEvents().find((one) => one.callId === callId);
    if (found === undefined) throw new Error("the call is not recorded yet");
    return found;
  }, 5_000);
  const timeline = callTimeline(event.timeline);
  if (timeline === undefined) throw new Error("the call was not timed");
  return { ...timeline, durationMs: event.durationMs };
}

const inOrder = (times: readonly (number | null)[]) => expect(times).toEqual(times.toSorted((one, other) => Number(one) - Number(other)));

it("tells connecting, the first token and streaming of an attempt apart, and what came before it", async () => {
  const { stages, attempts, pace, durationMs } = await timelineOf(
    { model: "in-turn", stream: true, messages: say("a river") },
    { "x-sim-ttft-ms": "60", "x-sim-gap-ms": "4", "x-sim-tokens": "30" },
  );
  expect(stages.map(({ name }) => name).filter((name) => name !== "read")).toEqual(["decide", "quota", "rest"]);
  const [first, second] = attempts;
  if (first === undefined || second === undefined || pace === null) throw new Error("two attempts and a pace were expected");
  expect([first.contentMs, attempts.length]).toEqual([null, 2]);
  inOrder([first.startedMs, first.sentMs, first.endedMs, second.startedMs]);
  inOrder([second.startedMs, second.sentMs, second.contentMs, second.endedMs]);
  expect([first.placedMs, second.placedMs]).toEqual([first.startedMs, second.startedMs]);
  // 60 ms, of which the simulator takes at least 80 %; when it was sent is noted late where the machine is busy.
  expect(Number(second.contentMs) - Number(second.startedMs)).toBeGreaterThan(45);
  expect(pace.pieces.reduce((sum, count) => sum + count, 0)).toBe(30);
  expect(pace.firstMs).toBe(second.contentMs);
  expect(pace.lastMs).toBeLessThanOrEqual(Number(second.endedMs));
  expect(pace.longestGapMs).toBeGreaterThan(1);
  expect(pace.longestGapFromMs + pace.longestGapMs).toBeLessThanOrEqual(pace.lastMs + 0.01);
  // Two clocks, read one after the other: the same call, however busy the machine is in between.
  expect(stages.at(-1)?.untilMs).toBeGreaterThanOrEqual(Number(second.endedMs));
  expect(stages.at(-1)?.untilMs).toBeLessThan(durationMs + 500);
});

it("has no pace of an answer in one piece, and no attempt of an answer from the cache", async () => {
  const body = { model: "sim-fast", messages: say("the same") };
  const whole = await timelineOf(body);
  expect([whole.pace, whole.attempts.length]).toEqual([null, 1]);
  expect(whole.stages.map(({ name }) => name)).toContain("cache");
  const again = await timelineOf(body);
  expect(again.attempts).toEqual([]);
});

it("ends where a call was refused", async () => {
  const { stages, attempts } = await timelineOf({ model: "nobody-has-this", messages: say("hello") });
  expect([attempts, stages.at(-1)?.name]).toEqual([[], "rest"]);
  expect(stages.map(({ name }) => name)).not.toContain("quota");
});
