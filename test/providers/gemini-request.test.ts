/** Gemini's wire: what a request becomes, and what is refused by name. */
import { GoogleGenAI } from "@google/genai";
import { describe, expect, test } from "vitest";
import { asked, json, provider, sentOf } from "./gemini-calls.ts";
import { answered, startRecordedServer } from "./recorded-server.ts";
import * as recorded from "./recordings/gemini.ts";

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
