/** What servers of each make say in their own way, and what callers get of it: the text, the thoughts, the calls, the end, the usage. */
import { describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { finishReasonOf, finishReasons } from "../../data-plane/providers/openai-compatible/finish.ts";
import * as recorded from "./recordings/openai-compatible.ts";
import { bytesOf, heard } from "./scripted-backend.ts";

const of = <Type extends CompletionEvent["type"]>(events: readonly CompletionEvent[], type: Type) =>
  events.filter((event): event is Extract<CompletionEvent, { type: Type }> => event.type === type);

/** A stream, as a caller of another dialect and as a caller of the same gets it. */
async function both(text: string) {
  const typed = await heard({ form: "typed", pieces: [bytesOf(text)] });
  const native = await heard({ form: "native", pieces: [bytesOf(text)] });
  const chunks = of(native.events, "native-chunk").map(
    ({ data }) =>
      JSON.parse(data) as { choices: { delta: Record<string, unknown>; finish_reason: string | null; native_finish_reason?: string }[] },
  );
  const joined = (name: string) =>
    chunks
      .map(({ choices: [choice] }) => choice?.delta[name])
      .map((said) => (typeof said === "string" ? said : ""))
      .join("");
  return {
    typed,
    native,
    chunks,
    text: of(typed.events, "content-delta")
      .map(({ text: said }) => said)
      .join(""),
    reasoning: of(typed.events, "reasoning-delta")
      .map(({ text: said }) => said)
      .join(""),
    finish: of(typed.events, "choice-finished").map(({ reason }) => reason),
    usage: of(typed.events, "usage").at(-1)?.usage,
    nativeText: joined("content"),
    nativeReasoning: joined("reasoning_content") + joined("reasoning"),
    nativeFinish: chunks.map(({ choices: [choice] }) => choice?.finish_reason).filter((reason) => reason !== null && reason !== undefined),
  };
}

describe("a caller gets the same of", () => {
  test.each<[string, string, { reasoning?: string; raw?: string; finish?: string; usage?: object }]>([
    ["Azure", recorded.azure, {}],
    ["llama.cpp", recorded.llamaCpp, {}],
    ["vLLM", recorded.vllm, { reasoning: "Look." }],
    ["TGI", recorded.tgi, { raw: "eos_token" }],
    ["Mistral", recorded.mistral, { reasoning: "Look.", raw: "model_length", finish: "length" }],
    ["DeepSeek", recorded.deepseek, { reasoning: "Look.", usage: { cacheReadTokens: 4, reasoningTokens: 2 } }],
    ["Groq", recorded.groq, { reasoning: "Look." }],
    ["OpenRouter", recorded.openrouter, { reasoning: "Look." }],
  ])("%s", async (_, text, { reasoning = "", raw = "stop", finish = "stop", usage = {} }) => {
    const got = await both(text);
    expect(got.typed.failure).toBeUndefined();
    expect(got.native.failure).toBeUndefined();
    expect(got.text).toBe("The water flows.");
    expect(got.nativeText).toBe("The water flows.");
    expect(got.reasoning).toBe(reasoning);
    expect(got.nativeReasoning).toBe(reasoning);
    expect(got.finish).toEqual([{ unified: finish, raw }]);
    expect(got.nativeFinish).toEqual([finish]);
    // Counted along or told at the end: the last word counts, and is never added to another.
    expect(got.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, estimated: false, ...usage });
    // Each chunk can be indexed as OpenAI's own callers do.
    for (const { choices } of got.chunks) expect(choices[0]?.delta).toBeTypeOf("object");
  });

  test("Ollama: a whole call without an index, which ends as a call although it says stop", async () => {
    const got = await both(recorded.ollama);
    expect(of(got.typed.events, "tool-call-delta")).toMatchObject([
      { index: 0, id: "call_1", name: "weather", arguments: '{"city":"Köln"}' },
    ]);
    expect(got.finish).toEqual([{ unified: "tool_calls", raw: "stop" }]);
    expect(got.nativeFinish).toEqual(["tool_calls"]);
    expect(got.reasoning).toBe("Look.");
  });
});

test("another's word for an end stands beside OpenAI's", async () => {
  const { chunks } = await both(recorded.tgi);
  expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: "stop", native_finish_reason: "eos_token" });
  // What OpenRouter says there is its own to say.
  const openrouter = await both(recorded.openrouter);
  expect(openrouter.chunks.map(({ choices }) => choices[0]?.native_finish_reason).filter((raw) => raw !== undefined)).toEqual(["end_turn"]);
});

test("Mistral's references stay with the text", async () => {
  const { chunks, typed } = await both(recorded.mistral);
  expect(chunks.flatMap(({ choices }) => choices[0]?.delta["annotations"] ?? [])).toEqual([{ type: "reference", reference_ids: [1] }]);
  expect(of(typed.events, "annotation").map(({ annotation }) => JSON.parse(annotation.raw))).toEqual([
    { type: "reference", reference_ids: [1] },
  ]);
});

