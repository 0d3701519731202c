/**
 * What the gateway answers, held against the types that OpenAI publishes with its SDK (generated from its OpenAPI document, which no
 * registry carries): answers of a running node are written down as TypeScript that must `satisfies` those types, strictly, and the
 * compiler is asked. A member too many, one that is missing, or a word that is not in the list fails with the compiler's own words.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";
import { answerCases } from "./field-matrix/answer-cases.ts";
import { startMatrixBackends } from "./field-matrix/backends.ts";
import { callersOf } from "./field-matrix/callers.ts";
import { answeringBackends } from "./field-matrix/matrix.ts";

const root = join(import.meta.dirname, "..", "..");
let node: TestNode;
let directory: string;

beforeAll(async () => {
  node = await startTestNode({
    resources: ["sim-instant", "sim-reasoning", "sim-embed", "sim-moderation", "sim-fault-cut-rst"].flatMap((model) => routeOver(model)),
  });
  // Below the repository, where the compiler finds the SDK.
  directory = mkdtempSync(join(root, "node_modules", ".penstock-types-"));
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await node[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
const answer = async (path: string, body: Json) => (await (await node.post(path, body)).json()) as Json;
const events = async (path: string, body: Json): Promise<Json[]> =>
  [...(await (await node.post(path, { ...body, stream: true })).text()).matchAll(/^data: (\{.*)$/gm)].map(
    ([, data = ""]) => JSON.parse(data) as Json,
  );

/** Members of ours beside OpenAI's, which its types do not know: `penstock` at the end of a stream, `store` as OpenAI's API answers it. */
function withoutOurs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOurs);
  if (typeof value !== "object" || value === null) return value;
  const { penstock: _, ...rest } = value as Json;
  if (rest["object"] === "response") delete rest["store"];
  return Object.fromEntries(Object.entries(rest).map(([name, member]) => [name, withoutOurs(member)]));
}

const tools = (flat: boolean) => {
  const definition = {
    name: "weather",
    description: "w",
    parameters: { type: "object", properties: { city: { type: "string" } } },
    strict: false,
  };
  return [flat ? { type: "function", ...definition } : { type: "function", function: definition }];
};

it("answers what OpenAI's types say", async () => {
  const response = (more: Json) => answer("/v1/responses", { model: "sim-instant", input: "hi", ...more });
  const responseEvents = (more: Json) => events("/v1/responses", { model: "sim-instant", input: "hi", ...more });
  const whole = await response({ text: { format: { type: "json_object" } }, metadata: { a: "b" }, reasoning: { effort: "low" } });
  const samples: [type: string, value: unknown][] = [
    ["OpenAI.ChatCompletion", await answer("/v1/chat/completions", { model: "sim-instant", messages: say("hi"), logprobs: true })],
    [
      "OpenAI.ChatCompletionChunk[]",
      await events("/v1/chat/completions", { model: "sim-instant", messages: say("hi"), stream_options: { include_usage: true } }),
    ],
    [
      "OpenAI.ChatCompletion",
      await answer("/v1/chat/completions", { model: "sim-instant", messages: say("w?"), tools: tools(false), tool_choice: "required" }),
    ],
    ["OpenAI.Completion", await answer("/v1/completions", { model: "sim-instant", prompt: "hi", logprobs: 1 })],
    ["TextChunk[]", await events("/v1/completions", { model: "sim-instant", prompt: "hi" })],
    ["OpenAI.CreateEmbeddingResponse", await answer("/v1/embeddings", { model: "sim-embed", input: ["a"], dimensions: 2 })],
    ["OpenAI.ModerationCreateResponse", await answer("/v1/moderations", { model: "sim-moderation", input: "violence" })],
    ["Whole", whole],
    ["Whole", await response({ tools: tools(true), tool_choice: "required" })],
    ["Whole", await response({ max_output_tokens: 2 })],
    ["Whole", await response({ include: ["message.output_text.logprobs"], top_logprobs: 1 })],
    ["Whole", await response({ model: "sim-reasoning", reasoning: { summary: "auto" } })],
    ["StreamEvent[]", await responseEvents({})],
    ["StreamEvent[]", await responseEvents({ tools: tools(true), tool_choice: "required" })],
    ["StreamEvent[]", await responseEvents({ model: "sim-reasoning" })],
    ["StreamEvent[]", await responseEvents({ model: "sim-reasoning", reasoning: { summary: "auto" } })],
    ["StreamEvent[]", await responseEvents({ input: "[refuse] it" })],
    ["StreamEvent[]", await responseEvents({ model: "sim-fault-cut-rst" })],
    ["{ data: Item[]; object: string; first_id: string; last_id: string; has_more: boolean }", await itemsOf(String(whole["id"]))],
  ];
  const problems = compile(samples);
  expect(problems).toBe("");
}, 120_000);

