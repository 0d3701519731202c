/** What is wrong with a call is told by the field that its caller wrote, whatever the backend's dialect and whoever found it. */
import Anthropic from "@anthropic-ai/sdk";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";
import OpenAI from "openai";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { type CompletionInputSchema, CompletionService, Role, ToolChoiceMode } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, type ResourceInit, routeOver, sealingKey, startTestNode, type TestNode } from "../harness/node.ts";
import { type Recording, startRecordedServer } from "../providers/recorded-server.ts";

const price = { version: 1n };
let node: TestNode;
let server: Awaited<ReturnType<typeof startRecordedServer>>;
let refusal: string;

/** Nothing here reaches a backend but what "chat" refuses itself. */
function provider(kind: string, baseUrl: string): ResourceInit[] {
  const id = v7();
  const row = { id, organisationId: ids.organisation, key: kind, kind, baseUrl, privateAddressAllowed: true };
  const sealedCredential = sealSecret(sealingKey, { organisationId: ids.organisation, rowId: id, baseUrl }, "secret");
  return [
    { case: "provider", value: { ...row, sealedCredential } },
    ...routeOver(`${kind}-model`, { name: kind }, { key: kind, providerId: id, price }),
    ...routeOver(
      `${kind}-prompted`,
      { name: `${kind}-prompted`, prompt: { promptId: "prompt-1" } },
      { key: `${kind}-prompted`, providerId: id, price },
    ),
  ];
}

beforeAll(async () => {
  server = await startRecordedServer((): Recording => {
    const body = { error: { message: `Invalid value: '${refusal}'.`, type: "invalid_request_error", param: refusal, code: null } };
    return { status: 400, headers: { "content-type": "application/json" }, pieces: [JSON.stringify(body)] };
  });
  node = await startTestNode({
    resources: [
      ...provider("openai-compatible", `${server.url}/v1`),
      ...provider("openai", `${server.url}/v1`),
      ...provider("cohere", server.url),
      ...provider("gemini", `${server.url}/v1beta`),
      {
        case: "prompt",
        value: { id: "prompt-1", organisationId: ids.organisation, name: "greeter", labels: [{ name: "latest", version: 1 }] },
      },
      {
        case: "promptVersion",
        value: {
          id: "version-1",
          organisationId: ids.organisation,
          promptId: "prompt-1",
          version: 1,
          messages: [{ role: "system", template: "Be brief." }],
        },
      },
    ],
  });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("the Anthropic SDK", () => {
  const ask = async (model: string, body: object, param: string) => {
    const anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
    const call = anthropic.messages.create({ model, max_tokens: 9, messages: [{ role: "user", content: "hi" }], ...body } as never);
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ status: 400, error: { error: { details: { param } } } });
    expect((error as Error).message).toContain(param);
  };
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AAAA" } };
  const used = { type: "tool_use", id: "t", name: "f", input: {} };
  const turns = [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "text", text: "I look" }, used] },
  ];

  it.each<[string, string, object]>([
    ["cohere", "messages.0.content.1.source", { messages: [{ role: "user", content: [{ type: "text", text: "see" }, pdf] }] }],
    // A system message stands before them, and the results of tools come apart.
    [
      "cohere",
      "messages.2.content.0.is_error",
      {
        system: "Be brief.",
        messages: [...turns, { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "no", is_error: true }] }],
      },
    ],
    [
      "cohere",
      "messages.2.content.0.content.0.source",
      { messages: [...turns, { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [pdf] }] }] },
    ],
    ["cohere", "output_config.effort", { output_config: { effort: "high" } }],
    [
      "cohere",
      "tool_choice.disable_parallel_tool_use",
      { tools: [{ name: "f", input_schema: { type: "object" } }], tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    ],
    [
      "cohere",
      "messages.0.content.0.search_result",
      { messages: [{ role: "user", content: [{ type: "search_result", source: "s", title: "t", content: [] }] }] },
    ],
    ["cohere", "container", { container: "c" }],
  ])("over %s reads %s", (model, param, body) => ask(model, body, param));

  it.each<[string, string, object]>([
    [
      "messages[2].tool_call_id",
      "messages.2.content.0.tool_use_id",
      { messages: [...turns, { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "no" }] }] },
    ],
    ["messages[1].tool_calls[0].function.arguments", "messages.1.content.1.input", { messages: turns }],
    ["messages[0].content", "system", { system: "Be brief." }],
    ["tools[0].function.parameters", "tools.0.input_schema", { tools: [{ name: "f", input_schema: { type: "object" } }] }],
    ["max_completion_tokens", "max_tokens", {}],
    ["stop", "stop_sequences", { stop_sequences: ["a"] }],
  ])("over a backend that refuses %s reads %s", async (said, param, body) => {
    refusal = said;
    await ask("openai-compatible", body, param);
  });
});

