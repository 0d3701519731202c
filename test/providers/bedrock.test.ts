/** Bedrock's wire: signed calls, Converse's request, its binary stream, and whose fault an error is. */
import { createHash, createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { bedrockProvider } from "../../data-plane/providers/bedrock/provider.ts";
import { signedHeaders } from "../../data-plane/providers/bedrock/signature.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { type Asked, answered, type Recording, startRecordedServer, type TestCall, testPools } from "./recorded-server.ts";
import * as recorded from "./recordings/bedrock.ts";

let pools: UpstreamPools | undefined;
const unknown: string[] = [];
afterEach(async () => {
  await pools?.close();
  pools = undefined;
  unknown.length = 0;
});
const provider = () => {
  pools ??= testPools();
  return bedrockProvider(pools, (dialect, raw) => unknown.push(`${dialect} ${raw}`));
};
const json = (body: string, status = 200, headers: Record<string, string> = {}): Recording => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  pieces: [body],
});
const frames = (bytes: Uint8Array): Recording => ({ headers: { "content-type": recorded.mediaType }, pieces: [bytes] });

async function asked(recording: Recording, call: Partial<TestCall> = {}) {
  await using server = await startRecordedServer(() => recording);
  const answer = await answered(provider(), {
    kind: "bedrock",
    baseUrl: server.url,
    credential: "bedrock-api-key",
    model: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ...call,
  });
  const [request] = server.asked;
  return { ...answer, request, sent: JSON.parse(request?.body ?? "null") as Record<string, unknown> };
}
const streamed = (bytes: Uint8Array, call: Partial<TestCall> = {}) =>
  asked(frames(bytes), { ...call, body: { stream: true, ...call.body } });
const sentOf = (body: Record<string, unknown>, call: Partial<TestCall> = {}) => asked(json(recorded.answer), { ...call, body });
const of = <Type extends CompletionEvent["type"]>(events: readonly CompletionEvent[], type: Type) =>
  events.filter((event): event is Extract<CompletionEvent, { type: Type }> => event.type === type);

