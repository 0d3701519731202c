/** Gemini's wire: what a request becomes, what an answer means, and whose fault an error is. */
import { GoogleGenAI } from "@google/genai";
import { afterEach, describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { geminiProvider } from "../../data-plane/providers/gemini/provider.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { answered, type Recording, startRecordedServer, type TestCall, testPools } from "./recorded-server.ts";
import * as recorded from "./recordings/gemini.ts";

let pools: UpstreamPools | undefined;
const unknown: string[] = [];
afterEach(async () => {
  await pools?.close();
  pools = undefined;
  unknown.length = 0;
});
const provider = () => {
  pools ??= testPools();
  return geminiProvider(pools, (dialect, raw) => unknown.push(`${dialect} ${raw}`));
};
const json = (body: unknown, status = 200): Recording => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8" },
  pieces: [typeof body === "string" ? body : JSON.stringify(body)],
});

/** Asks a server that answers with the recording, and says what it was asked and what came of it. */
async function asked(recording: Recording, call: Partial<TestCall> = {}) {
  await using server = await startRecordedServer(() => recording);
  const answer = await answered(provider(), { kind: "gemini", baseUrl: `${server.url}/v1beta`, credential: "key-1", ...call });
  const [request] = server.asked;
  return { ...answer, request, sent: JSON.parse(request?.body ?? "null") as Record<string, unknown> };
}
const streamed = (text: string, call: Partial<TestCall> = {}) =>
  asked({ pieces: [text] }, { ...call, body: { stream: true, ...call.body } });
const sentOf = async (body: Record<string, unknown>, call: Partial<TestCall> = {}) => {
  const { sent, failure, dropped } = await asked(json(recorded.twoCandidates), { ...call, body });
  return { sent, failure, dropped };
};
const of = <Type extends CompletionEvent["type"]>(events: readonly CompletionEvent[], type: Type) =>
  events.filter((event): event is Extract<CompletionEvent, { type: Type }> => event.type === type);

