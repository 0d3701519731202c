/**
 * Callers of OpenAI's and of Anthropic's official SDK, and of gRPC, over backends that speak neither: Gemini, Bedrock, Cohere. The
 * servers are strict about what comes back to them, so that a lost signature or plan is a 400 here.
 */

import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { create } from "@bufbuild/protobuf";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { CompletionService, FinishReason, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { type DialectServer, startBedrock, startCohere, startGemini } from "../harness/dialect-servers.ts";
import { ids, type ResourceInit, routeOver, sealingKey, startTestNode, type TestNode } from "../harness/node.ts";

const kinds = ["gemini", "bedrock", "cohere"] as const;
type Kind = (typeof kinds)[number];
const models = {
  gemini: "gemini-3-pro",
  bedrock: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
  cohere: "command-a-03-2025",
} satisfies Record<Kind, string>;

let node: TestNode;
let servers: Record<Kind, DialectServer>;
let openai: OpenAI;
let anthropic: Anthropic;

function providerOf(kind: Kind, baseUrl: string): ResourceInit[] {
  const id = v7();
  const place = { organisationId: ids.organisation, rowId: id, baseUrl };
  const price = { version: 1n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
  return [
    {
      case: "provider",
      value: create(ProviderSchema, {
        id,
        organisationId: ids.organisation,
        key: kind,
        kind,
        baseUrl,
        privateAddressAllowed: true,
        sealedCredential: sealSecret(sealingKey, place, `secret-of-${kind}`),
        ...(kind === "bedrock"
          ? { authentication: { case: "awsKeys" as const, value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-central-1" } } }
          : {}),
      }),
    },
    ...routeOver(models[kind], { name: kind }, { key: kind, providerId: id, price }),
    ...routeOver(
      models[kind],
      { name: `${kind}-lenient`, dropParameters: ["seed", "logit_bias"] },
      { key: `${kind}-lenient`, providerId: id },
    ),
  ];
}

beforeAll(async () => {
  servers = { gemini: await startGemini(), bedrock: await startBedrock(), cohere: await startCohere() };
  node = await startTestNode({
    resources: [
      ...providerOf("gemini", `${servers.gemini.url}/v1beta`),
      ...providerOf("bedrock", servers.bedrock.url),
      ...providerOf("cohere", servers.cohere.url),
    ],
  });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  for (const kind of kinds) await servers[kind][Symbol.asyncDispose]();
});

const parameters = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const chatTools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
const messageTools = [{ name: "get_weather", input_schema: parameters }];

describe.each(kinds)("the OpenAI SDK over %s", (model) => {
  const user = (content: string) => ({ model, messages: [{ role: "user" as const, content }] });

  it("gets a whole answer with its usage and cost", async () => {
    const { data, response } = await openai.chat.completions.create(user("hello")).withResponse();
    expect(data).toMatchObject({
      object: "chat.completion",
      model,
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "You said hello" } }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
    expect(response.headers.get("x-penstock-backend")).toBe(model);
    // 11 at a dollar and 7 at two dollars a million.
    expect(response.headers.get("x-penstock-cost-usd")).toBe("0.000025");
  });

  it("gets the same as a stream, with one finish reason, and usage for who asked", async () => {
    const stream = await openai.chat.completions.create({ ...user("hello"), stream: true, stream_options: { include_usage: true } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("You said hello");
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(["stop"]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([model]));
  });

  it.each([false, true])("calls a function and gives its result back, with all that was signed (streamed: %s)", async (stream) => {
    const ask = { ...user("what is the weather?"), tools: chatTools };
    const message = stream
      ? await gathered(await openai.chat.completions.create({ ...ask, stream: true }))
      : (await openai.chat.completions.create(ask)).choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call?.type !== "function") throw new Error("no function was called");
    expect(call.function).toMatchObject({ name: "get_weather" });
    expect(JSON.parse(call.function.arguments)).toEqual({ city: "Köln" });
    const answer = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages, message, { role: "tool", tool_call_id: call.id, content: "raining" }],
    });
    expect(answer.choices[0]?.message.content).toBe("It is raining.");
  });

  it("is told what the backend refuses, in its words, and of its limits", async () => {
    await expect(openai.chat.completions.create(user("limit"))).rejects.toMatchObject({ status: 429 });
    const broken = {
      ...user("x"),
      tools: chatTools,
      messages: [
        { role: "user" as const, content: "x" },
        { role: "tool" as const, tool_call_id: "nowhere", content: "y" },
      ],
    };
    await expect(openai.chat.completions.create(broken)).rejects.toMatchObject({ status: 400 });
  });

  it("is refused what has no place, by name, or told what was let go", async () => {
    // Only Gemini knows seeds among those that Bedrock lacks; no wire here knows a bias.
    const biased = { ...user("hello"), logit_bias: { "1": 5 } };
    await expect(openai.chat.completions.create(biased)).rejects.toMatchObject({ status: 400, param: "logit_bias" });
    const { response } = await openai.chat.completions.create({ ...biased, model: `${model}-lenient` }).withResponse();
    expect(response.headers.get("x-penstock-dropped")).toBe("logit_bias");
  });

  it("never takes half an answer for a whole one", async () => {
    const stream = await openai.chat.completions.create({ ...user("broken"), stream: true });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toThrow(/broke off/);
  });

  it("frees the backend when it leaves", async () => {
    const before = servers[model].left();
    const stream = await openai.chat.completions.create({ ...user("slow"), stream: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks > 3) break;
    stream.controller.abort();
    await expect.poll(() => servers[model].left(), { interval: 5, timeout: 1000 }).toBe(before + 1);
  });
});

describe.each(kinds)("the OpenAI SDK's responses over %s", (model) => {
  const tools = [{ type: "function" as const, name: "get_weather", parameters, strict: false }];

  it("are whole, and streamed the same", async () => {
    const whole = await openai.responses.create({ model, input: "hello" });
    expect(whole).toMatchObject({
      status: "completed",
      model,
      output_text: "You said hello",
      usage: { input_tokens: 11, output_tokens: 7 },
    });
    const streamed = await openai.responses.stream({ model, input: "hello" }).finalResponse();
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage).toEqual(whole.usage);
  });

  it.each([
    ["given back as items, whole", false, false],
    ["given back as items, streamed", true, false],
    ["gone on from, whole", false, true],
    ["gone on from, streamed", true, true],
  ])("call a function, and its result finds its way with all that was signed: %s", async (_how, stream, stored) => {
    const ask = { model, tools, include: ["reasoning.encrypted_content" as const], store: stored };
    const input = [{ role: "user" as const, content: "what is the weather?" }];
    const first = stream
      ? await openai.responses.stream({ ...ask, input }).finalResponse()
      : await openai.responses.create({ ...ask, input });
    const call = first.output.find((item) => item.type === "function_call");
    if (call?.type !== "function_call") throw new Error("no function was called");
    expect(JSON.parse(call.arguments)).toEqual({ city: "Köln" });
    const result = { type: "function_call_output" as const, call_id: call.call_id, output: "raining" };
    const items = first.output.map((item) => ("parsed_arguments" in item ? { ...item, parsed_arguments: undefined } : item));
    const second = await openai.responses.create(
      stored ? { ...ask, previous_response_id: first.id, input: [result] } : { ...ask, input: [...input, ...(items as never[]), result] },
    );
    expect(second.output_text).toBe("It is raining.");
  });

  it("tell of limits, of what has no place, and of a stream that broke off", async () => {
    await expect(openai.responses.create({ model, input: "limit" })).rejects.toMatchObject({ status: 429 });
    await expect(openai.responses.create({ model, input: "x", tools: [{ type: "web_search" }] })).rejects.toMatchObject({
      status: 400,
      param: "tools[0]",
    });
    const types: string[] = [];
    for await (const { type } of await openai.responses.create({ model, input: "broken", stream: true })) types.push(type);
    expect(types.at(-1)).toBe("response.failed");
    expect(types).not.toContain("response.completed");
  });

  it("free the backend when their caller leaves", async () => {
    const before = servers[model].left();
    const stream = await openai.responses.create({ model, input: "slow", stream: true });
    let events = 0;
    for await (const _ of stream) if (++events > 6) break;
    stream.controller.abort();
    await expect.poll(() => servers[model].left(), { interval: 5, timeout: 1000 }).toBe(before + 1);
  });
});

/** The message of a stream, with what OpenAI's types have no word for. */
async function gathered(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<OpenAI.ChatCompletionMessage> {
  const details: unknown[] = [];
  let reasoning = "";
  const call = { id: "", name: "", arguments: "" };
  for await (const { choices } of stream) {
    const delta = (choices[0]?.delta ?? {}) as OpenAI.ChatCompletionChunk.Choice.Delta & {
      reasoning_details?: unknown[];
      reasoning_content?: string;
    };
    details.push(...(delta.reasoning_details ?? []));
    reasoning += delta.reasoning_content ?? "";
    const [piece] = delta.tool_calls ?? [];
    call.id ||= piece?.id ?? "";
    call.name ||= piece?.function?.name ?? "";
    call.arguments += piece?.function?.arguments ?? "";
  }
  const message = {
    role: "assistant",
    content: null,
    refusal: null,
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    tool_calls: [{ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } }],
  };
  return message as unknown as OpenAI.ChatCompletionMessage;
}

describe.each(kinds)("the Anthropic SDK over %s", (model) => {
  const user = (content: string) => ({ model, max_tokens: 100, messages: [{ role: "user" as const, content }] });

  it("gets a whole answer", async () => {
    expect(await anthropic.messages.create(user("hello"))).toMatchObject({
      type: "message",
      model,
      content: [{ type: "text", text: "You said hello" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 11, output_tokens: 7 },
    });
  });

  it.each([false, true])("calls a function and gives its result back, with all that was signed (streamed: %s)", async (stream) => {
    const ask = { ...user("what is the weather?"), tools: messageTools };
    const message = stream ? await anthropic.messages.stream(ask).finalMessage() : await anthropic.messages.create(ask);
    expect(message.stop_reason).toBe("tool_use");
    const call = message.content.find((block) => block.type === "tool_use");
    if (call?.type !== "tool_use") throw new Error("no function was called");
    expect(call).toMatchObject({ name: "get_weather", input: { city: "Köln" } });
    const answer = await anthropic.messages.create({
      ...ask,
      messages: [
        ...ask.messages,
        { role: "assistant", content: message.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "raining" }] },
      ],
    });
    expect(answer.content).toMatchObject([{ type: "text", text: "It is raining." }]);
  });
});

describe.each(kinds)("frameworks over %s", (model) => {
  const provider = () => createOpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1` });
  const weather = () =>
    tool({
      description: "tells the weather",
      inputSchema: jsonSchema<{ city: string }>({ ...parameters, additionalProperties: false }),
      execute: async () => "raining",
    });

  it.each([false, true])("Vercel's ai runs a tool loop through responses, with all that was signed (stored: %s)", async (store) => {
    const asked = {
      model: provider().responses(model),
      prompt: "what is the weather?",
      tools: { get_weather: weather() },
      stopWhen: isStepCount(3),
      maxRetries: 0,
      providerOptions: {
        openai: { store, include: ["reasoning.encrypted_content" as const], forceReasoning: true, reasoningSummary: "auto" },
      },
    };
    const { text, steps } = await generateText(asked);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
    expect(text).toBe("It is raining.");
    expect(await streamText(asked).text).toBe("It is raining.");
  });

  it("Vercel's ai streams text through chat", async () => {
    expect(await streamText({ model: provider().chat(model), prompt: "hello" }).text).toBe("You said hello");
  });

  it("LangChain runs a tool loop through responses", async () => {
    const told = langchainTool(() => "raining", { name: "get_weather", description: "tells it", schema: z.object({ city: z.string() }) });
    const langchain = new ChatOpenAI({
      model,
      apiKey: node.apiKey,
      maxRetries: 0,
      useResponsesApi: true,
      configuration: { baseURL: `${node.restUrl}/v1` },
    }).bindTools([told], { include: ["reasoning.encrypted_content"] } as never);
    const first = await langchain.invoke("what is the weather?");
    const [call] = first.tool_calls ?? [];
    expect(call).toMatchObject({ name: "get_weather", args: { city: "Köln" } });
    const done = await langchain.invoke([
      new HumanMessage("what is the weather?"),
      first,
      new ToolMessage({ content: "raining", tool_call_id: call?.id ?? "" }),
    ]);
    expect(done.text).toBe("It is raining.");
  });
});

describe.each(kinds)("the Anthropic SDK over %s, when things go wrong,", (model) => {
  const user = (content: string) => ({ model, max_tokens: 100, messages: [{ role: "user" as const, content }] });

  it("is told of limits, of half an answer, and frees the backend when it leaves", async () => {
    await expect(anthropic.messages.create(user("limit"))).rejects.toMatchObject({ status: 429, type: "rate_limit_error" });
    await expect(anthropic.messages.stream(user("broken")).finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
    const before = servers[model].left();
    const stream = anthropic.messages.stream(user("slow"));
    await new Promise<void>((resolve) => void stream.once("text", () => resolve()));
    stream.abort();
    await expect(stream.done()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await expect.poll(() => servers[model].left(), { interval: 5, timeout: 1000 }).toBe(before + 1);
  });
});

describe.each(kinds)("gRPC over %s", (model) => {
  it("calls a function and gives its result back, with all that was signed", async () => {
    const connection = connectGrpc(node.grpcAddress);
    const call = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
    const said = (text: string) => [{ part: { case: "text" as const, value: { text } } }];
    const asked = {
      model,
      messages: [{ role: Role.USER, content: said("what is the weather?") }],
      tools: [{ tool: { case: "function" as const, value: { name: "get_weather", parameters } } }],
    };
    try {
      const completions = connection.client(CompletionService);
      const first = (await completions.complete({ input: asked }, call)).choices[0];
      const [toolCall] = first?.message?.toolCalls ?? [];
      if (first?.message === undefined || toolCall?.call.case !== "function") throw new Error("no function was called");
      expect(JSON.parse(toolCall.call.value.arguments)).toEqual({ city: "Köln" });
      const result = { role: Role.TOOL, toolCallId: toolCall.id, content: said("raining") };
      const second = await completions.complete({ input: { ...asked, messages: [...asked.messages, first.message, result] } }, call);
      expect(second.choices[0]?.message?.content[0]?.part).toMatchObject({ value: { text: "It is raining." } });
    } finally {
      connection.close();
    }
  });

  it("streams typed events", async () => {
    const connection = connectGrpc(node.grpcAddress);
    const call = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
    try {
      let text = "";
      let finish: FinishReason | undefined;
      let usage: bigint | undefined;
      const input = { model, messages: [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text: "hello" } } }] }] };
      for await (const { event } of connection.client(CompletionService).streamComplete({ input }, call)) {
        if (event.case === "contentDelta") text += event.value.text;
        if (event.case === "choiceFinished") finish = event.value.reason;
        if (event.case === "usage") usage = event.value.usage?.outputTokens;
      }
      expect({ text, finish, usage }).toEqual({ text: "You said hello", finish: FinishReason.STOP, usage: 7n });
    } finally {
      connection.close();
    }
  });
});
