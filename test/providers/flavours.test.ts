/** What each make of server wants otherwise in a request, and what it would pass over in silence and is refused instead. */
import { describe, expect, test } from "vitest";
import { chatPath } from "../../data-plane/providers/openai-compatible/endpoint.ts";
import { requestBody } from "../../data-plane/providers/openai-compatible/request.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { sampleRequest } from "../pipeline/sample-call.ts";
import { backendOver } from "./recorded-server.ts";

const backendOf = (flavour: string, more: object = {}) =>
  backendOver({ kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1", more: { flavour, ...more } }, "the-model");

/** The body that goes out, and what was told to have no place. */
function sent(flavour: string, body: Record<string, unknown>, replacements: Record<string, unknown> = {}) {
  const told: string[] = [];
  const text = requestBody({
    backend: backendOf(flavour),
    request: sampleRequest(body),
    replacements: new Map(Object.entries(replacements).map(([name, value]) => [name, JSON.stringify(value)])),
    promptMessages: [],
    form: "native",
    clocks: clockDefaults,
    cannotCarry: (field, kind) => told.push(kind === undefined ? field : `${field} (${kind})`),
  });
  return { text, body: JSON.parse(text) as Record<string, unknown>, told };
}

describe("the bound on output has the name that the server knows:", () => {
  test.each<[string, object, object]>([
    ["generic", { max_tokens: 5 }, { max_tokens: 5 }],
    ["generic", { max_completion_tokens: 5 }, { max_completion_tokens: 5 }],
    ["azure", { max_tokens: 5 }, { max_tokens: 5 }],
    ["openai", { max_tokens: 5 }, { max_completion_tokens: 5 }],
    ["openai", { max_tokens: 5, max_completion_tokens: 6 }, { max_completion_tokens: 6 }],
    ["openai", { max_tokens: null }, {}],
    ["ollama", { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["llama-cpp", { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["tgi", { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["mistral", { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["deepseek", { max_tokens: 4, max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["vllm", { max_completion_tokens: 5 }, { max_completion_tokens: 5 }],
  ])("%s, %j", (flavour, said, meant) => {
    const { max_tokens, max_completion_tokens } = sent(flavour, said as Record<string, unknown>).body;
    expect({
      ...(max_tokens === undefined ? {} : { max_tokens }),
      ...(max_completion_tokens === undefined ? {} : { max_completion_tokens }),
    }).toEqual(meant);
  });

  test("where a variant sets it, too", () => {
    expect(sent("openai", { max_tokens: 5 }, { max_tokens: 9 }).body).toMatchObject({ max_completion_tokens: 9 });
  });
});

test("a provider of the kind openai is OpenAI's own unless it says otherwise", () => {
  const backend = backendOver({ kind: "openai", baseUrl: "http://127.0.0.1:9/v1" });
  const text = requestBody({
    backend,
    request: sampleRequest({ max_tokens: 5 }),
    replacements: new Map(),
    promptMessages: [],
    form: "native",
    clocks: clockDefaults,
    cannotCarry: () => {},
  });
  expect(JSON.parse(text)).toMatchObject({ max_completion_tokens: 5 });
});

describe("messages of a developer", () => {
  const messages = [
    { role: "developer", content: "Be brief." },
    { role: "user", content: "Hi" },
  ];
  test.each<[string, string]>([
    ["generic", "developer"],
    ["openai", "developer"],
    ["azure", "developer"],
    ["openrouter", "developer"],
    ["vllm", "system"],
    ["ollama", "system"],
    ["llama-cpp", "system"],
    ["tgi", "system"],
    ["mistral", "system"],
    ["deepseek", "system"],
  ])("are %s's as %s", (flavour, role) => {
    expect(sent(flavour, { messages }).body["messages"]).toEqual([{ role, content: "Be brief." }, messages[1]]);
  });

  test("of a prompt, too", () => {
    expect(sent("ollama", {}, { messages }).body["messages"]).toMatchObject([{ role: "system" }, { role: "user" }]);
  });
});

test("usage is asked for in a stream, but of Mistral, which tells it unasked and refuses to be asked", () => {
  expect(sent("vllm", { stream: true, stream_options: { continuous_usage_stats: true } }).body["stream_options"]).toEqual({
    continuous_usage_stats: true,
    include_usage: true,
  });
  expect(sent("mistral", { stream: true, stream_options: { include_usage: true } }).body).not.toHaveProperty("stream_options");
});

describe("what a server would pass over in silence is told:", () => {
  test.each<[string, object, string[]]>([
    ["generic", { n: 2, logit_bias: { 1: 2 } }, []],
    ["ollama", { n: 2 }, ["n"]],
    ["ollama", { n: 1, logit_bias: {}, parallel_tool_calls: true, tool_choice: "auto" }, []],
    ["ollama", { logit_bias: { 1: 2 }, parallel_tool_calls: false }, ["logit_bias", "parallel_tool_calls"]],
    ["ollama", { tool_choice: "required" }, ["tool_choice"]],
    ["ollama", { tool_choice: { type: "function", function: { name: "f" } } }, ["tool_choice"]],
    ["llama-cpp", { tool_choice: { type: "function", function: { name: "f" } } }, ["tool_choice"]],
    ["llama-cpp", { tool_choice: "required", logprobs: true }, []],
    ["tgi", { n: 3, logprobs: true }, ["n"]],
    ["vllm", { n: 3, logprobs: true, tool_choice: { type: "function", function: { name: "f" } } }, []],
    ["vllm", { tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [] } } }, ["tool_choice"]],
    ["vllm", { prediction: { type: "content", content: "x" }, modalities: ["text"] }, ["prediction"]],
    ["vllm", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } }, ["audio", "modalities"]],
    ["mistral", { logprobs: true, user: "u", metadata: {} }, ["logprobs", "user (hint)", "metadata (hint)"]],
    ["deepseek", { seed: 1, n: 1 }, ["seed"]],
    ["groq", { logprobs: true, n: 2 }, ["n", "logprobs"]],
    ["groq", { logprobs: false, top_logprobs: 0 }, []],
  ])("%s, %j", (flavour, said, told) => {
    expect(sent(flavour, said as Record<string, unknown>).told).toEqual(told);
    // What was let go does not go out.
    for (const name of told) expect(sent(flavour, said as Record<string, unknown>).body).not.toHaveProperty(name.replace(" (hint)", ""));
  });
});

test("Ollama is not offered tools that may not be called", () => {
  const { body } = sent("ollama", { tools: [{ type: "function", function: { name: "f" } }], tool_choice: "none" });
  expect(body).not.toHaveProperty("tools");
  expect(body).not.toHaveProperty("tool_choice");
});

describe("Mistral", () => {
  test("has words of its own", () => {
    expect(sent("mistral", { seed: 7, tool_choice: "required" }).body).toMatchObject({ random_seed: 7, tool_choice: "any" });
    expect(sent("mistral", { seed: 7 }).body).not.toHaveProperty("seed");
  });

  test("gets ids of nine letters and digits, the same for a call and its answer", () => {
    const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: null, tool_calls: [call("call_from-elsewhere"), call("abcDEF123")] },
      { role: "tool", tool_call_id: "call_from-elsewhere", content: "1" },
      { role: "tool", tool_call_id: "abcDEF123", content: "2" },
    ];
    const [, assistant, first, second] = sent("mistral", { messages }).body["messages"] as Record<string, never>[];
    const ids = ((assistant?.["tool_calls"] ?? []) as { id: string }[]).map(({ id }) => id);
    expect(ids[0]).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(first?.["tool_call_id"]).toBe(ids[0]);
    expect(ids[1]).toBe("abcDEF123");
    expect(second?.["tool_call_id"]).toBe("abcDEF123");
  });
});

test("TGI gets a schema in its own form", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const { body } = sent("tgi", { response_format: { type: "json_schema", json_schema: { name: "a", schema } } });
  expect(body["response_format"]).toEqual({ type: "json", value: schema });
});

test("what needs no change goes as it was written", () => {
  const messages = `[{"role":"user", "content":"\\u0041","unknown":12345678901234567890}]`;
  for (const flavour of ["openai", "azure", "vllm", "ollama", "llama-cpp", "tgi", "mistral", "deepseek", "groq", "openrouter"]) {
    const text = requestBody({
      backend: backendOf(flavour),
      request: sampleRequest(`{"model":"chat","messages":${messages},"extra":{"a" : 1}}`),
      replacements: new Map(),
      promptMessages: [],
      form: "native",
      clocks: clockDefaults,
      cannotCarry: (field) => {
        throw new Error(field);
      },
    });
    expect(text, flavour).toContain(messages);
    expect(text, flavour).toContain('"extra":{"a" : 1}');
  }
});

describe("an Azure deployment is asked at its own path", () => {
  test.each<[string, string, string]>([
    ["", "", "/openai/deployments/the-model/chat/completions?api-version=2024-10-21"],
    ["/openai", "", "/openai/deployments/the-model/chat/completions?api-version=2024-10-21"],
    ["/proxy/openai", "2025-01-01-preview", "/proxy/openai/deployments/the-model/chat/completions?api-version=2025-01-01-preview"],
    ["/openai/v1", "", "/openai/v1/chat/completions"],
  ])("%j, %j", (prefix, apiVersion, path) => {
    expect(chatPath(prefix, backendOf("azure", { apiVersion }))).toBe(path);
  });

  test("whatever its name", () => {
    expect(chatPath("", { ...backendOf("azure"), model: "a/b?c" })).toContain("/deployments/a%2Fb%3Fc/");
  });

  test("and nobody else's", () => {
    expect(chatPath("/v1", backendOf("vllm"))).toBe("/v1/chat/completions");
  });
});