describe("a call goes to", () => {
  test("the Gemini API with its key in a header and not in the address", async () => {
    const { request } = await asked(json(recorded.twoCandidates), { model: "gemini-2.5-flash" });
    expect(request?.path).toBe("/v1beta/models/gemini-2.5-flash:generateContent");
    expect(request?.headers).toMatchObject({ "x-goog-api-key": "key-1", "content-type": "application/json" });
    expect(request?.headers.authorization).toBeUndefined();
  });

  test("Vertex AI with a token", async () => {
    await using server = await startRecordedServer(() => ({ pieces: [recorded.text] }));
    const { failure } = await answered(provider(), {
      kind: "gemini",
      baseUrl: `${server.url}/v1/projects/p/locations/eu/publishers/google`,
      credential: "ya29.t",
      model: "gemini-2.5-pro",
      body: { stream: true },
      more: { authentication: { case: "bearer", value: true } },
    });
    expect(failure).toBeUndefined();
    expect(server.asked[0]?.path).toBe("/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    expect(server.asked[0]?.headers.authorization).toBe("Bearer ya29.t");
  });

  test("a tuned model by its own path, and nowhere else by a name with a query in it", async () => {
    expect((await asked(json(recorded.twoCandidates), { model: "tunedModels/mine" })).request?.path).toBe(
      "/v1beta/tunedModels/mine:generateContent",
    );
    expect((await asked(json(recorded.twoCandidates), { model: "a?b:c" })).request?.path).toBe("/v1beta/models/a%3Fb%3Ac:generateContent");
  });
});

describe("a request becomes", () => {
  test("contents in turns, with the system's text apart", async () => {
    const { sent } = await sentOf({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "developer", content: [{ type: "text", text: "And kind." }] },
        { role: "user", content: "Hi" },
        { role: "user", content: [{ type: "text", text: "there" }] },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "Bye" },
      ],
    });
    expect(sent["systemInstruction"]).toEqual({ parts: [{ text: "Be brief." }, { text: "And kind." }] });
    expect(sent["contents"]).toEqual([
      { role: "user", parts: [{ text: "Hi" }, { text: "there" }] },
      { role: "model", parts: [{ text: "Hello" }] },
      { role: "user", parts: [{ text: "Bye" }] },
    ]);
  });

  test("pictures, sound, films and files", async () => {
    const { sent, dropped } = await sentOf({
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
            { type: "image_url", image_url: { url: "https://example.org/a.webp?x=1" } },
            { type: "input_audio", input_audio: { data: "BBBB", format: "wav" } },
            { type: "file", file: { file_data: "data:application/pdf;base64,CCCC", filename: "a.pdf" } },
            { type: "file", file: { file_url: "https://example.org/b.pdf" } },
            { type: "file", file: { file_id: "https://generativelanguage.googleapis.com/v1beta/files/x" } },
            { type: "video_url", video_url: { url: "gs://bucket/a.mov" } },
          ],
        },
      ],
    });
    expect(sent["contents"]).toEqual([
      {
        role: "user",
        parts: [
          { inlineData: { mimeType: "image/png", data: "AAAA" } },
          { fileData: { fileUri: "https://example.org/a.webp?x=1", mimeType: "image/webp" } },
          { inlineData: { mimeType: "audio/wav", data: "BBBB" } },
          { inlineData: { mimeType: "application/pdf", data: "CCCC" } },
          { fileData: { fileUri: "https://example.org/b.pdf", mimeType: "application/pdf" } },
          { fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/x" } },
          { fileData: { fileUri: "gs://bucket/a.mov", mimeType: "video/quicktime" } },
        ],
      },
    ]);
    expect(dropped).toEqual(["messages.content.image_url.detail", "messages.content.file.filename"]);
  });

  test("a generation config", async () => {
    const { sent } = await sentOf({
      max_completion_tokens: 100,
      temperature: 1.5,
      top_p: 0.5,
      top_k: 40,
      n: 2,
      stop: "END",
      seed: 7,
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
      logprobs: true,
      top_logprobs: 3,
      modalities: ["text", "audio"],
      audio: { voice: "Kore", format: "pcm16" },
    });
    expect(sent["generationConfig"]).toEqual({
      maxOutputTokens: 100,
      temperature: 1.5,
      topP: 0.5,
      topK: 40,
      candidateCount: 2,
      stopSequences: ["END"],
      seed: 7,
      presencePenalty: 0.5,
      frequencyPenalty: -0.5,
      responseLogprobs: true,
      logprobs: 3,
      responseModalities: ["TEXT", "AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
    });
  });

  test("a schema as it was written", async () => {
    const schema = { type: "object", properties: { a: { type: ["string", "null"] } }, additionalProperties: false, $defs: {} };
    const { sent } = await sentOf({ response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema } } });
    expect(sent["generationConfig"]).toEqual({ responseMimeType: "application/json", responseJsonSchema: schema });
    expect((await sentOf({ response_format: { type: "json_object" } })).sent["generationConfig"]).toEqual({
      responseMimeType: "application/json",
    });
  });

  test.each<[string, object, object | undefined]>([
    ["gemini-2.5-flash", { reasoning_effort: "high" }, { thinkingBudget: 24_576, includeThoughts: true }],
    ["gemini-2.5-flash", { reasoning_effort: "none" }, { thinkingBudget: 0 }],
    ["gemini-2.5-flash", { reasoning: { max_tokens: 500, exclude: true } }, { thinkingBudget: 500 }],
    ["gemini-3-pro", { reasoning_effort: "low" }, { thinkingLevel: "low", includeThoughts: true }],
    ["gemini-3-pro", { reasoning: { enabled: true } }, { includeThoughts: true }],
    ["gemini-3-pro", {}, undefined],
  ])("thinking in the words of %s for %j", async (model, said, config) => {
    const { sent } = await sentOf(said as Record<string, unknown>, { model });
    expect((sent["generationConfig"] as Record<string, unknown> | undefined)?.["thinkingConfig"]).toEqual(config);
  });

  const weather = { type: "function", function: { name: "weather", description: "d", parameters: { type: "object" }, strict: true } };
  const time = { type: "function", function: { name: "time" } };
  test.each<[unknown, object | undefined]>([
    [undefined, undefined],
    ["auto", { mode: "AUTO" }],
    ["none", { mode: "NONE" }],
    ["required", { mode: "ANY" }],
    [
      { type: "function", function: { name: "time" } },
      { mode: "ANY", allowedFunctionNames: ["time"] },
    ],
    [
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "time" } }] } },
      { mode: "VALIDATED", allowedFunctionNames: ["time"] },
    ],
  ])("tools, and the choice %j", async (choice, config) => {
    const { sent } = await sentOf({ tools: [weather, time], ...(choice === undefined ? {} : { tool_choice: choice }) });
    expect(sent["tools"]).toEqual([
      { functionDeclarations: [{ name: "weather", description: "d", parametersJsonSchema: { type: "object" } }, { name: "time" }] },
    ]);
    expect(sent["toolConfig"]).toEqual(config === undefined ? undefined : { functionCallingConfig: config });
  });

  test("the history of calls, each answer by its function's name, with pictures and failures", async () => {
    const { sent } = await sentOf({
      messages: [
        { role: "user", content: "weather?" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "call-gemini-1", type: "function", function: { name: "weather", arguments: '{"id":12345678901234567891}' } },
            { id: "fc-2", type: "function", function: { name: "time", arguments: "" } },
          ],
        },
        { role: "tool", tool_call_id: "call-gemini-1", content: "rain" },
        {
          role: "tool",
          tool_call_id: "fc-2",
          is_error: true,
          content: [
            { type: "text", text: "no clock" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
      ],
    });
    expect(sent["contents"]).toEqual([
      { role: "user", parts: [{ text: "weather?" }] },
      {
        role: "model",
        parts: [
          { functionCall: { name: "weather", args: { id: Number("12345678901234567891") } } },
          { functionCall: { id: "fc-2", name: "time", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "weather", response: { output: "rain" } } },
          {
            functionResponse: {
              id: "fc-2",
              name: "time",
              response: { error: "no clock" },
              parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }],
            },
          },
        ],
      },
    ]);
  });

  test("numbers beyond 2^53 in arguments survive to the digit", async () => {
    const { request } = await asked(json(recorded.twoCandidates), {
      body: {
        messages: [
          { role: "user", content: "x" },
          {
            role: "assistant",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: '{"id":12345678901234567891}' } }],
          },
          { role: "tool", tool_call_id: "a", content: "1" },
        ],
      },
    });
    expect(request?.body).toContain('"args":{"id":12345678901234567891}');
  });
});

