/** Bodies of the OpenAI chat API pass untouched; what would steer where a call goes is refused by name. */
import { describe, expect, test } from "vitest";
import { checkChatBody } from "../../data-plane/edge/chat-body.ts";
import { readJsonText, spliced } from "../../data-plane/pipeline/json-text.ts";

const check = (text: string) => {
  const json = readJsonText(text);
  return checkChatBody(json.value, json.members);
};
const user = { role: "user", content: "Hi" };
const weather = {
  type: "function",
  function: { name: "weather", description: "…", parameters: { type: "object", properties: {} }, strict: true },
};
const called = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } }],
};

const good: readonly (readonly [what: string, body: Record<string, unknown>])[] = [
  ["the least there is", {}],
  [
    "every role",
    { messages: [{ role: "system", content: "s" }, { role: "developer", content: "d" }, user, { role: "assistant", content: "a" }] },
  ],
  ["names", { messages: [{ ...user, name: "ada" }] }],
  ["text in parts", { messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] }],
  ["system text in parts", { messages: [{ role: "system", content: [{ type: "text", text: "s" }] }, user] }],
  [
    "an image by URL",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } }] }] },
  ],
  [
    "an image in the body",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }] }] },
  ],
  ["audio", { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }] }] }],
  ["a file", { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] }],
  ["an empty text", { messages: [{ role: "user", content: "" }] }],
  [
    "tool calls and their answers",
    { messages: [user, called, { role: "tool", tool_call_id: "call_1", content: "21 °C" }], tools: [weather] },
  ],
  [
    "tool calls without content",
    {
      messages: [
        user,
        { role: "assistant", tool_calls: called.tool_calls },
        { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "x" }] },
      ],
    },
  ],
  ["a custom tool", { tools: [{ type: "custom", custom: { name: "sql", format: { type: "text" } } }] }],
  ["tool_choice as a word", { tools: [weather], tool_choice: "required" }],
  [
    "tool_choice as an object",
    { tools: [weather], tool_choice: { type: "function", function: { name: "weather" } }, parallel_tool_calls: false },
  ],
  [
    "functions, as they were",
    {
      functions: [{ name: "f", parameters: {} }],
      function_call: { name: "f" },
      messages: [
        user,
        { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
        { role: "function", name: "f", content: "1" },
      ],
    },
  ],
  ["a function that answered nothing", { messages: [user, { role: "function", name: "f", content: null }] }],
  ["a refusal in the history", { messages: [user, { role: "assistant", content: null, refusal: "no" }] }],
  ["a refusal as a part", { messages: [user, { role: "assistant", content: [{ type: "refusal", refusal: "no" }] }] }],
  ["audio in the history", { messages: [user, { role: "assistant", audio: { id: "audio_1" } }] }],
  ["a message being continued", { messages: [user, { role: "assistant", content: "Once upon", prefix: true }] }],
  ["reasoning in the history", { messages: [user, { role: "assistant", content: "a", reasoning_content: "r" }] }],
  ["streamed, with usage", { stream: true, stream_options: { include_usage: true } }],
  ["streamed, without obfuscation", { stream: true, stream_options: { include_obfuscation: false } }],
  ["not streamed, said so", { stream: false, stream_options: null }],
  [
    "sampling at its lower bounds",
    { temperature: 0, top_p: 0, frequency_penalty: -2, presence_penalty: -2, n: 1, top_logprobs: 0, logprobs: true, seed: -1 },
  ],
  [
    "sampling at its upper bounds",
    {
      temperature: 2,
      top_p: 1,
      frequency_penalty: 2,
      presence_penalty: 2,
      n: 128,
      top_logprobs: 20,
      logprobs: true,
      seed: 9_007_199_254_740_991,
    },
  ],
  [
    "sampling said to be nothing",
    {
      temperature: null,
      top_p: null,
      n: null,
      stop: null,
      seed: null,
      max_tokens: null,
      logit_bias: null,
      tools: null,
      user: null,
      metadata: null,
      response_format: null,
      stream: null,
    },
  ],
  ["max_tokens", { max_tokens: 1 }],
  ["max_completion_tokens", { max_completion_tokens: 128_000 }],
  ["one stop", { stop: "\n" }],
  ["four stops", { stop: ["a", "b", "c", "d"] }],
  ["logit_bias", { logit_bias: { "50256": -100 } }],
  ["a JSON object as answer", { response_format: { type: "json_object" } }],
  [
    "a schema for the answer",
    { response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema: { type: "object" } } } },
  ],
  ["who asks", { user: "u".repeat(512), safety_identifier: "s" }],
  [
    "sixteen pairs of metadata",
    { metadata: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`${"k".repeat(62)}${i}`, "v".repeat(512)])) },
  ],
  ["reasoning and verbosity", { reasoning_effort: "minimal", verbosity: "low" }],
  ["tiers and caches", { service_tier: "flex", prompt_cache_key: "k", prompt_cache_retention: "24h", store: true }],
  ["a prediction", { prediction: { type: "content", content: "x" } }],
  ["modalities and audio", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } }],
  [
    "web search",
    { web_search_options: { search_context_size: "low", user_location: { type: "approximate", approximate: { country: "DE" } } } },
  ],
  [
    "what only vLLM knows",
    { top_k: 40, min_p: 0.1, repetition_penalty: 1.1, guided_json: {}, chat_template_kwargs: { thinking: false }, ignore_eos: true },
  ],
  ["what nobody knows yet", { a_member_of_the_future: { deep: [1, { er: null }] } }],
];