describe("a call proves itself", () => {
  test("with a Bedrock API key as a bearer", async () => {
    const { request } = await asked(json(recorded.answer));
    expect(request?.path).toBe("/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    expect(request?.headers.authorization).toBe("Bearer bedrock-api-key");
  });

  const awsKeys = { authentication: { case: "awsKeys" as const, value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-central-1" } } };
  test("with a signature that holds for exactly what was sent, a session token included", async () => {
    const { request, failure } = await streamed(recorded.simple, {
      credential: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      headers: { "x-amz-security-token": "session" },
      model: "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0",
      more: awsKeys,
    });
    expect(failure).toBeUndefined();
    expect(request?.path).toBe(
      "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0/converse-stream",
    );
    expect(request?.headers.authorization).toContain("x-amz-security-token");
    if (request === undefined) throw new Error("nothing was asked");
    expect(signatureOf(request)).toBe(expectedSignature(request, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "eu-central-1"));
    expect(signatureOf(request)).not.toBe(
      expectedSignature({ ...request, body: `${request.body} ` }, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "eu-central-1"),
    );
  });

  test("with a signature per call, and the secret in no header", async () => {
    const headers = await signedHeaders(
      { host: "h", path: "/model/m/converse", headers: ["content-type", "application/json", "x-request-id", "r"], body: "{}" },
      awsKeys.authentication.value,
      "planted-secret",
    );
    expect(headers.join(" ")).not.toContain("planted");
    // What a proxy may change is not signed.
    expect(headers.find((value) => value.startsWith("AWS4-HMAC-SHA256"))).not.toContain("x-request-id");
  });

  test("and where its keys are missing, says so", async () => {
    const { credential: _, ...bare } = { credential: "", kind: "bedrock", baseUrl: "http://127.0.0.1:9", more: awsKeys };
    expect((await answered(provider(), bare)).failure).toMatchObject({
      kind: "UPSTREAM_UNAVAILABLE",
      details: { anotherBackendMayHelp: true },
    });
  });
});

/** By hand, as docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html says: the library is not its own judge. */
function expectedSignature({ method, path, headers, body }: Asked, secret: string, region: string): string {
  const authorization = headers.authorization ?? "";
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? "";
  const scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? "";
  const [date = ""] = scope.split("/");
  expect(scope).toBe(`${date}/${region}/bedrock/aws4_request`);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const canonical = [
    method,
    // Escaped once on the wire, and once more here.
    path.split("/").map(encodeURIComponent).join("/"),
    "",
    ...signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signed,
    sha256(body),
  ].join("\n");
  const key = [region, "bedrock", "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date));
  return hmac(key, ["AWS4-HMAC-SHA256", String(headers["x-amz-date"]), scope, sha256(canonical)].join("\n")).toString("hex");
}
const signatureOf = ({ headers }: Asked): string | undefined => /Signature=(\w+)/.exec(headers.authorization ?? "")?.[1];

describe("a request becomes", () => {
  test("messages in turns, with the system's text apart and cache points behind what they end", async () => {
    const { sent } = await sentOf({
      messages: [
        { role: "system", content: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } }] },
        { role: "user", content: "Hi" },
        { role: "user", content: [{ type: "text", text: "there", cache_control: { type: "ephemeral" } }] },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "" },
      ],
    });
    expect(sent["system"]).toEqual([{ text: "Be brief." }, { cachePoint: { type: "default", ttl: "1h" } }]);
    expect(sent["messages"]).toEqual([
      { role: "user", content: [{ text: "Hi" }, { text: "there" }, { cachePoint: { type: "default" } }] },
      { role: "assistant", content: [{ text: "Hello" }] },
    ]);
  });

  test("pictures, films, sound and documents, each document by a name of its own", async () => {
    const { sent } = await sentOf({
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "data:image/jpeg;base64,AAAA" } },
            { type: "image_url", image_url: { url: "s3://bucket/a.jpg" } },
            { type: "video_url", video_url: { url: "data:video/quicktime;base64,BBBB" } },
            { type: "input_audio", input_audio: { data: "CCCC", format: "wav" } },
            {
              type: "file",
              file: { file_data: "data:application/pdf;base64,DDDD", filename: "report: 2026_final.pdf" },
              citations: { enabled: true },
              context: "of last year",
            },
            { type: "file", file: { file_data: "data:text/plain;base64,EEEE" } },
          ],
        },
      ],
    });
    expect((sent["messages"] as { content: unknown }[])[0]?.content).toEqual([
      { image: { format: "jpeg", source: { bytes: "AAAA" } } },
      { image: { format: "jpeg", source: { s3Location: { uri: "s3://bucket/a.jpg" } } } },
      { video: { format: "mov", source: { bytes: "BBBB" } } },
      { audio: { format: "wav", source: { bytes: "CCCC" } } },
      {
        document: {
          format: "pdf",
          name: "report 2026 final",
          source: { bytes: "DDDD" },
          citations: { enabled: true },
          context: "of last year",
        },
      },
      { document: { format: "txt", name: "document 2", source: { bytes: "EEEE" } } },
    ]);
  });

  test("calls and their results, with failures, pictures, and ids that are taken here", async () => {
    const { sent, request } = await sentOf({
      messages: [
        { role: "user", content: "weather?" },
        {
          role: "assistant",
          content: "",
          tool_calls: [
            { id: "functions.weather:0", type: "function", function: { name: "weather", arguments: '{"id":12345678901234567891}' } },
          ],
        },
        {
          role: "tool",
          tool_call_id: "functions.weather:0",
          is_error: true,
          content: [
            { type: "text", text: "no" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
      ],
      tools: [{ type: "function", function: { name: "weather" } }],
    });
    const [, assistant, user] = sent["messages"] as { content: Record<string, Record<string, unknown>>[] }[];
    const id = assistant?.content[0]?.["toolUse"]?.["toolUseId"];
    expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(user?.content).toEqual([
      {
        toolResult: { toolUseId: id, content: [{ text: "no" }, { image: { format: "png", source: { bytes: "AAAA" } } }], status: "error" },
      },
    ]);
    expect(request?.body).toContain('"input":{"id":12345678901234567891}');
  });

  test("reasoning that goes back signed and sealed", async () => {
    const claude = { format: "anthropic-claude-v1", provider: "a" };
    const { sent } = await sentOf({
      messages: [
        { role: "user", content: "x" },
        {
          role: "assistant",
          content: "y",
          reasoning_details: [
            { type: "reasoning.text", text: "Two ", ...claude },
            { type: "reasoning.text", text: "cities", signature: "EqQB", ...claude },
            { type: "reasoning.encrypted", data: "c2VhbGVk", ...claude },
          ],
        },
        { role: "user", content: "z" },
      ],
    });
    expect((sent["messages"] as { content: unknown }[])[1]?.content).toEqual([
      { reasoningContent: { reasoningText: { text: "Two cities", signature: "EqQB" } } },
      { reasoningContent: { redactedContent: "c2VhbGVk" } },
      { text: "y" },
    ]);
  });

  test("inference and other settings", async () => {
    const { sent } = await sentOf({
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop: ["END"],
      service_tier: "priority",
      guardrail_config: { guardrailIdentifier: "g", guardrailVersion: "1" },
      response_format: { type: "json_schema", json_schema: { name: "a", description: "d", schema: { type: "object" } } },
    });
    expect(sent).toMatchObject({
      inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ["END"] },
      additionalModelRequestFields: { top_k: 5 },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
      serviceTier: { type: "priority" },
      guardrailConfig: { guardrailIdentifier: "g", guardrailVersion: "1" },
      outputConfig: {
        textFormat: { type: "json_schema", structure: { jsonSchema: { schema: '{"type":"object"}', name: "a", description: "d" } } },
      },
    });
  });

  test.each<[string, object, object | undefined]>([
    [
      "anthropic.claude-sonnet-4-5-20250929-v1:0",
      { reasoning_effort: "low", max_tokens: 9000 },
      { thinking: { type: "enabled", budget_tokens: 2048 } },
    ],
    ["openai.gpt-oss-120b-1:0", { reasoning_effort: "high" }, { reasoning_effort: "high" }],
    ["amazon.nova-2-lite-v1:0", { reasoning_effort: "medium" }, { reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" } }],
    ["amazon.nova-pro-v1:0", { top_k: 5 }, { inferenceConfig: { topK: 5 } }],
  ])("what %s alone knows, of %j", async (model, said, fields) => {
    const { sent, failure } = await sentOf(said as Record<string, unknown>, { model });
    expect(failure).toBeUndefined();
    expect(sent["additionalModelRequestFields"]).toEqual(fields);
  });

  const weather = { type: "function", function: { name: "weather", description: "d", parameters: { type: "object" }, strict: true } };
  const time = { type: "function", function: { name: "time" }, cache_control: { type: "ephemeral" } };
  const specs = [
    { toolSpec: { name: "weather", description: "d", inputSchema: { json: { type: "object" } }, strict: true } },
    { toolSpec: { name: "time", inputSchema: { json: { type: "object" } } } },
    { cachePoint: { type: "default" } },
  ];
  test.each<[unknown, object | undefined]>([
    [undefined, { tools: specs }],
    ["auto", { tools: specs, toolChoice: { auto: {} } }],
    ["required", { tools: specs, toolChoice: { any: {} } }],
    ["none", undefined],
    [
      { type: "function", function: { name: "time" } },
      { tools: specs.slice(1), toolChoice: { tool: { name: "time" } } },
    ],
    [
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "time" } }] } },
      { tools: specs.slice(1), toolChoice: { auto: {} } },
    ],
  ])("tools, and the choice %j", async (choice, config) => {
    const { sent } = await sentOf({ tools: [weather, time], ...(choice === undefined ? {} : { tool_choice: choice }) });
    expect(sent["toolConfig"]).toEqual(config);
  });
});