describe("signatures go back where they came from", () => {
  const turn = (more: object, model: string) =>
    sentOf(
      {
        messages: [
          { role: "user", content: "weather?" },
          {
            role: "assistant",
            content: null,
            tool_calls: [
              { id: "a", type: "function", function: { name: "weather", arguments: "{}" } },
              { id: "b", type: "function", function: { name: "weather", arguments: "{}" } },
            ],
            ...more,
          },
          { role: "tool", tool_call_id: "a", content: "rain" },
          { role: "tool", tool_call_id: "b", content: "sun" },
        ],
      },
      { model },
    );
  const partsOf = (sent: Record<string, unknown>) => (sent["contents"] as { parts: Record<string, unknown>[] }[])[1]?.parts ?? [];

  test("on the call, from our own details", async () => {
    const details = [
      { type: "reasoning.text", text: "thinking", format: "google-gemini-v1", provider: "a" },
      { type: "reasoning.encrypted", data: "c2ln", id: "a", format: "google-gemini-v1", provider: "a" },
    ];
    const { sent } = await turn({ reasoning_details: details }, "gemini-3-pro");
    expect(partsOf(sent)).toEqual([
      { text: "thinking", thought: true },
      { functionCall: { id: "a", name: "weather", args: {} }, thoughtSignature: "c2ln" },
      { functionCall: { id: "b", name: "weather", args: {} } },
    ]);
  });

  test("on the call, as Google's own OpenAI-shaped API says it", async () => {
    const { sent } = await sentOf({
      messages: [
        { role: "user", content: "x" },
        {
          role: "assistant",
          tool_calls: [
            {
              id: "a",
              type: "function",
              function: { name: "f", arguments: "{}" },
              extra_content: { google: { thought_signature: "c2ln" } },
            },
          ],
        },
      ],
    });
    expect(partsOf(sent)[0]).toMatchObject({ thoughtSignature: "c2ln" });
  });

  test("on the last part, where they are no call's", async () => {
    const { sent } = await sentOf({
      messages: [
        { role: "user", content: "x" },
        {
          role: "assistant",
          content: "42",
          reasoning_details: [{ type: "reasoning.encrypted", data: "c2ln", format: "google-gemini-v1", provider: "a" }],
        },
        { role: "user", content: "y" },
      ],
    });
    expect(partsOf(sent)).toEqual([{ text: "42", thoughtSignature: "c2ln" }]);
  });

  test("and where a caller lost them, Gemini 3 is told so and others are not", async () => {
    expect(partsOf((await turn({}, "gemini-3-pro")).sent).map(({ thoughtSignature }) => thoughtSignature)).toEqual([
      "skip_thought_signature_validator",
      undefined,
    ]);
    expect(partsOf((await turn({}, "gemini-2.5-pro")).sent).every(({ thoughtSignature }) => thoughtSignature === undefined)).toBe(true);
  });

  test("and another provider's are refused", async () => {
    const details = [{ type: "reasoning.encrypted", data: "x", format: "anthropic-claude-v1", provider: "another" }];
    const { failure } = await turn({ reasoning_details: details }, "gemini-3-pro");
    expect(failure).toMatchObject({ kind: "UNSUPPORTED_PARAMETER", details: { field: "messages[1].reasoning_details" } });
  });
});