test("OpenRouter's signature, source and picture reach callers of another dialect", async () => {
  const { typed } = await both(recorded.openrouter);
  expect(of(typed.events, "reasoning-detail")).toMatchObject([
    { detail: { kind: "signature", value: "EqQB", format: "anthropic-claude-v1" } },
  ]);
  expect(of(typed.events, "annotation")).toMatchObject([
    { annotation: { url: "https://example.org", title: "t", citedText: "c", startIndex: 4, endIndex: 9 } },
  ]);
  expect(of(typed.events, "image")).toEqual([{ type: "image", choice: 0, url: "data:image/png;base64,AAAA" }]);
});

test.each(Object.entries(recorded.calls))("%s calls a function, in its own pieces: the same call in both forms", async (_make, text) => {
  const { typed, native, chunks, finish } = await both(text);
  for (const { failure } of [typed, native]) expect(failure).toBeUndefined();
  const pieces = of(typed.events, "tool-call-delta");
  expect(new Set(pieces.map(({ index }) => index))).toEqual(new Set([0]));
  expect(pieces.map(({ name }) => name).join("")).toBe("weather");
  expect(JSON.parse(pieces.map(({ arguments: said }) => said).join(""))).toEqual({ city: "Köln" });
  expect(finish.map(({ unified }) => unified)).toEqual(["tool_calls"]);
  const own = chunks.flatMap(
    ({ choices: [choice] }) => (choice?.delta["tool_calls"] ?? []) as { index: number; function: { arguments?: string } }[],
  );
  expect(JSON.parse(own.map((piece) => piece.function.arguments ?? "").join(""))).toEqual({ city: "Köln" });
  expect(own.every(({ index }) => index === 0)).toBe(true);
});

test("TGI's arguments as an object are arguments, whole and where a stream was asked for", async () => {
  for (const stream of [false, true]) {
    const got = await heard({
      form: "typed",
      body: { stream },
      headers: { "content-type": "application/json" },
      pieces: [bytesOf(recorded.tgiWholeCall)],
    });
    const pieces = of(got.events, "tool-call-delta");
    expect(pieces.map(({ arguments: said }) => said).join("")).toBe('{"city":"Köln"}');
    expect(of(got.events, "choice-finished").map(({ reason }) => reason.unified)).toEqual(["tool_calls"]);
  }
});

describe("half an answer never ends like a whole one:", () => {
  test.each<[string, string, object]>([
    ["OpenAI's broke off", recorded.openaiTruncated, { kind: "UPSTREAM_TRUNCATED" }],
    ["vLLM aborted it", recorded.vllmAborted, { kind: "UPSTREAM_TRUNCATED" }],
    ["DeepSeek ran out of resources", recorded.deepseekInterrupted, { kind: "UPSTREAM_TRUNCATED" }],
    ["TGI failed on the way", recorded.tgiBroken, { kind: "UPSTREAM_UNAVAILABLE" }],
    ["Groq failed on the way", recorded.groqBroken, { kind: "UPSTREAM_UNAVAILABLE" }],
    ["OpenRouter's provider was over its limit on the way", recorded.openrouterBroken, { kind: "UPSTREAM_RATE_LIMITED" }],
  ])("%s", async (_, text, failure) => {
    for (const form of ["typed", "native"] as const) {
      const got = await heard({ form, pieces: [bytesOf(text)] });
      expect(got.failure).toMatchObject({ ...failure, details: { anotherBackendMayHelp: true } });
      expect(JSON.stringify(got.events)).toContain("The water");
    }
  });
});

describe("a refusal is read in each server's words:", () => {
  const refused = (status: number, body: string) =>
    heard({ form: "typed", body: {}, status, headers: { "content-type": "application/json" }, pieces: [bytesOf(body)] });
  test.each<[string, number, string, object]>([
    [
      "llama.cpp that is still loading",
      503,
      recorded.llamaCppLoading,
      { kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } },
    ],
    ["llama.cpp, too long", 400, recorded.llamaCppTooLong, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["vLLM, too long", 400, recorded.vllmTooLong, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["TGI, too long", 422, recorded.tgiTooLong, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["Mistral, too long", 400, recorded.mistralTooLong, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    [
      "Mistral, a list of faults",
      422,
      recorded.mistralRefusal,
      { kind: "UPSTREAM_REJECTED", message: "body.logit_bias: Extra inputs are not permitted" },
    ],
    [
      "OpenRouter, what the provider behind it said",
      400,
      recorded.openrouterRefusal,
      { kind: "UPSTREAM_REJECTED", message: "Provider returned error: temperature must be at most 1" },
    ],
  ])("%s", async (_, status, body, meant) => {
    expect((await refused(status, body)).failure).toMatchObject(meant);
  });
});

test("every word for an end is OpenAI's, or one of the table, or told", () => {
  const told: string[] = [];
  for (const raw of Object.keys(finishReasons)) finishReasonOf(raw, (_, word) => told.push(word));
  expect(told).toEqual([]);
  expect(finishReasonOf("grew_tired", (dialect, word) => told.push(`${dialect} ${word}`))).toEqual({ unified: "other", raw: "grew_tired" });
  expect(finishReasonOf("constructor", (_, word) => told.push(word))).toEqual({ unified: "other", raw: "constructor" });
  expect(told).toEqual(["openai-compatible grew_tired", "constructor"]);
});
