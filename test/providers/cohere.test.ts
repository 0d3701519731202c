/** Cohere's wire: what a request becomes, what an answer means, and whose fault an error is. */
import { afterEach, describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { cohereProvider } from "../../data-plane/providers/cohere/provider.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { answered, type Recording, startRecordedServer, type TestCall, testPools } from "./recorded-server.ts";
import * as recorded from "./recordings/cohere.ts";

let pools: UpstreamPools | undefined;
const unknown: string[] = [];
afterEach(async () => {
  await pools?.close();
  pools = undefined;
  unknown.length = 0;
});
const provider = () => {
  pools ??= testPools();
  return cohereProvider(pools, (dialect, raw) => unknown.push(`${dialect} ${raw}`));
};
const json = (body: string, status = 200): Recording => ({ status, headers: { "content-type": "application/json" }, pieces: [body] });

async function asked(recording: Recording, call: Partial<TestCall> = {}) {
  await using server = await startRecordedServer(() => recording);
  const answer = await answered(provider(), {
    kind: "cohere",
    baseUrl: server.url,
    credential: "co-1",
    model: "command-a-03-2025",
    ...call,
  });
  const [request] = server.asked;
  return { ...answer, request, sent: JSON.parse(request?.body ?? "null") as Record<string, unknown> };
}
const streamed = (text: string, call: Partial<TestCall> = {}) =>
  asked({ pieces: [text] }, { ...call, body: { stream: true, ...call.body } });
const sentOf = (body: Record<string, unknown>, call: Partial<TestCall> = {}) => asked(json(recorded.answer), { ...call, body });
const of = <Type extends CompletionEvent["type"]>(events: readonly CompletionEvent[], type: Type) =>
  events.filter((event): event is Extract<CompletionEvent, { type: Type }> => event.type === type);

test("a call goes to v2 whether the base URL says it or not", async () => {
  const { request } = await asked(json(recorded.answer));
  expect(request?.path).toBe("/v2/chat");
  expect(request?.headers.authorization).toBe("Bearer co-1");
  await using server = await startRecordedServer(() => json(recorded.answer));
  await answered(provider(), { kind: "cohere", baseUrl: `${server.url}/v2`, credential: "co-1" });
  expect(server.asked[0]?.path).toBe("/v2/chat");
});

test("a request becomes Cohere's", async () => {
  const { sent } = await sentOf({
    messages: [
      { role: "developer", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "file", file: { file_data: `data:text/plain;base64,${Buffer.from("Köln").toString("base64")}`, filename: "a.txt" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        reasoning_content: "I will look.",
        tool_calls: [{ id: "w", type: "function", function: { name: "weather", arguments: "" } }],
      },
      { role: "tool", tool_call_id: "w", content: "rain" },
      { role: "assistant", content: "It rains.", reasoning_content: "So it rains." },
      { role: "user", content: "Thanks" },
    ],
    max_tokens: 10,
    temperature: 0.3,
    top_p: 0.5,
    top_k: 5,
    stop: "END",
    seed: 7,
    frequency_penalty: 0.1,
    logprobs: true,
    response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
    reasoning: { max_tokens: 100 },
    tools: [{ type: "function", function: { name: "weather", strict: true } }],
    tool_choice: "required",
  });
  expect(sent).toEqual({
    model: "command-a-03-2025",
    stream: false,
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "document", document: { data: { title: "a.txt", text: "Köln" } } },
        ],
      },
      {
        role: "assistant",
        tool_calls: [{ id: "w", type: "function", function: { name: "weather", arguments: "{}" } }],
        tool_plan: "I will look.",
      },
      { role: "tool", tool_call_id: "w", content: "rain" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "So it rains." },
          { type: "text", text: "It rains." },
        ],
      },
      { role: "user", content: "Thanks" },
    ],
    max_tokens: 10,
    temperature: 0.3,
    p: 0.5,
    k: 5,
    stop_sequences: ["END"],
    seed: 7,
    frequency_penalty: 0.1,
    logprobs: true,
    response_format: { type: "json_object", json_schema: { type: "object" } },
    thinking: { type: "enabled", token_budget: 100 },
    tools: [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }],
    tool_choice: "REQUIRED",
    strict_tools: true,
  });
});

test.each<[object, object]>([
  [{ reasoning_effort: "none" }, { thinking: { type: "disabled" } }],
  [{ reasoning: { enabled: true } }, { thinking: { type: "enabled" } }],
  [{ response_format: { type: "json_object" } }, { response_format: { type: "json_object" } }],
])("%j becomes %j", async (said, meant) => {
  expect((await sentOf(said as Record<string, unknown>)).sent).toMatchObject(meant);
});