describe("what has no place is refused by name:", () => {
  const call = { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] };
  const user = { role: "user", content: "x" };
  const tools = [{ type: "function", function: { name: "f" } }];
  test.each<[Record<string, unknown>, string]>([
    [{ n: 2 }, "n"],
    [{ seed: 1 }, "seed"],
    [{ logprobs: true }, "logprobs"],
    [{ frequency_penalty: 1 }, "frequency_penalty"],
    [{ temperature: 1.5 }, "temperature"],
    [{ response_format: { type: "json_object" } }, "response_format"],
    [{ messages: [user, call, { role: "tool", tool_call_id: "a", content: "1" }], tools, tool_choice: "none" }, "tool_choice"],
    [{ tools, parallel_tool_calls: false }, "parallel_tool_calls"],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://example.org/a.png" } }] }] },
      "messages[0].content[0].image_url.url",
    ],
    [{ messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] }, "messages[0].content[0].file.file_id"],
  ])("%j", async (body, field) => {
    const { failure } = await sentOf(body);
    expect(failure).toMatchObject({ kind: "UNSUPPORTED_PARAMETER", details: { field } });
    expect((await sentOf(body, { drop: [field.replaceAll(/\[\d+\]/g, "")] })).failure).toBeUndefined();
  });

  test("reasoning that a model has no word for", async () => {
    expect((await sentOf({ reasoning_effort: "low" }, { model: "meta.llama3-3-70b-instruct-v1:0" })).failure).toMatchObject({
      details: { field: "reasoning_effort" },
    });
  });
});