describe("a good body passes, and its text goes on untouched:", () => {
  test.each(good)("%s", (_, body) => {
    const text = JSON.stringify({ model: "chat", messages: [user], ...body }, undefined, 1);
    expect(check(text)).toMatchObject({ model: "chat", stream: body["stream"] === true });
    expect(spliced(readJsonText(text), new Map())).toBe(text);
  });
});

test("who asks is read from safety_identifier, else from user", () => {
  const reads = (body: object) => check(JSON.stringify({ model: "chat", messages: [user], ...body })).endUserId;
  expect(reads({ user: "u", safety_identifier: "s" })).toBe("s");
  expect(reads({ user: "u" })).toBe("u");
  expect(reads({ user: "u", safety_identifier: "" })).toBe("u");
  expect(reads({})).toBe("");
});

describe("a prompt is named", () => {
  const reads = (prompt: unknown, messages: unknown = [user]) => check(JSON.stringify({ model: "chat", messages, prompt })).prompt;
  test.each<[unknown, unknown]>([
    [{ name: "p" }, { name: "p", selector: { case: undefined }, variables: {} }],
    [
      { name: "p", label: "staging" },
      { name: "p", selector: { case: "label", value: "staging" }, variables: {} },
    ],
    [
      { name: "p", version: 3, variables: { a: [1] } },
      { name: "p", selector: { case: "version", value: 3 }, variables: { a: [1] } },
    ],
    [{ variables: { a: 1 } }, { name: "", selector: { case: undefined }, variables: { a: 1 } }],
    [null, undefined],
  ])("by %j", (prompt, reference) => {
    expect(reads(prompt)).toEqual(reference);
  });
  test("and then needs no messages of the caller's", () => {
    expect(reads({ name: "p" }, [])).toBeDefined();
    expect(check('{"model":"chat","prompt":{"name":"p"}}').prompt).toBeDefined();
  });
  test.each([
    ["text", "Once upon a time"],
    ["a label and a version", { name: "p", label: "a", version: 1 }],
    ["version 0", { name: "p", version: 0 }],
    ["a version in words", { name: "p", version: "1" }],
    ["an unknown member", { name: "p", id: "1" }],
    ["variables in a list", { variables: [] }],
  ])("but not by %s", (_, prompt) => {
    expect(() => reads(prompt)).toThrow(
      expect.objectContaining({ kind: "INVALID_ARGUMENT", details: { field: expect.stringMatching(/^prompt/) } }),
    );
  });
});

describe("a bad body is refused with the field's name:", () => {
  test.each<[string, Record<string, unknown>]>([
    ["model", { model: "" }],
    ["model", { model: null }],
    ["model", { model: ["chat"] }],
    ["messages", { messages: [] }],
    ["messages", { messages: "Hi" }],
    ["messages", { messages: null }],
    ["messages[0]", { messages: ["Hi"] }],
    ["messages[1].role", { messages: [user, { role: "User", content: "" }] }],
    ["messages[0].role", { messages: [{ content: "Hi" }] }],
    ["messages[0].content", { messages: [{ role: "user" }] }],
    ["messages[0].content", { messages: [{ role: "user", content: null }] }],
    ["messages[0].content", { messages: [{ role: "user", content: 1 }] }],
    ["messages[0].content", { messages: [{ role: "function", name: "f" }] }],
    ["messages[0].content[1]", { messages: [{ role: "user", content: [{ type: "text", text: "a" }, "b"] }] }],
    ["messages[0].tool_call_id", { messages: [{ role: "tool", content: "x" }] }],
    ["stream", { stream: "true" }],
    ["stream_options", { stream_options: { include_usage: true } }],
    ["stream_options", { stream: true, stream_options: true }],
    ["stream_options.include_usage", { stream: true, stream_options: { include_usage: "yes" } }],
    ["temperature", { temperature: 2.1 }],
    ["temperature", { temperature: "1" }],
    ["top_p", { top_p: -0.1 }],
    ["n", { n: 0 }],
    ["n", { n: 129 }],
    ["n", { n: 1.5 }],
    ["max_tokens", { max_tokens: 0 }],
    ["max_tokens", { max_tokens: 1e300 }],
    ["max_completion_tokens", { max_completion_tokens: "10" }],
    ["presence_penalty", { presence_penalty: 3 }],
    ["top_logprobs", { top_logprobs: 21 }],
    ["seed", { seed: 1.5 }],
    ["stop", { stop: [1] }],
    ["stop", { stop: Array.from({ length: 17 }, () => "a") }],
    ["tools", { tools: {} }],
    ["tools", { tools: ["weather"] }],
    ["response_format", { response_format: "json" }],
    ["user", { user: 1 }],
    ["user", { user: "u".repeat(513) }],
    ["metadata", { metadata: [] }],
    ["metadata", { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) }],
    ["metadata.a", { metadata: { a: 1 } }],
  ])("%s in %j", (field, body) => {
    const text = JSON.stringify({ model: "chat", messages: [user], ...body });
    expect(() => check(text)).toThrow(expect.objectContaining({ kind: "INVALID_ARGUMENT", details: { field } }));
  });
});

test.each([
  "api_base",
  "api_key",
  "base_url",
  "extra_headers",
  "extra_body",
  "headers",
  "organization",
  "proxy",
  "fallbacks",
  "mock_response",
  "aws_secret_access_key",
  "vertex_credentials",
  "constructor",
  "__proto__",
])("%s would steer the call and is refused by name, also where it says nothing, and however it is written", (name) => {
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;
  for (const member of [`"${name}":null`, `"${name}":"x"`, `"${escaped}":{}`])
    expect(() => check(`{"model":"chat","messages":[{"role":"user","content":"Hi"}],${member}}`)).toThrow(
      expect.objectContaining({ kind: "UNSUPPORTED_PARAMETER", details: { field: name } }),
    );
});
