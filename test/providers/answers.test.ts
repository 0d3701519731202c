/** What counts as a whole answer and what as none, and how the OpenAI-shaped answers of different backends are read. */
import { describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { finishReasonOf } from "../../data-plane/providers/openai-compatible/finish.ts";
import { bytesOf, heard } from "./scripted-backend.ts";

const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-x" };
const delta = (content: string, finish: string | null = null, index = 0) =>
  JSON.stringify({ ...head, choices: [{ index, delta: { content }, finish_reason: finish }] });
const end = (finish = "stop", index = 0) => JSON.stringify({ ...head, choices: [{ index, delta: {}, finish_reason: finish }] });
const role = JSON.stringify({ ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] });
const usageChunk = JSON.stringify({ ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } });
const stream = (...events: string[]) => events.map((data) => bytesOf(`data: ${data}\n\n`));
const native = (...events: string[]) => heard({ form: "native", pieces: stream(...events) });
const typesOf = (events: readonly CompletionEvent[]) => events.map(({ type }) => type);
const dataOf = (events: readonly CompletionEvent[]) =>
  events.flatMap((event) =>
    event.type === "native-chunk" || event.type === "native-answer" ? [JSON.parse(event.data) as Record<string, unknown>] : [],
  );

describe("a stream is whole", () => {
  test.each<[string, string[]]>([
    ["with [DONE]", [role, delta("a"), end(), "[DONE]"]],
    ["with a finish reason on every choice that began, and no [DONE]", [role, delta("a"), end()]],
    ["with [DONE] and no finish reason", [role, delta("a"), "[DONE]"]],
    ["with two choices that both ended", [delta("a", null, 0), delta("b", null, 1), end("stop", 1), end("stop", 0)]],
    ["with usage behind the end", [delta("a"), end(), usageChunk, "[DONE]"]],
  ])("%s", async (_, events) => {
    expect((await native(...events)).failure).toBeUndefined();
  });
});

describe("a stream is broken off", () => {
  test.each<[string, string[]]>([
    ["without an end", [role, delta("a")]],
    ["with an end on one of two choices", [delta("a", null, 0), delta("b", null, 1), end("stop", 0)]],
    ["before it began", []],
    ["after the role", [role]],
    ["with [DONE] only inside of what was said", [role, delta("[DONE]"), delta("data: [DONE]\n\n")]],
    ["in the middle of an event", [role, delta("a"), end().slice(0, -5)]],
  ])("%s", async (_, events) => {
    const pieces = stream(...events);
    if (events.at(-1)?.endsWith("}") === false) pieces.push(pieces.pop()?.subarray(0, -2) ?? bytesOf(""));
    expect((await heard({ form: "native", pieces })).failure).toMatchObject({
      kind: "UPSTREAM_TRUNCATED",
      details: { anotherBackendMayHelp: true },
    });
  });
});

test("nothing of a stream is told after its end", async () => {
  const { events, failure } = await native(delta("a"), "[DONE]", delta("b"), "not JSON");
  expect(failure).toBeUndefined();
  expect(JSON.stringify(events)).not.toContain('\\"b\\"');
  // Also where it comes with the end in one read.
  const together = await heard({ form: "native", pieces: [Buffer.concat(stream(delta("a"), "[DONE]", delta("b"), "not JSON"))] });
  expect(together).toMatchObject({ failure: undefined, events });
});

