/** What an answer is counted as: the backend's own figures where they are whole, and never nothing for what was generated. */
import { describe, expect, test } from "vitest";
import { answerMeter } from "../../data-plane/pipeline/answer-meter.ts";
import type { CompletionEvent, TokenUsage } from "../../data-plane/pipeline/completion-event.ts";
import { sampleRequest } from "./sample-call.ts";

const reported: TokenUsage = {
  inputTokens: 10,
  outputTokens: 20,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: "{}",
};
const usage = (of: Partial<TokenUsage> = {}): CompletionEvent => ({ type: "usage", usage: { ...reported, ...of }, data: undefined });
const text = (length: number): CompletionEvent => ({ type: "content-delta", choice: 0, text: "x".repeat(length), logprobs: [] });
const started: CompletionEvent = {
  type: "completion-started",
  id: "c",
  created: 1,
  servedModel: "m-1",
  systemFingerprint: "",
  serviceTier: "",
};
const finished: CompletionEvent = { type: "choice-finished", choice: 0, reason: { unified: "stop", raw: "stop" } };
const chunk = (choice: { delta?: { content?: string }; finish_reason?: string | null }, usageOf?: object): CompletionEvent => ({
  type: "native-chunk",
  textLength: choice.delta?.content?.length ?? 0,
  data: JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "chat",
    choices: [{ index: 0, ...choice }],
    usage: usageOf ?? null,
  }),
});
const native = (content: string) => chunk({ delta: { content }, finish_reason: null });
const end = chunk({ delta: {}, finish_reason: "stop" });

const request = sampleRequest();
const inputEstimated = Math.ceil(request.body.text.length / 4);

function metered(...batches: CompletionEvent[][]) {
  const meter = answerMeter(request);
  for (const batch of batches) meter.see(batch);
  return meter;
}

test("before anything has come, usage is unknown and not nothing", () => {
  const meter = metered();
  expect(meter.usage()).toBeUndefined();
  expect(meter).toMatchObject({ servedModel: "", finishReason: "", firstContentAtMs: undefined });
});

describe("the backend's own figures stand", () => {
  test.each<[string, CompletionEvent[]]>([
    ["in a chunk of their own at the end", [started, text(4000), finished, usage()]],
    ["in the last chunk with a choice", [started, native("x".repeat(4000)), end, usage()]],
    ["before an end that says no more", [started, text(4000), usage(), finished]],
    ["for a whole answer", [started, finished, { type: "native-answer", data: "x".repeat(4000), textLength: 4000 }, usage()]],
    [
      "for a whole answer that says no finish reason",
      [started, { type: "native-answer", data: "x".repeat(4000), textLength: 4000 }, usage()],
    ],
    ["once the answer has ended, also if a stray chunk follows", [started, native("x"), end, usage(), native("x".repeat(4000))]],
  ])("%s", (_, events) => {
    expect(metered(events).usage()).toEqual(reported);
    expect(metered(...events.map((event) => [event])).usage()).toEqual(reported);
  });

  test("as they were last said, not added up", () => {
    expect(
      metered([text(4), usage({ outputTokens: 1 })], [text(4), usage({ outputTokens: 2 })], [text(4), usage({ outputTokens: 3 })]).usage(),
    ).toMatchObject({ outputTokens: 3, estimated: false });
  });

  test("also where they say nothing was used", () => {
    expect(metered([started, finished, usage({ outputTokens: 0 })]).usage()).toMatchObject({ outputTokens: 0, estimated: false });
  });
});

describe("a caller that leaves early pays for what was generated", () => {
  test("where the backend said nothing: by the text, a token for four characters, and marked", () => {
    expect(metered([started, text(4000)]).usage()).toMatchObject({
      inputTokens: inputEstimated,
      outputTokens: 1000,
      estimated: true,
      raw: "",
    });
  });

  test.each<[string, CompletionEvent]>([
    ["content", text(400)],
    ["reasoning", { type: "reasoning-delta", choice: 0, text: "x".repeat(400) }],
    ["a refusal", { type: "refusal-delta", choice: 0, text: "x".repeat(400) }],
    ["a tool call", { type: "tool-call-delta", choice: 0, index: 0, id: "i", name: "x".repeat(100), arguments: "x".repeat(300) }],
  ])("for %s", (_, event) => {
    expect(metered([event]).usage()).toMatchObject({ outputTokens: 100, estimated: true });
  });

  test("for chunks in the backend's own words: about their text, without what stands around it", () => {
    const { outputTokens = 0 } = metered(Array.from({ length: 100 }, () => native("x".repeat(40)))).usage() ?? {};
    expect(outputTokens).toBeGreaterThanOrEqual(1000);
    expect(outputTokens).toBeLessThan(2000);
  });

  test("where the backend said at the start what it knew by then", () => {
    expect(metered([started, usage({ outputTokens: 0 })], [text(4000)]).usage()).toMatchObject({
      inputTokens: 10,
      outputTokens: 1000,
      estimated: true,
    });
    expect(metered([native("a"), usage({ outputTokens: 1 })], [native("x".repeat(4000))]).usage()?.outputTokens).toBeGreaterThan(1000);
  });

  test("where the backend counts along: its last figure, and what came after it", () => {
    expect(metered([text(400), usage({ outputTokens: 90 })], [text(40)]).usage()).toMatchObject({ outputTokens: 100, estimated: true });
    expect(metered([text(400), usage({ outputTokens: 90 })]).usage()).toMatchObject({ outputTokens: 90, estimated: false });
  });
});

describe("why it ended is read", () => {
  test("from typed events, of the first choice that ended", () => {
    expect(metered([finished, { ...finished, choice: 1, reason: { unified: "length", raw: "length" } }]).finishReason).toBe("stop");
    expect(metered([{ ...finished, reason: { unified: "other", raw: "PAUSE" } }]).finishReason).toBe("PAUSE");
  });
  test.each([
    ["as most write it", '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}', "tool_calls"],
    ["with spaces", '{"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}', "length"],
    ["in capitals", '{"choices":[{"index":0,"delta":{},"finish_reason":"STOP"}]}', "STOP"],
    ["not from null", '{"choices":[{"index":0,"delta":{},"finish_reason":null}]}', ""],
    [
      "not from what the model said",
      JSON.stringify({ choices: [{ index: 0, delta: { content: '"finish_reason":"stop"' }, finish_reason: null }] }),
      "",
    ],
    [
      "not from what the model said with escapes",
      '{"choices":[{"index":0,"delta":{"content":"\\\\\\"finish_reason\\":\\"stop\\""},"finish_reason":null}]}',
      "",
    ],
  ])("from native chunks: %s", (_, data, reason) => {
    expect(metered([{ type: "native-chunk", data, textLength: 0 }]).finishReason).toBe(reason);
  });
});

test("which model answered and when content first came are kept from the first of it", () => {
  const before = Date.now();
  const meter = metered([started, text(1)]);
  const first = meter.firstContentAtMs ?? 0;
  expect(first).toBeGreaterThanOrEqual(before);
  meter.see([text(1)]);
  expect(meter).toMatchObject({ servedModel: "m-1", firstContentAtMs: first });
});