/** The published types know neither of these, and the gateway makes no other word of what a backend says. */
const beyondTheTypes = new Set(["a reason that nobody knows", "service tier that served", "part that only its provider has"]);

it("answers so whatever the wire that the answer came in", async () => {
  await using servers = await startMatrixBackends();
  await using other = await startTestNode({ resources: servers.resources });
  const callers = callersOf(other);
  const samples: [type: string, value: unknown][] = [];
  const ask = async (ingress: "chat" | "responses", route: string, stream: boolean): Promise<unknown> => {
    const asked = ingress === "chat" ? { messages: say("x") } : { input: "x", include: ["reasoning.encrypted_content"], store: false };
    const { text } = await callers.ask(ingress, route, asked, stream);
    return stream ? [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Json) : JSON.parse(text);
  };
  for (const { feature, said } of answerCases) {
    if (beyondTheTypes.has(feature)) continue;
    for (const { name, wire } of answeringBackends) {
      const answer = said[wire];
      // What comes in the caller's own dialect goes on as it came.
      if (name === "openai" || answer === undefined) continue;
      servers.answerWith(answer);
      samples.push(["Whole", await ask("responses", name, false)], ["StreamEvent[]", await ask("responses", name, true)]);
      if (wire === "chat" || feature === "picture") continue;
      samples.push(["Chat", await ask("chat", name, false)], ["ChatChunk[]", await ask("chat", name, true)]);
    }
  }
  callers.close();
  expect(samples.length).toBeGreaterThan(150);
  expect(compile(samples)).toBe("");
}, 180_000);

async function itemsOf(id: string): Promise<unknown> {
  const url = `${node.restUrl}/v1/responses/${id}/input_items`;
  return (await fetch(url, { headers: { authorization: `Bearer ${node.apiKey}` } })).json();
}

it("notices an answer that is not what they say", () => {
  expect(
    compile([["OpenAI.ChatCompletion", { id: "x", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0 }] }]]),
  ).toContain("finish_reason");
}, 120_000);

/** The compiler's complaints. `output_text` is the SDK's own; what a stream carries of a response lacks it too. */
function compile(samples: readonly (readonly [string, unknown])[]): string {
  const prelude = [
    'import type OpenAI from "openai";',
    'import type { Response, ResponseItem as Item, ResponseStreamEvent } from "openai/resources/responses/responses";',
    // The API's chunks have null before the last; the types are of whole answers.
    'type TextChunk = Omit<OpenAI.Completion, "choices"> & { choices: (Omit<OpenAI.CompletionChoice, "finish_reason"> & { finish_reason: OpenAI.CompletionChoice["finish_reason"] | null })[] };',
    'type Whole = Omit<Response, "output_text">;',
    // Beside OpenAI's members those that chat has no word for: see data-plane/edge/openai-chat-answer.ts.
    "type Beyond = { reasoning_content?: string; reasoning_details?: object[]; annotations?: object[] };",
    'type Chat = Omit<OpenAI.ChatCompletion, "choices"> & { choices: (Omit<OpenAI.ChatCompletion.Choice, "message"> & { message: Omit<OpenAI.ChatCompletionMessage, "annotations"> & Beyond; stop_reason?: string; native_finish_reason?: string })[] };',
    'type ChatChunk = Omit<OpenAI.ChatCompletionChunk, "choices"> & { choices: (Omit<OpenAI.ChatCompletionChunk.Choice, "delta"> & { delta: OpenAI.ChatCompletionChunk.Choice.Delta & Beyond; stop_reason?: string; native_finish_reason?: string })[] };',
    'type StreamEvent = ResponseStreamEvent extends infer Event ? (Event extends { response: Response } ? Omit<Event, "response"> & { response: Whole } : Event) : never;',
  ];
  const lines = samples.map(([type, value], i) => `export const sample${i} = ${JSON.stringify(withoutOurs(value))} satisfies ${type};`);
  const file = join(directory, "samples.ts");
  writeFileSync(file, `${[...prelude, ...lines].join("\n")}\nexport type { Chat, ChatChunk, Item, StreamEvent, TextChunk, Whole };\n`);
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--ignoreConfig",
    "--target",
    "esnext",
    "--module",
    "nodenext",
    "--pretty",
    "false",
  ];
  const { stdout, stderr } = spawnSync(join(root, "node_modules", ".bin", "tsc"), [...options, file], { encoding: "utf8", cwd: directory });
  return `${stdout}${stderr}`.slice(0, 6000);
}