describe("the OpenAI SDK at /v1/responses", () => {
  const ask = async (model: string, body: object, param: string) => {
    const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
    const call = openai.responses.create({ model, input: "hi", ...body } as never);
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ status: 400, param });
    expect((error as Error).message).toContain(param);
  };
  const file = { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" };
  const called = { type: "function_call", call_id: "c", name: "f", arguments: "{}" };
  const input = [{ role: "user", content: "hi" }, called];

  it.each<[string, string, object]>([
    [
      "cohere",
      "input[0].content[1]",
      { instructions: "Be brief.", input: [{ role: "user", content: [{ type: "input_text", text: "see" }, file] }] },
    ],
    ["cohere", "input[2].output[0]", { input: [...input, { type: "function_call_output", call_id: "c", output: [file] }] }],
    ["cohere", "reasoning.effort", { reasoning: { effort: "high" } }],
    ["cohere", "text.verbosity", { text: { verbosity: "low" } }],
    ["cohere", "tools[0]", { tools: [{ type: "custom", name: "c" }] }],
    [
      "gemini",
      "input[1].arguments",
      { input: [input[0], { ...called, arguments: "no JSON" }, { type: "function_call_output", call_id: "c", output: "a" }] },
    ],
    ["cohere", "tools[0]", { tools: [{ type: "web_search" }] }],
    ["cohere", "max_output_tokens", { max_output_tokens: 0 }],
    ["cohere", "temperature", { temperature: 3 }],
  ])("over %s reads %s", (model, param, body) => ask(model, body, param));

  it.each<[string, string, object]>([
    ["messages[1].content", "input", { instructions: "Be brief." }],
    ["messages[0].content", "instructions", { instructions: "Be brief." }],
    ["messages[2].content", "input[2].output", { input: [...input, { type: "function_call_output", call_id: "c", output: "a" }] }],
    [
      "messages.[1].tool_calls[0].function.name",
      "input[1].name",
      { input: [...input, { type: "function_call_output", call_id: "c", output: "a" }] },
    ],
    ["response_format.json_schema.schema", "text.format.schema", {}],
    ["tools[0].function.parameters", "tools[0].parameters", { tools: [{ type: "function", name: "f", parameters: {} }] }],
  ])("over a backend of chat that refuses %s reads %s", async (said, param, body) => {
    refusal = said;
    await ask("openai-compatible", body, param);
  });

  it("over a backend of the same dialect reads what that says", async () => {
    refusal = "input[2].content[0]";
    await ask("openai", { input: [...input, { type: "function_call_output", call_id: "c", output: "a" }] }, refusal);
  });
});

it("the SDK at /v1/completions reads of its prompt", async () => {
  const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  await expect(openai.completions.create({ model: "cohere", prompt: "a", logit_bias: { 1: 1 } })).rejects.toMatchObject({
    param: "logit_bias",
  });
  await expect(openai.completions.create({ model: "gemini", prompt: "a", echo: true })).rejects.toMatchObject({ param: "echo" });
});

describe("a gRPC caller", () => {
  const ask = async (input: MessageInitShape<typeof CompletionInputSchema>, field: string) => {
    const connection = connectGrpc(node.grpcAddress);
    const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
    const call = connection.client(CompletionService).complete({ input }, options);
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    connection.close();
    expect(error).toMatchObject({ code: 3 });
    const details = (error as { metadata: Metadata }).metadata.get("grpc-status-details-bin")[0];
    expect(String(details)).toContain(field);
    expect((error as Error).message).toContain(field);
  };
  const user = (...content: object[]) => [{ role: Role.USER, content: content.map((part) => ({ part })) }] as never;
  const text = { case: "text", value: { text: "hi" } };

  it.each<[string, MessageInitShape<typeof CompletionInputSchema>]>([
    [
      "input.messages[0].content[1].file",
      { model: "cohere", messages: user(text, { case: "file", value: { source: { case: "fileId", value: "f" } } }) },
    ],
    ["input.sampling.n", { model: "cohere", messages: user(text), sampling: { n: 2 } }],
    ["input.sampling.temperature", { model: "cohere", messages: user(text), sampling: { temperature: 3 } }],
    ["input.backend_extensions.strange", { model: "cohere", messages: user(text), backendExtensions: { strange: 1 } }],
    ["input.messages[0].role", { model: "cohere", messages: [{ content: [] }] }],
    [
      "input.tool_choice.mode",
      { model: "cohere", messages: user(text), toolChoice: { choice: { case: "mode", value: ToolChoiceMode.UNSPECIFIED } } },
    ],
    ["input.audio_output", { model: "cohere", messages: user(text), audioOutput: { voice: "v", format: "f" } }],
  ])("reads %s", (field, input) => ask(input, field));
});

it("a caller of chat does not count the messages that a prompt has put before its own", async () => {
  const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  const messages = [{ role: "user" as const, name: "ann", content: "hi" }];
  const ask = (model: string) => openai.chat.completions.create({ model, messages });
  await expect(ask("cohere-prompted")).rejects.toMatchObject({ status: 400, param: "messages[0].name" });
  refusal = "messages[1].content";
  await expect(ask("openai-compatible-prompted")).rejects.toMatchObject({ status: 400, param: "messages[0].content" });
  refusal = "messages[0].content";
  await expect(ask("openai-compatible-prompted")).rejects.toMatchObject({ status: 400, param: "prompt" });
});
