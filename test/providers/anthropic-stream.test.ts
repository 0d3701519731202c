/** What a Messages backend streams, as typed events and as its own words: in recorded shapes, under any cut, broken and garbled. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { anthropicProvider } from "../../data-plane/providers/anthropic/provider.ts";
import * as recorded from "../fixtures/anthropic/recorded-streams.ts";
import { bytesOf, cutAt, heard, type Script } from "./scripted-backend.ts";

const answer = (script: Omit<Script, "providerOver">) =>
  heard({ ...script, providerOver: (pools) => anthropicProvider(pools, (_dialect, raw) => unknown.push(raw)) });
/** Reasons that no table has, as they were told. */
const unknown: string[] = [];
const typed = async (stream: string) => (await answer({ form: "typed", pieces: [bytesOf(stream)] })).events;
const withoutUsageAndHead = (events: readonly CompletionEvent[]) =>
  events.filter(({ type }) => type !== "usage" && type !== "completion-started");
const lastUsage = (events: readonly CompletionEvent[]) => events.findLast((event) => event.type === "usage")?.usage;

describe("recorded streams mean", () => {
  test("text, with usage as it was last said and the cache apart", async () => {
    const events = await typed(recorded.text);
    expect(events[0]).toMatchObject({ type: "completion-started", id: "msg_01XFDUDYJgAACzvnptvVoYEL", serviceTier: "standard" });
    expect(withoutUsageAndHead(events)).toEqual([
      { type: "content-delta", choice: 0, text: "Grüße aus ", logprobs: [] },
      { type: "content-delta", choice: 0, text: '東京 🚰, "quoted"\n', logprobs: [] },
      { type: "choice-finished", choice: 0, reason: { unified: "stop", raw: "end_turn" } },
    ]);
    expect(lastUsage(events)).toMatchObject({
      inputTokens: 10_982,
      cacheReadTokens: 200,
      cacheWriteTokens: 100,
      outputTokens: 15,
      estimated: false,
    });
  });

  test("calls of tools, argument for argument; one without arguments is called with none", async () => {
    const events = await typed(recorded.toolUse);
    const calls = events.flatMap((event) => (event.type === "tool-call-delta" ? [event] : []));
    const joined = (index: number) =>
      calls
        .filter((call) => call.index === index)
        .map(({ arguments: said }) => said)
        .join("");
    expect(calls.filter(({ id }) => id !== "").map(({ index, id, name }) => [index, id, name])).toEqual([
      [0, "toolu_01T1x1fJ34qAmk2tNTrN7Up6", "get_weather"],
      [1, "toolu_02", "get_time"],
    ]);
    expect([joined(0), joined(1)]).toEqual(['{"place": "Oslo", "id": 12345678901234567890}', "{}"]);
    // What the last report has as null, or leaves out, stays as it was.
    expect(lastUsage(events)).toMatchObject({ inputTokens: 475, cacheReadTokens: 3, outputTokens: 89 });
  });

  test("thinking with its signature, sealed thinking, a stop sequence", async () => {
    const events = await typed(recorded.thinking);
    const signed = { id: "", format: "anthropic-claude-v1", provider: "a" };
    expect(withoutUsageAndHead(events)).toEqual([
      { type: "reasoning-delta", choice: 0, text: "First the " },
      { type: "reasoning-delta", choice: 0, text: "units." },
      { type: "reasoning-detail", choice: 0, detail: { kind: "signature", value: "EqQBCgIYAhIM1gbcDa9G==", ...signed } },
      { type: "reasoning-detail", choice: 0, detail: { kind: "encrypted", value: "EmwKAhgBEgy3va3p", ...signed } },
      { type: "content-delta", choice: 0, text: "42 l.", logprobs: [] },
      { type: "choice-finished", choice: 0, reason: { unified: "stop", raw: "stop_sequence", stopSequence: "END" } },
    ]);
    expect(lastUsage(events)).toMatchObject({ outputTokens: 40, reasoningTokens: 30 });
  });

  test("what the provider's own tools did, and citations with their place in the answer", async () => {
    const events = await typed(recorded.search);
    const foreign = events.flatMap((event) => (event.type === "foreign-part" ? [JSON.parse(event.data) as { type: string }] : []));
    expect(foreign).toMatchObject([{ type: "server_tool_use", input: { query: "dams" } }, { type: "web_search_tool_result" }]);
    const annotations = events.flatMap((event) => (event.type === "annotation" ? [event.annotation] : []));
    expect(annotations).toMatchObject([
      { url: "https://example.org/dams", title: "Dams", citedText: "It is tall", startIndex: 0, endIndex: 12 },
      { url: "", title: "Notes", citedText: "wide", startIndex: 12, endIndex: 21 },
    ]);
    expect(events.filter(({ type }) => type === "part-ended")).toHaveLength(1);
    expect(events.at(-2)).toMatchObject({ type: "choice-finished", reason: { unified: "other", raw: "pause_turn" } });
  });
});

