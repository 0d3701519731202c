/** Gemini's wire: what an answer means, and whose fault an error is. */
import { GoogleGenAI } from "@google/genai";
import { describe, expect, test } from "vitest";
import { asked, json, of, streamed, unknown } from "./gemini-calls.ts";
import { startRecordedServer } from "./recorded-server.ts";
import * as recorded from "./recordings/gemini.ts";

describe("an answer", () => {
  test("of text", async () => {
    const { events, failure, batches } = await streamed(recorded.text);
    expect(failure).toBeUndefined();
    expect(of(events, "completion-started")).toMatchObject([{ id: "mJ5gaKf1E8-yvdIPsNiHmAU", servedModel: "gemini-2.5-flash" }]);
    expect(of(events, "content-delta").map(({ text }) => text)).toEqual(["The water ", "flows 🚰 down."]);
    expect(of(events, "choice-finished")).toEqual([{ type: "choice-finished", choice: 0, reason: { unified: "stop", raw: "STOP" } }]);
    expect(of(events, "usage")).toMatchObject([{ usage: { inputTokens: 8, outputTokens: 7, estimated: false } }]);
    expect(batches[0]?.bearsContent).toBe(true);
  });

  test("of thoughts and calls, whose end is that of calls although it says STOP", async () => {
    const { events } = await streamed(recorded.thoughtsAndCalls);
    expect(of(events, "reasoning-delta").map(({ text }) => text)).toEqual(["**Comparing** two cities"]);
    const [first, second] = of(events, "tool-call-delta");
    expect(first).toMatchObject({ index: 0, name: "weather", arguments: '{"city":"Köln","id":12345678901234567891}' });
    expect(first?.id).toMatch(/^call-gemini-[\w-]{1,40}$/);
    expect(second).toMatchObject({ index: 1, id: "fc-2", name: "weather", arguments: "{}" });
    expect(of(events, "reasoning-detail")).toEqual([
      {
        type: "reasoning-detail",
        choice: 0,
        detail: { kind: "encrypted", value: "EpwCCpkCAdHtim+signature", id: first?.id, format: "google-gemini-v1", provider: "a" },
      },
    ]);
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "tool_calls", raw: "STOP" } }]);
    // Thoughts are beside the candidates' tokens, and what a tool put before the model is beside the prompt's.
    expect(of(events, "usage").at(-1)?.usage).toMatchObject({ inputTokens: 10, outputTokens: 76, cacheReadTokens: 5, reasoningTokens: 64 });
  });

  test("with a signature that is no call's", async () => {
    const { events } = await streamed(recorded.signedText);
    expect(of(events, "reasoning-detail")).toMatchObject([{ detail: { value: "c2ln", id: "" } }]);
    expect(of(events, "content-delta")).toHaveLength(1);
  });

  test("with its sources, in characters and not in bytes", async () => {
    const { events } = await streamed(recorded.grounded);
    expect(of(events, "annotation")).toMatchObject([
      { annotation: { url: "https://example.org/koeln", title: "example.org", startIndex: 0, endIndex: 20, dialect: "gemini" } },
    ]);
  });

  test("of two candidates, with a picture and probabilities, not streamed", async () => {
    const { events } = await asked(json(recorded.twoCandidates), { body: { n: 2 } });
    expect(of(events, "content-delta")).toMatchObject([
      { choice: 0, text: "a", logprobs: [{ token: "a", logprob: -0.5, top: [{ token: "a" }, { token: "b" }] }] },
    ]);
    expect(of(events, "image")).toEqual([{ type: "image", choice: 1, url: "data:image/png;base64,iVBORw0KGgo=" }]);
    expect(of(events, "choice-finished").map(({ choice, reason }) => [choice, reason.unified])).toEqual([
      [0, "stop"],
      [1, "length"],
    ]);
  });

  test("to a prompt that was blocked is an end by filter, and commits", async () => {
    const { events, failure, batches } = await streamed(recorded.blockedPrompt);
    expect(failure).toBeUndefined();
    expect(of(events, "choice-finished")).toMatchObject([{ choice: 0, reason: { unified: "content_filter", raw: "PROHIBITED_CONTENT" } }]);
    expect(batches.at(-1)?.bearsContent).toBe(true);
  });

  test("with what only Gemini has a word for keeps it whole", async () => {
    const { events } = await streamed(recorded.ranCode);
    expect(of(events, "foreign-part").map(({ data }) => JSON.parse(data))).toEqual([
      { executableCode: { language: "PYTHON", code: "print(1)" } },
      { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } },
    ]);
  });

  test("that ends in a word nobody knows keeps the word and tells of it", async () => {
    const { events } = await streamed(recorded.text.replace('"STOP"', '"GREW_TIRED"'));
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "other", raw: "GREW_TIRED" } }]);
    expect(unknown).toEqual(["gemini GREW_TIRED"]);
  });

  test("that merely stops has failed", async () => {
    const withoutEnd = recorded.text.slice(0, recorded.text.indexOf("data:", 10));
    expect((await streamed(withoutEnd)).failure).toMatchObject({ kind: "UPSTREAM_TRUNCATED" });
    expect((await asked({ pieces: [withoutEnd], cut: true }, { body: { stream: true } })).failure).toMatchObject({
      kind: "UPSTREAM_UNAVAILABLE",
    });
    expect((await streamed("")).failure).toMatchObject({ kind: "UPSTREAM_TRUNCATED" });
    // Of two candidates one goes on.
    const oneOfTwo = recorded.text.replace('"index":0}', '"index":1}');
    expect((await streamed(oneOfTwo)).failure).toMatchObject({ kind: "UPSTREAM_TRUNCATED" });
  });

  test("that turns into an error tells the error", async () => {
    const text = recorded.text.slice(0, recorded.text.indexOf("data:", 10)) + `data: ${JSON.stringify(recorded.errors.overloaded)}\r\n\r\n`;
    const { failure, events } = await streamed(text);
    expect(of(events, "content-delta")).toHaveLength(1);
    expect(failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", details: { upstreamStatus: 503 } });
  });

  test("that was not streamed although a stream was asked for is read all the same", async () => {
    const { events, failure } = await asked(json(recorded.twoCandidates), { body: { stream: true, n: 2 } });
    expect(failure).toBeUndefined();
    expect(of(events, "choice-finished")).toHaveLength(2);
  });
});