test("a stream commits with its first content, and not with what only opens it", async () => {
  const azure = JSON.stringify({ ...head, choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
  const { batches } = await native(azure, role, delta("a"), end(), "[DONE]");
  expect(batches.findIndex(({ bearsContent }) => bearsContent)).toBe(2);
  // Azure's chunk without choices is none that a caller could index.
  expect(dataOf(batches.flatMap(({ events }) => [...events])).every(({ choices }) => (choices as unknown[]).length === 1)).toBe(true);
});

test.each<[string, Record<string, unknown>]>([
  ["content", { content: "a" }],
  ["reasoning", { reasoning_content: "a" }],
  ["reasoning by its other name", { reasoning: "a" }],
  ["a refusal", { refusal: "a" }],
  ["a tool call", { tool_calls: [{ index: 0, id: "a", function: { name: "f" } }] }],
  ["audio", { audio: { id: "a" } }],
])("%s is content", async (_, said) => {
  const { batches } = await native(role, JSON.stringify({ ...head, choices: [{ index: 0, delta: said, finish_reason: null }] }), end());
  expect(batches.map(({ bearsContent }) => bearsContent)).toEqual([false, true, true]);
});

test("an answer of nothing is an answer: its end commits", async () => {
  const { batches, failure } = await native(role, end(), "[DONE]");
  expect(failure).toBeUndefined();
  expect(batches.map(({ bearsContent }) => bearsContent)).toEqual([false, true]);
});

test("reasoning comes before the text of the same chunk", async () => {
  const { events } = await heard({
    form: "typed",
    pieces: stream(
      JSON.stringify({ ...head, choices: [{ index: 0, delta: { content: "b", reasoning_content: "a" }, finish_reason: "stop" }] }),
    ),
  });
  expect(typesOf(events)).toEqual(["completion-started", "reasoning-delta", "content-delta", "choice-finished"]);
});

describe("an error within a stream is an error", () => {
  test.each([
    ["as an object", '{"error":{"message":"CUDA out of memory","code":500}}', /CUDA out of memory/],
    ["as a text", '{"error":"model crashed"}', /model crashed/],
    ["without words", '{"error":{}}', /without saying why/],
    ["with the credential in it", '{"error":{"message":"key sk-secret-credential is bad"}}', /key \[credential\] is bad/],
  ])("%s", async (_, data, message) => {
    const { events, failure } = await native(role, delta("a"), data);
    expect(failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", message: expect.stringMatching(message) });
    // What came before it has been handed on.
    expect(dataOf(events)).toHaveLength(2);
  });
  test("and an error that is null is none", async () => {
    expect(
      (await native(JSON.stringify({ ...head, error: null, choices: [{ index: 0, delta: { content: "a" }, finish_reason: "stop" }] })))
        .failure,
    ).toBeUndefined();
  });
});

test.each([
  ["text", "hello"],
  ["a list", "[]"],
  ["null", "null"],
  ["half of an object", '{"choices":['],
  ["a choice that is no object", '{"choices":[1]}'],
  ["a tool call that is no object", '{"choices":[{"index":0,"delta":{"tool_calls":[1]}}]}'],
])("an event that is %s breaks the protocol", async (_, data) => {
  expect((await native(role, data)).failure).toMatchObject({ kind: "UPSTREAM_PROTOCOL", details: { anotherBackendMayHelp: true } });
});

test("an event larger than a megabyte is refused, in one piece or in many", async () => {
  const large = bytesOf(`data: ${delta("x".repeat(1_100_000))}\n\n`);
  const pieces = Array.from({ length: 12 }, (_, i) => large.subarray(i * 100_000, (i + 1) * 100_000));
  for (const cut of [[large.subarray(0, -2)], pieces])
    expect((await heard({ form: "native", pieces: cut })).failure).toMatchObject({ kind: "UPSTREAM_PROTOCOL" });
});

test("an event without data is none", async () => {
  const { failure, events } = await heard({
    form: "native",
    pieces: [bytesOf("data:\n\ndata\n\n"), ...stream(delta("a", "stop")), bytesOf("data: \n\n")],
  });
  expect(failure).toBeUndefined();
  expect(dataOf(events)).toHaveLength(1);
});

describe("a whole answer", () => {
  const whole = {
    id: "c",
    object: "chat.completion",
    created: 1,
    model: "gpt-x",
    choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, logprobs: null, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
  };
  const json = { "content-type": "application/json" };
  const answered = (text: string, form: "native" | "typed" = "native") => heard({ form, body: {}, headers: json, pieces: [bytesOf(text)] });

  test("is handed on byte for byte but for its model", async () => {
    const text = JSON.stringify(whole, undefined, 2).replace('"created": 1', '"created": 12345678901234567890');
    const { events } = await answered(text);
    expect(events).toContainEqual({
      type: "native-answer",
      data: text.replace('"model": "gpt-x"', '"model":"chat"'),
      textLength: expect.any(Number),
    });
    expect(events).toContainEqual(expect.objectContaining({ type: "completion-started", servedModel: "gpt-x" }));
    expect(events).toContainEqual(expect.objectContaining({ type: "usage" }));
    expect(events).toContainEqual(expect.objectContaining({ type: "choice-finished" }));
  });

  test.each<[string, string]>([
    ["the model behind the choices", JSON.stringify({ choices: whole.choices, model: "gpt-x" })],
    ["no model", JSON.stringify({ choices: whole.choices })],
    ["another model in an object before it", JSON.stringify({ meta: { model: "inner" }, model: "gpt-x", choices: whole.choices })],
    ["another model in a list before it", JSON.stringify({ meta: [{ model: "inner" }], model: "gpt-x", choices: whole.choices })],
    ["a text that looks like a model before it", JSON.stringify({ id: '"model":"inner"', model: "gpt-x", choices: whole.choices })],
    ["a text with a bracket before it", JSON.stringify({ id: "{[", model: "gpt-x", choices: whole.choices })],
    ["a model that is escaped", JSON.stringify({ model: 'gpt-"x"\\', choices: whole.choices })],
  ])("shows the model that was asked for, and nothing else is changed: %s", async (_, text) => {
    const { events } = await answered(text);
    expect(dataOf(events)).toEqual([{ ...JSON.parse(text), model: "chat" }]);
  });

  test("is told in events, in the typed form", async () => {
    const { events } = await answered(JSON.stringify(whole), "typed");
    expect(typesOf(events)).toEqual(["completion-started", "content-delta", "choice-finished", "usage"]);
  });

  test("of which a stream was asked is streamed", async () => {
    const { events, failure } = await heard({ form: "native", headers: json, pieces: [bytesOf(JSON.stringify(whole))] });
    expect(failure).toBeUndefined();
    expect(dataOf(events)).toMatchObject([
      { model: "chat", choices: [{ delta: { role: "assistant", content: "Hi" }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: "stop" }] },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "usage", usage: { inputTokens: 1, outputTokens: 2 } });
  });

  test.each([
    ["an error", '{"error":{"message":"no"}}', "UPSTREAM_UNAVAILABLE"],
    ["no JSON", "<html>", "UPSTREAM_PROTOCOL"],
    ["cut", JSON.stringify(whole).slice(0, -1), "UPSTREAM_PROTOCOL"],
    ["empty", "", "UPSTREAM_PROTOCOL"],
    ["without choices", '{"id":"c"}', "UPSTREAM_PROTOCOL"],
  ])("that is %s is none", async (_, text, kind) => {
    for (const body of [{}, { stream: true }])
      expect((await heard({ form: "native", body, headers: json, pieces: [bytesOf(text)] })).failure).toMatchObject({ kind });
  });

  test("that comes as a stream where none was asked for is gathered, and is none where it breaks off", async () => {
    const { failure, events } = await heard({ form: "native", body: {}, pieces: stream(delta("a"), delta("b", "stop"), "[DONE]") });
    expect(failure).toBeUndefined();
    expect(events.flatMap((event) => (event.type === "content-delta" ? [event.text] : []))).toEqual(["a", "b"]);
    expect(events.some(({ type }) => type.startsWith("native"))).toBe(false);
    const cut = await heard({ form: "native", body: {}, pieces: stream(delta("a")) });
    expect(cut.failure).toMatchObject({ kind: "UPSTREAM_TRUNCATED" });
  });
});

test.each([
  ["stop", "stop"],
  ["eos", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["content_filter", "content_filter"],
  ["function_call", "function_call"],
  ["MALFORMED_FUNCTION_CALL", "other"],
  ["", "other"],
  ["constructor", "other"],
  ["__proto__", "other"],
])("the finish reason %j is %s, and its own word is kept", (raw, unified) => {
  expect(finishReasonOf(raw)).toEqual({ unified, raw });
});
