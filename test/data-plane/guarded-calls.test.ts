/** Every door leads past the guard: whatever an endpoint calls its texts, a guard reads them, and knows what it could not read. */
import { randomBytes } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { EmbeddingService } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import type { Guard } from "../../data-plane/pipeline/guard.ts";
import { guardedContent } from "../../data-plane/pipeline/guarded-content.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";
import { startWholeProvider } from "../harness/whole-provider.ts";

const blocked = (field: string) => new GatewayError("GUARD_BLOCKED", `${field} is not allowed here`, { field });
/** Lets no forbidden word in, and where it must have read all, nothing that it cannot read. */
let mustReadAll = false;
let unread: readonly string[] = [];
const wordGuard: Guard = {
  readsOutput: false,
  async input(request) {
    const content = await guardedContent(request);
    ({ unread } = content);
    const found = content.texts.find(({ text }) => text.includes("forbidden"));
    if (found !== undefined) throw blocked(found.field);
    if (mustReadAll && content.unread[0] !== undefined) throw blocked(content.unread[0]);
  },
  output(batch) {
    for (const event of batch)
      if (event.type === "operation-answer" && event.text.toString().includes("heard 13 bytes")) throw blocked("text");
    return batch;
  },
};

let node: TestNode;
let provider: Awaited<ReturnType<typeof startWholeProvider>>;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  provider = await startWholeProvider();
  node = await startTestNode({ baseUrl: provider.baseUrl, guard: wordGuard, resources: routeOver("model", {}, { model: "embed-9" }) });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await provider.close();
});
beforeEach(() => {
  mustReadAll = false;
  provider.bodies.length = 0;
  provider.forms.length = 0;
});

const blockedEvents = () => node.usageEvents().filter(({ errorReason }) => errorReason === "GUARD_BLOCKED").length;
const model = "model";
const sound = () => toFile(Buffer.from("thirteen byte"), "a.wav");
const picture = () => toFile(randomBytes(1000), "a.png", { type: "image/png" });
const metadata = () => ({ signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } });

/** Each with the field in which the word stands. */
const calls: readonly [string, string, (word: string) => Promise<unknown>][] = [
  ["chat", "messages[0].content", (content) => openai.chat.completions.create({ model, messages: [{ role: "user", content }] })],
  [
    "chat, in the result of a tool",
    "messages[2].content[0].text",
    (text) =>
      openai.chat.completions.create({
        model,
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "c", content: [{ type: "text", text }] },
        ],
      }),
  ],
  ["completions", "prompt", (prompt) => openai.completions.create({ model, prompt })],
  ["responses", "input", (input) => openai.responses.create({ model, input })],
  [
    "messages",
    "messages.0.content",
    (content) => anthropic.messages.create({ model, max_tokens: 9, messages: [{ role: "user", content }] }),
  ],
  ["embeddings", "input[1]", (text) => openai.embeddings.create({ model, input: ["a", text] })],
  ["moderations", "input", (input) => openai.moderations.create({ model, input })],
  ["ranking", "documents[0]", async (text) => thrown(await node.post("/v1/rerank", { model, query: "q", documents: [text] }))],
  ["speech", "input", (input) => openai.audio.speech.create({ model, voice: "alloy", input })],
  ["pictures", "prompt", (prompt) => openai.images.generate({ model, prompt })],
  ["edited pictures", "prompt", async (prompt) => openai.images.edit({ model, prompt, image: await picture() })],
  ["hints for a transcription", "prompt", async (prompt) => openai.audio.transcriptions.create({ model, prompt, file: await sound() })],
];

async function thrown(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  throw Object.assign(new Error(), { status: response.status, ...((await response.json()) as { error: object }).error });
}

describe.each(calls)("%s", (_name, _field, call) => {
  it("with the word is refused before any backend sees it, and recorded as blocked", async () => {
    const before = blockedEvents();
    await expect(call("a forbidden word")).rejects.toMatchObject({ status: 400 });
    expect([...provider.bodies, ...provider.forms]).toEqual([]);
    await expect.poll(blockedEvents).toBe(before + 1);
  });
});

const served = calls.filter(([name]) => /embeddings|ranking|speech|pictures/.test(name));
it.each(served)("%s without it is served", async (_name, _field, call) => {
  await call("a calm word");
  expect(provider.bodies.length + provider.forms.length).toBe(1);
});

it("names what it found as the caller wrote it", async () => {
  for (const name of ["chat", "embeddings", "ranking", "pictures"]) {
    const [, field, call] = calls.find(([known]) => known === name) ?? [];
    await expect(call?.("forbidden")).rejects.toMatchObject({ param: field });
  }
});

it("reads what comes over gRPC", async () => {
  const connection = connectGrpc(node.grpcAddress);
  const text = { input: { case: "text" as const, value: "forbidden" } };
  await expect(connection.client(EmbeddingService).embed({ model, inputs: [text] }, metadata())).rejects.toMatchObject({ code: 9 });
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text: "forbidden" } } }] }];
  await expect(connection.client(CompletionService).complete({ input: { model, messages } }, metadata())).rejects.toMatchObject({
    code: 9,
  });
  connection.close();
});

it("knows what it could not read: tokens, pictures, sounds, files", async () => {
  await openai.embeddings.create({ model, input: [[1, 2], [3]] });
  expect(unread).toEqual(["input[0]", "input[1]"]);
  await openai.images.edit({ model, prompt: "a dam", image: await picture() });
  expect(unread).toEqual(["image"]);
  mustReadAll = true;
  await expect(openai.embeddings.create({ model, input: [1, 2] })).rejects.toMatchObject({ status: 400, param: "input" });
  await expect(openai.audio.transcriptions.create({ model, file: await sound() })).rejects.toMatchObject({ status: 400, param: "file" });
  await expect(openai.files.create({ purpose: "batch", file: await toFile(Buffer.from("{}"), "a.jsonl") })).rejects.toMatchObject({
    param: "file",
  });
});

it("reads answers too", async () => {
  await expect(openai.audio.transcriptions.create({ model, file: await sound() })).rejects.toMatchObject({
    status: 400,
    code: "content_filter",
  });
});