test.each(Object.entries(recorded.recordedStreams))("%s: any cut of the bytes gives the same events, in both forms", async (_, stream) => {
  for (const form of ["native", "typed"] as const) {
    const whole = await answer({ form, pieces: [bytesOf(stream)] });
    expect(whole.failure).toBeUndefined();
    const times = (events: readonly CompletionEvent[]) => events.map((event) => ({ ...event, created: 0 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (offsets) => {
        const cut = await answer({ form, pieces: cutAt(bytesOf(stream), offsets) });
        expect(cut.failure).toBeUndefined();
        expect(times(cut.events)).toEqual(times(whole.events));
      }),
      { numRuns: 60 },
    );
  }
});

test.each(Object.entries(recorded.recordedStreams))("%s passes as it was written, but for the model's name", async (_, stream) => {
  const { events } = await answer({ form: "native", pieces: [bytesOf(stream)] });
  const chunks = events.flatMap((event) => (event.type === "native-chunk" ? [event] : []));
  const written = chunks.map(({ name, data }) => `event: ${name}\ndata: ${data}\n\n`).join("");
  expect(written).toBe(stream.replace('"model":"claude-sonnet-4-5-20250929"', '"model":"chat"'));
  // The meter is told all the same.
  expect(events.some(({ type }) => type === "choice-finished")).toBe(true);
  expect(lastUsage(events)?.outputTokens).toBeGreaterThan(0);
  const typedLength = (await typed(stream)).reduce(
    (sum, event) => sum + (event.type === "content-delta" || event.type === "reasoning-delta" ? event.text.length : 0),
    0,
  );
  expect(chunks.reduce((sum, { textLength }) => sum + textLength, 0)).toBeGreaterThanOrEqual(typedLength);
});

test("a stream is whole with message_stop alone: cut anywhere before, it has failed", async () => {
  const bytes = bytesOf(recorded.thinking);
  const end = recorded.thinking.lastIndexOf("event: message_stop");
  const before = Buffer.byteLength(recorded.thinking.slice(0, end));
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: before }), async (length) => {
      const { failure } = await answer({ form: "native", pieces: [bytes.subarray(0, length)] });
      expect(failure).toMatchObject({ kind: "UPSTREAM_TRUNCATED" });
    }),
    { numRuns: 60 },
  );
});

test("a stream commits with its first content, and not with what only opens it", async () => {
  const pieces = recorded.text.split(/(?<=\n\n)/).map(bytesOf);
  const { batches } = await answer({ form: "native", pieces });
  expect(batches.map(({ bearsContent }) => bearsContent)).toEqual([false, false, false, true, true, false, true, true]);
});

test("an error within a stream is an error, and what came before it has been told", async () => {
  const { events, failure } = await answer({ form: "native", pieces: [bytesOf(recorded.overloaded)] });
  expect(failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", details: { upstreamStatus: 529, anotherBackendMayHelp: true } });
  expect(JSON.stringify(events)).toContain("Half");
});

describe("statuses", () => {
  const failed = async (status: number, type: string, message: string) =>
    (await answer({ form: "native", status, headers: {}, pieces: [bytesOf(JSON.stringify({ type: "error", error: { type, message } }))] }))
      .failure;
  test.each<[number, string, string, string]>([
    [400, "invalid_request_error", "messages: at least one message is required", "UPSTREAM_REJECTED"],
    [400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", "CONTEXT_LENGTH_EXCEEDED"],
    [400, "invalid_request_error", "Your credit balance is too low to access the API", "UPSTREAM_UNAVAILABLE"],
    [401, "authentication_error", "invalid x-api-key sk-secret-credential", "UPSTREAM_UNAVAILABLE"],
    [403, "permission_error", "no", "UPSTREAM_UNAVAILABLE"],
    [404, "not_found_error", "model: claude-0", "UPSTREAM_UNAVAILABLE"],
    [413, "request_too_large", "too large", "PAYLOAD_TOO_LARGE"],
    [429, "rate_limit_error", "slow down", "UPSTREAM_RATE_LIMITED"],
    [500, "api_error", "oops", "UPSTREAM_UNAVAILABLE"],
    [504, "timeout_error", "slow", "UPSTREAM_TIMEOUT"],
    [529, "overloaded_error", "Overloaded", "UPSTREAM_UNAVAILABLE"],
  ])("%i %s (%s) is %s", async (status, type, message, kind) => {
    const failure = await failed(status, type, message);
    expect(failure).toMatchObject({ kind });
    expect((failure as Error).message).not.toContain("sk-secret-credential");
  });
});

test.each<[string, string]>([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
  ["pause_turn", "other"],
  ["never_heard_of", "other"],
])("the stop reason %s is %s, and kept as it was said", async (raw, unified) => {
  const events = await typed(recorded.text.replace("end_turn", raw));
  expect(events.find((event) => event.type === "choice-finished")?.reason).toEqual({ unified, raw });
  expect(unknown.includes(raw)).toBe(raw === "never_heard_of");
});

test("a message that is not streamed says the same as its stream, and big numbers stay as they are", async () => {
  const message = {
    model: "claude-x",
    id: "msg_1",
    type: "message",
    role: "assistant",
    content: [
      { type: "thinking", thinking: "so", signature: "sig" },
      { type: "text", text: "hi" },
      { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 4 },
    novelty: { kept: true },
  };
  const body = JSON.stringify(message).replace('{"a":1}', '{"a":12345678901234567890}');
  const json = { body: { stream: false }, headers: { "content-type": "application/json" }, pieces: [bytesOf(body)] };
  const whole = await answer({ ...json, form: "typed" });
  expect(whole.events.map(({ type }) => type)).toEqual([
    "completion-started",
    "usage",
    "reasoning-delta",
    "reasoning-detail",
    "content-delta",
    "tool-call-delta",
    "tool-call-delta",
    "choice-finished",
    "usage",
  ]);
  expect(JSON.stringify(whole.events)).toContain('{\\"a\\":12345678901234567890}');
  const native = await answer({ ...json, form: "native" });
  expect(native.events.find((event) => event.type === "native-answer")?.data).toBe(body.replace("claude-x", "chat"));
});
