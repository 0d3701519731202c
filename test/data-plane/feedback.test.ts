/** Feedback over REST: each kind, of a call or of a session, once for each id, and what is wrong by name. */

import { v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ resources: routeOver("sim-instant") });
});
afterAll(() => node[Symbol.asyncDispose]());

const recorded = (id: string) =>
  node.controlPlane.records.flatMap(({ record }) =>
    record.case === "feedback" && record.value.feedbackId === id ? [record.value] : [],
  )[0];

it.each([
  ["boolean", true],
  ["number", 0.5],
  ["category", "rude"],
  ["comment", "too long"],
  ["demonstration", "Better so."],
])("takes a %s for a call", async (kind, value) => {
  const callId = v7();
  const response = await node.post("/v1/feedback", { request_id: callId, metric: "helpful", [kind]: value, end_user_id: "ada" });
  expect(response.status).toBe(200);
  const { feedback_id: id } = (await response.json()) as { feedback_id: string };
  await expect.poll(() => recorded(id)).toMatchObject({ callId, metric: "helpful", value: { case: kind, value } });
  expect(recorded(id)?.endUserHash).toMatch(/^[0-9a-f]{64}$/);
});

it("takes one for a session, whose id does not leave the node", async () => {
  const feedbackId = v7();
  const response = await node.post("/v1/feedback", {
    feedback_id: feedbackId,
    session_id: "session-of-ada",
    metric: "solved",
    boolean: false,
  });
  expect(response.status).toBe(200);
  await expect.poll(() => recorded(feedbackId)?.sessionHash).toMatch(/^[0-9a-f]{64}$/);
  expect(recorded(feedbackId)?.callId).toBe("00000000-0000-0000-0000-000000000000");
});

it.each([
  ["no value", { request_id: v7(), metric: "m" }, "value"],
  ["two values", { request_id: v7(), metric: "m", boolean: true, number: 1 }, "number"],
  ["a value of another type", { request_id: v7(), metric: "m", number: "1" }, "number"],
  ["neither call nor session", { metric: "m", boolean: true }, "request_id"],
  ["a call that is none", { request_id: "a", metric: "m", boolean: true }, "request_id"],
  ["a metric that is none", { request_id: v7(), metric: "Not good", boolean: true }, "metric"],
  ["what is not known", { request_id: v7(), metric: "m", boolean: true, stars: 5 }, "stars"],
])("refuses %s by name", async (_, body, param) => {
  const response = await node.post("/v1/feedback", body);
  expect(response.status).toBe(400);
  expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
});

it("knows no caller without a key", async () => {
  const response = await fetch(`${node.restUrl}/v1/feedback`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(401);
});