describe("what has no place is refused by name:", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ n: 2 }, "n"],
    [{ top_logprobs: 2, logprobs: true }, "top_logprobs"],
    [{ logit_bias: { 1: 1 } }, "logit_bias"],
    [{ reasoning_effort: "high" }, "reasoning_effort"],
    [{ messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] }, "messages[0].content[0].input_audio"],
    [
      { messages: [{ role: "user", content: [{ type: "file", file: { file_data: "data:application/pdf;base64,AAAA" } }] }] },
      "messages[0].content[0].file",
    ],
    [
      {
        messages: [
          { role: "user", content: "x" },
          { role: "tool", tool_call_id: "a", content: "no", is_error: true },
        ],
      },
      "messages[1].is_error",
    ],
  ])("%j", async (body, field) => {
    expect((await sentOf(body)).failure).toMatchObject({ kind: "UNSUPPORTED_PARAMETER", details: { field } });
    expect((await sentOf(body, { drop: [field.replaceAll(/\[\d+\]/g, "")] })).failure).toBeUndefined();
  });
});

describe("an answer", () => {
  test("of thoughts and text, with its sources", async () => {
    const { events, failure } = await streamed(recorded.text);
    expect(failure).toBeUndefined();
    expect(of(events, "completion-started")).toMatchObject([
      { id: "29f14a5a-11de-4cae-9800-25e4747408ea", servedModel: "command-a-03-2025" },
    ]);
    expect(of(events, "reasoning-delta").map(({ text }) => text)).toEqual(["It is water."]);
    expect(of(events, "content-delta").map(({ text }) => text)).toEqual(["The water ", "flows 🚰 down."]);
    expect(of(events, "annotation")).toMatchObject([
      { annotation: { url: "https://example.org/rivers", title: "Rivers", citedText: "water", startIndex: 4, endIndex: 9 } },
    ]);
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "stop", raw: "COMPLETE" } }]);
    // What the model read, and not what the bill counts.
    expect(of(events, "usage")[0]?.usage).toMatchObject({ inputTokens: 66, outputTokens: 9, cacheReadTokens: 16, estimated: false });
  });

  test("of a plan and calls", async () => {
    const { events } = await streamed(recorded.calls);
    expect(of(events, "reasoning-delta").map(({ text }) => text)).toEqual(["I will ", "look."]);
    expect(of(events, "tool-call-delta").map(({ index, id, name, arguments: said }) => [index, id, name, said])).toEqual([
      [0, "weather_1", "weather", ""],
      [0, "", "", '{"city":'],
      [0, "", "", '"Köln"}'],
      [1, "time_2", "time", ""],
    ]);
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "tool_calls" } }]);
  });

  test("not streamed is the same", async () => {
    const { events, failure } = await asked(json(recorded.answer));
    expect(failure).toBeUndefined();
    expect(of(events, "reasoning-delta")).toMatchObject([{ text: "I will look." }]);
    expect(of(events, "content-delta")).toMatchObject([
      {
        text: "The water",
        logprobs: [
          { token: "The water", logprob: -0.1 },
          { token: "", logprob: -0.2 },
        ],
      },
    ]);
    expect(of(events, "tool-call-delta")).toMatchObject([{ id: "weather_1", arguments: '{"city":"Köln"}' }]);
    expect(of(events, "annotation")).toHaveLength(1);
  });

  test("that ended in an error has failed, whatever came before", async () => {
    const { events, failure } = await streamed(recorded.failed);
    expect(of(events, "content-delta")).toHaveLength(1);
    expect(failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE" });
    expect((await streamed(recorded.failed.replace('"ERROR"', '"TIMEOUT"'))).failure).toMatchObject({ kind: "UPSTREAM_TIMEOUT" });
  });

  test("that merely stops has failed", async () => {
    expect((await streamed(recorded.text.slice(0, recorded.text.lastIndexOf("event:")))).failure).toMatchObject({
      kind: "UPSTREAM_TRUNCATED",
    });
  });

  test("that ends in a word nobody knows keeps the word and tells of it", async () => {
    const { events } = await streamed(recorded.text.replace('"COMPLETE"', '"GREW_TIRED"'));
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "other", raw: "GREW_TIRED" } }]);
    expect(unknown).toEqual(["cohere GREW_TIRED"]);
  });
});

test.each<[number, string, object]>([
  [400, "invalid request: bad", { kind: "UPSTREAM_REJECTED", message: "invalid request: bad" }],
  [400, "too many tokens: total number of tokens", { kind: "CONTEXT_LENGTH_EXCEEDED" }],
  [401, "invalid api token", { kind: "UPSTREAM_UNAVAILABLE" }],
  [498, "blocked", { kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } }],
  [429, "trial limit", { kind: "UPSTREAM_RATE_LIMITED" }],
  [499, "cancelled", { kind: "UPSTREAM_TIMEOUT" }],
])("%i %s", async (status, message, meant) => {
  expect((await asked(json(JSON.stringify({ id: "x", message }), status))).failure).toMatchObject(meant);
});