describe("an answer", () => {
  test("of text", async () => {
    const { events, failure, batches, request } = await streamed(recorded.simple);
    expect(failure).toBeUndefined();
    expect(request?.headers.accept).toBe(recorded.mediaType);
    expect(of(events, "content-delta").map(({ text }) => text)).toEqual(["The water ", "flows 🚰 down."]);
    expect(of(events, "choice-finished")).toEqual([{ type: "choice-finished", choice: 0, reason: { unified: "stop", raw: "end_turn" } }]);
    expect(of(events, "usage")).toMatchObject([{ usage: { inputTokens: 20, outputTokens: 7, estimated: false } }]);
    expect(batches.some(({ bearsContent }) => bearsContent)).toBe(true);
  });

  test("of reasoning and calls, with what the cache did", async () => {
    const { events } = await streamed(recorded.reasoningAndCalls);
    expect(of(events, "reasoning-delta").map(({ text }) => text)).toEqual(["Two ", "cities"]);
    expect(of(events, "reasoning-detail").map(({ detail }) => [detail.kind, detail.value, detail.provider])).toEqual([
      ["signature", "EqQBCgIYAhIM", "a"],
      ["encrypted", "c2VhbGVk", "a"],
    ]);
    expect(of(events, "tool-call-delta").map(({ index, id, name, arguments: said }) => [index, id, name, said])).toEqual([
      [0, "tooluse_1", "weather", ""],
      [0, "", "", '{"city":'],
      [0, "", "", '"Köln"}'],
      [1, "tooluse_2", "time", ""],
      [1, "", "", ""],
    ]);
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "tool_calls", raw: "tool_use" } }]);
    expect(of(events, "usage")[0]?.usage).toMatchObject({
      inputTokens: 1120,
      outputTokens: 30,
      cacheReadTokens: 1000,
      cacheWriteTokens: 100,
    });
  });

  test("with its sources, in two parts, and the stop sequence that ended it", async () => {
    const { events } = await streamed(recorded.cited);
    expect(of(events, "annotation")).toMatchObject([
      { annotation: { title: "penstock", citedText: "water flows down", dialect: "bedrock" } },
    ]);
    expect(of(events, "part-ended")).toHaveLength(1);
    expect(of(events, "choice-finished")[0]?.reason).toEqual({ unified: "stop", raw: "stop_sequence", stopSequence: "END" });
  });

  test("not streamed is the same", async () => {
    const { events, failure } = await asked(json(recorded.answer));
    expect(failure).toBeUndefined();
    expect(of(events, "reasoning-detail")).toMatchObject([{ detail: { kind: "signature", value: "EqQBCgIYAhIM" } }]);
    expect(of(events, "content-delta").map(({ text }) => text)).toEqual(["Let me look."]);
    expect(
      of(events, "tool-call-delta")
        .map(({ arguments: said }) => said)
        .join(""),
    ).toBe('{"city":"Köln","id":12345678901234567891}');
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "tool_calls" } }]);
  });

  test.each([
    ["guardrail_intervened", "content_filter"],
    ["content_filtered", "content_filter"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
  ])("that ends with %s ends as %s", async (stopReason, unified) => {
    const bytes = Buffer.concat([recorded.beginning, recorded.event("messageStop", { stopReason })]);
    const { events, failure } = await streamed(bytes);
    expect(failure).toBeUndefined();
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified, raw: stopReason } }]);
  });

  test("that ends in a word nobody knows keeps the word and tells of it", async () => {
    const { events } = await streamed(Buffer.concat([recorded.beginning, recorded.event("messageStop", { stopReason: "grew_tired" })]));
    expect(of(events, "choice-finished")).toMatchObject([{ reason: { unified: "other", raw: "grew_tired" } }]);
    expect(unknown).toEqual(["bedrock grew_tired"]);
  });

  test.each<[string, Uint8Array, object]>([
    ["merely stops", recorded.beginning, { kind: "UPSTREAM_TRUNCATED" }],
    ["stops within a frame", recorded.simple.subarray(0, recorded.beginning.length + 20), { kind: "UPSTREAM_TRUNCATED" }],
    ["has a flipped bit", flipped(recorded.simple, recorded.beginning.length + 60), { kind: "UPSTREAM_PROTOCOL" }],
    [
      "says it is endless",
      Buffer.concat([recorded.beginning, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])]),
      { kind: "UPSTREAM_PROTOCOL" },
    ],
    ["is no event stream", Buffer.from("data: {}\n\n"), { kind: "UPSTREAM_PROTOCOL" }],
    [
      "is throttled on its way",
      Buffer.concat([recorded.beginning, recorded.exception("throttlingException", "Too many requests")]),
      { kind: "UPSTREAM_RATE_LIMITED" },
    ],
    [
      "breaks on its way",
      Buffer.concat([recorded.beginning, recorded.exception("modelStreamErrorException", "broke")]),
      { kind: "UPSTREAM_UNAVAILABLE" },
    ],
    [
      "turns out wrong on its way",
      Buffer.concat([recorded.beginning, recorded.exception("validationException", "bad input")]),
      { kind: "UPSTREAM_REJECTED", message: "bad input" },
    ],
  ])("that %s has failed, and what came before is told", async (name, bytes, failure) => {
    const heard = await streamed(bytes);
    expect(heard.failure).toMatchObject(failure);
    expect(of(heard.events, "content-delta")).toHaveLength(name === "is no event stream" ? 0 : 1);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("an error is", () => {
  test.each<[string, number, string, string, object]>([
    [
      "the operator's",
      403,
      "AccessDeniedException",
      "not for you",
      { kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } },
    ],
    ["the caller's", 400, "ValidationException:http://internal.amazon.com/coral/", "bad", { kind: "UPSTREAM_REJECTED", message: "bad" }],
    ["the caller's: too much", 400, "ValidationException", "Input is too long for requested model.", { kind: "CONTEXT_LENGTH_EXCEEDED" }],
    ["nobody's: over a quota", 400, "ServiceQuotaExceededException", "quota", { kind: "UPSTREAM_RATE_LIMITED" }],
    ["nobody's: throttled", 429, "ThrottlingException", "slow", { kind: "UPSTREAM_RATE_LIMITED" }],
    ["the model's", 424, "ModelErrorException", "broke", { kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } }],
    ["the model's: late", 408, "ModelTimeoutException", "late", { kind: "UPSTREAM_TIMEOUT" }],
  ])("%s (%i %s)", async (_, status, type, message, meant) => {
    const { failure } = await asked(json(JSON.stringify({ message }), status, { "x-amzn-errortype": type }));
    expect(failure).toMatchObject(meant);
  });
});