describe("an error is", () => {
  test.each<[string, unknown, number, object]>([
    ["the operator's: a bad key", recorded.errors.badKey, 400, { kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } }],
    [
      "the caller's: a bad field",
      recorded.errors.badField,
      400,
      { kind: "UPSTREAM_REJECTED", details: { field: "generation_config.temperature" } },
    ],
    ["the caller's: too much", recorded.errors.tooLong, 400, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["nobody's: over the limit", recorded.errors.quota, 429, { kind: "UPSTREAM_RATE_LIMITED", details: { retryAfterMs: 34_070 } }],
    ["the backend's: overloaded", recorded.errors.overloaded, 503, { kind: "UPSTREAM_UNAVAILABLE" }],
    ["the same in a list", [recorded.errors.tooLong], 400, { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["not readable", "<html>", 502, { kind: "UPSTREAM_UNAVAILABLE" }],
  ])("%s", async (_, body, status, meant) => {
    expect((await asked(json(body, status))).failure).toMatchObject(meant);
  });
});

test("Google's own SDK reads from the recordings what we do", async () => {
  await using server = await startRecordedServer(() => ({ pieces: [recorded.thoughtsAndCalls] }));
  const google = new GoogleGenAI({ apiKey: "key-1", httpOptions: { baseUrl: server.url } });
  const calls: unknown[] = [];
  const signatures: unknown[] = [];
  for await (const chunk of await google.models.generateContentStream({ model: "gemini-2.5-flash", contents: "x" })) {
    for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
      if (part.functionCall !== undefined) calls.push([part.functionCall.name, part.functionCall.args]);
      if (part.thoughtSignature !== undefined) signatures.push(part.thoughtSignature);
    }
  }
  const { events } = await streamed(recorded.thoughtsAndCalls);
  expect(of(events, "tool-call-delta").map(({ name, arguments: said }) => [name, JSON.parse(said)])).toEqual(calls);
  expect(of(events, "reasoning-detail").map(({ detail }) => detail.value)).toEqual(signatures);
});