describe("what has no place is refused by name, or let go where the route says so:", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ logit_bias: { 1: 2 } }, "logit_bias"],
    [{ store: true }, "store"],
    [{ verbosity: "low" }, "verbosity"],
    [{ something_new: 1 }, "something_new"],
    [{ cached_content: "cachedContents/another-tenant" }, "cached_content"],
    [{ tools: [{ type: "custom", custom: { name: "x" } }] }, "tools[0].custom"],
    [{ tools: [{ type: "function", function: { name: "f" } }], parallel_tool_calls: false }, "parallel_tool_calls"],
    [{ tools: [{ type: "function", function: { name: "f" } }], tool_choice: { type: "odd" } }, "tool_choice"],
    [{ messages: [{ role: "user", name: "ann", content: "x" }] }, "messages[0].name"],
    [{ messages: [{ role: "user", content: [{ type: "odd" }] }] }, "messages[0].content[0].odd"],
    [{ messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] }, "messages[0].content[0].file.file_id"],
    [{ web_search_options: { user_location: {} } }, "web_search_options.user_location"],
    [{ response_format: { type: "grammar" } }, "response_format"],
    [{ reasoning_effort: "enormous" }, "reasoning_effort"],
  ])("%j", async (body, field) => {
    const name = field.replaceAll(/\[\d+\]/g, "");
    expect((await sentOf(body)).failure).toMatchObject({ kind: "UNSUPPORTED_PARAMETER", details: { field } });
    const let_go = await sentOf(body, { drop: [name] });
    expect(let_go.failure).toBeUndefined();
    expect(let_go.dropped).toEqual([name]);
  });

  test("what says nothing, or is the gateway's own, is not", async () => {
    const body = { n: 1, logprobs: false, store: false, user: "u", metadata: { a: "b" }, service_tier: "auto", logit_bias: {}, tools: [] };
    const { failure, dropped } = await sentOf(body);
    expect(failure).toBeUndefined();
    expect(dropped).toEqual([]);
  });

  test("arguments that are no object", async () => {
    const messages = [
      { role: "user", content: "x" },
      { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "[1" } }] },
    ];
    expect((await sentOf({ messages })).failure).toMatchObject({
      kind: "INVALID_ARGUMENT",
      details: { field: "messages[1].tool_calls[0].function.arguments" },
    });
  });
});

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

test("Google's own SDK asks as we do", async () => {
  await using server = await startRecordedServer(() => json(recorded.twoCandidates));
  const google = new GoogleGenAI({ apiKey: "key-1", httpOptions: { baseUrl: server.url, apiVersion: "v1beta" } });
  await google.models.generateContent({
    model: "gemini-2.5-flash",
    contents: [{ role: "user", parts: [{ text: "Hi" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] }],
    config: {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      temperature: 0.5,
      maxOutputTokens: 10,
      stopSequences: ["END"],
      responseMimeType: "application/json",
      responseJsonSchema: { type: "object" },
      thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
      tools: [{ functionDeclarations: [{ name: "f", parametersJsonSchema: { type: "object" } }] }],
    },
  });
  const { request, sent } = await asked(json(recorded.twoCandidates), {
    model: "gemini-2.5-flash",
    body: {
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
      ],
      temperature: 0.5,
      max_tokens: 10,
      stop: ["END"],
      response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
      reasoning_effort: "low",
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
    },
  });
  const [official] = server.asked;
  expect(request?.path).toBe(official?.path);
  const { systemInstruction, ...rest } = JSON.parse(official?.body ?? "{}") as Record<string, { parts?: unknown }>;
  expect(sent).toMatchObject(rest);
  expect(sent["systemInstruction"]).toMatchObject({ parts: systemInstruction?.parts });
});
