/**
 * A backend that fails in each of the ways that backends fail. Before the first content another one answers and the caller
 * sees nothing of it; after it, the caller is told in band, and never gets `[DONE]` on half an answer.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ResourceInit, routeOver, say, startTestNode, type TestNode, upstreamCredential } from "../harness/node.ts";

const beforeContent = [
  "refuse",
  "error-500",
  "error-502",
  "error-529",
  "error-503-loading",
  "rate-limit-seconds",
  "rate-limit-date",
  "rate-limit-ms",
  "rate-limit-negative",
  "rate-limit-huge",
  "error-in-200",
  "redirect",
  "huge-headers",
];
const midStream = ["cut-fin", "cut-rst", "close-delimited-cut", "garbage", "error-mid-stream", "huge-event"];
const slow = ["hang", "headers-then-hang", "stall", "slow-loris"];
const whole = [
  "close-delimited",
  "split-utf8",
  "crlf",
  "cr",
  "bom-and-comments",
  "usage-missing",
  "usage-on-last-choice",
  "usage-cumulative",
  "usage-negative",
  "no-done",
  "done-twice",
  "data-after-done",
  "json-for-stream",
  "empty-first-chunk",
  "role-missing",
];

/** Over one backend that has the fault, and over the same with a good one behind it. */
function routes(fault: string, timeouts = {}): ResourceInit[] {
  const alone = routeOver(`sim-fault-${fault}`, { name: fault, timeouts });
  const [backend] = alone;
  const backup = routeOver("sim-instant", {}, { key: "backup" });
  const [backupBackend] = backup;
  const tiers = [backend, backupBackend].map((resource) => ({
    targets: [{ backendId: resource?.value?.id ?? "", weight: 1 }],
  }));
  const [, covered] = routeOver("unused", { name: `${fault}-covered`, tiers, timeouts });
  return [...alone, backupBackend, covered].filter((resource) => resource !== undefined);
}

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...[...beforeContent, ...midStream, ...whole, "error-401", "error-400", "content-length-short"].flatMap((fault) => routes(fault)),
      ...slow.flatMap((fault) => routes(fault, { firstByteMs: 300, idleMs: 300 })),
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const stream = (model: string, extra = {}) =>
  node.post("/v1/chat/completions", { model, stream: true, messages: say("tell me of rivers and of weirs"), ...extra });
const eventOf = (id: string | null) => expect.poll(() => node.usageEvents().find(({ callId }) => callId === id), { timeout: 5000 });

describe.each(beforeContent)("a backend that fails before its first content (%s)", (fault) => {
  it("is invisible where another backend can answer", async () => {
    const response = await stream(`${fault}-covered`);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-attempts")).toBe("2");
    expect(response.headers.get("x-penstock-backend")).toBe("backup");
    expect((await response.text()).endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("is a true status in OpenAI's error shape where none can", async () => {
    const response = await stream(fault);
    expect([429, 502]).toContain(response.status);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(expect.arrayContaining(["message", "type", "param", "code"]));
    if (response.status === 429) {
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    } else expect(response.headers.get("x-should-retry")).toBe("false");
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ outcome: 4 });
  });
});

describe.each(midStream)("a backend that fails in the middle of its answer (%s)", (fault) => {
  it("is told in band, without [DONE], and is recorded as a failure with the tokens that were generated", async () => {
    const response = await stream(`${fault}-covered`);
    const text = await response.text();
    // Some of them fail before the first content for a short answer; then another backend has answered in full.
    if (response.headers.get("x-penstock-attempts") === "2") return expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(response.status).toBe(200);
    expect(text).not.toContain("[DONE]");
    const last = JSON.parse(text.trimEnd().split("\n\n").at(-1)?.slice(6) ?? "");
    expect(last.error).toMatchObject({ type: "server_error" });
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ outcome: 4, usage: { estimated: true } });
    const event = node.usageEvents().find(({ callId }) => callId === response.headers.get("x-request-id"));
    expect(event?.usage?.outputTokens).toBeGreaterThan(0n);
  });
});

describe.each(slow)("a backend that keeps us waiting (%s)", (fault) => {
  it("is given up by the clocks, and the connection to it is closed", async () => {
    const response = await stream(fault);
    const text = await response.text();
    expect(response.status === 504 || text.includes("upstream_timeout")).toBe(true);
    expect(text).not.toContain("[DONE]");
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ outcome: 5, errorReason: "UPSTREAM_TIMEOUT" });
    await expect
      .poll(async () => (await node.simulatorCalls()).findLast(({ model }) => model === `sim-fault-${fault}`)?.outcome)
      .toMatch(/caller-left|faulted/);
  });
});

describe.each(whole)("a backend with habits of its own (%s)", (fault) => {
  it("is understood: strict chunks, one [DONE], no attempt lost", async () => {
    const response = await stream(fault, { stream_options: { include_usage: true } });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(response.headers.get("x-penstock-attempts")).toBe("1");
    const events = text
      .trimEnd()
      .split("\n\n")
      .filter((event) => event.startsWith("data: "));
    expect(events.at(-1)).toBe("data: [DONE]");
    expect(events.filter((event) => event.includes("[DONE]")).length).toBe(1);
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    const usage = chunks.pop();
    expect(usage.choices).toEqual([]);
    expect(usage.usage.completion_tokens).toBeGreaterThan(0);
    expect(chunks[0].choices[0].delta.role).toBe("assistant");
    expect(chunks.filter((chunk) => chunk.choices[0].finish_reason !== null).length).toBe(1);
    for (const chunk of chunks) {
      expect(chunk.choices.length).toBe(1);
      expect(chunk.usage).toBeNull();
    }
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ outcome: 1 });
  });
});

describe("a backend that refuses", () => {
  it("our credential: another tier answers; without one the caller is not blamed, and the credential is in no answer", async () => {
    expect((await stream("error-401-covered")).headers.get("x-penstock-attempts")).toBe("2");
    const response = await stream("error-401");
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(text).not.toContain(upstreamCredential);
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ attempts: [{ httpStatus: 401 }] });
    expect(JSON.stringify(node.usageEvents(), (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
      upstreamCredential,
    );
  });

  it("the caller's request: a 400 in the backend's words, and no other backend is asked", async () => {
    const response = await stream("error-400-covered");
    expect(response.status).toBe(400);
    await eventOf(response.headers.get("x-request-id")).toMatchObject({ outcome: 2, attempts: [{ httpStatus: 400 }] });
  });
});

it("a whole answer that is shorter than its length says fails over", async () => {
  const response = await node.post("/v1/chat/completions", { model: "content-length-short-covered", messages: say("hi") });
  expect(response.headers.get("x-penstock-attempts")).toBe("2");
});
