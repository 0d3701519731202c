/** The common form as a Messages backend gets it: each field kept, mapped, or refused by name; and a caller's own words unchanged. */
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import type { CompletionRequest } from "../../data-plane/pipeline/completion-request.ts";
import { readJsonText } from "../../data-plane/pipeline/json-text.ts";
import { requestBody, requestHeaders } from "../../data-plane/providers/anthropic/request.ts";
import type { ProviderCall } from "../../data-plane/providers/provider.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, sampleRequest, snapshotOf } from "../pipeline/sample-call.ts";

type Json = Record<string, unknown>;

function callOf(body: Json, more: Partial<ProviderCall> = {}, model = "claude-opus-5-5", request: Partial<CompletionRequest> = {}) {
  const backend = snapshotOf([
    ...backendNamed("a"),
    { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
  ]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
  if (backend === undefined) throw new Error("the route was not compiled");
  const hints: string[] = [];
  const call: ProviderCall = {
    backend: { ...backend, model },
    request: sampleRequest(body, request),
    replacements: new Map(),
    promptMessages: [],
    form: "typed",
    clocks: clockDefaults,
    cannotCarry(field, kind) {
      if (kind !== "hint") throw new GatewayError("UNSUPPORTED_PARAMETER", field, { field });
      hints.push(field);
    },
    ...more,
  };
  return { call, hints };
}

const sent = (body: Json, more: Partial<ProviderCall> = {}, model?: string): Json =>
  JSON.parse(requestBody(callOf(body, more, model).call)) as Json;
const refusedField = (body: Json, model?: string): string | undefined => {
  try {
    sent(body, {}, model);
    return undefined;
  } catch (error) {
    return error instanceof GatewayError ? error.details.field : String(error);
  }
};
const user = { role: "user", content: "Hi" };

describe("parameters", () => {
  test.each<[string, Json, Json]>([
    ["a limit by its newer name", { max_completion_tokens: 7, max_tokens: 9 }, { max_tokens: 7 }],
    ["a limit by its older name", { max_tokens: 9 }, { max_tokens: 9 }],
    ["no limit", {}, { max_tokens: 4096 }],
    ["a stop", { stop: "END" }, { stop_sequences: ["END"] }],
    ["stops", { stop: ["a", "b"] }, { stop_sequences: ["a", "b"] }],
    ["sampling", { temperature: 0.5, top_p: 0.9, top_k: 4 }, { temperature: 0.5, top_p: 0.9, top_k: 4 }],
    ["an end user", { user: "u-1" }, { metadata: { user_id: "u-1" } }],
    ["an end user by the newer name", { user: "u-1", safety_identifier: "u-2" }, { metadata: { user_id: "u-2" } }],
    ["a tier", { service_tier: "default" }, { service_tier: "standard_only" }],
    ["automatic tier", { service_tier: "auto" }, { service_tier: "auto" }],
    ["effort", { reasoning_effort: "high" }, { thinking: { type: "adaptive" }, output_config: { effort: "high" } }],
    ["no reasoning", { reasoning_effort: "none" }, { thinking: { type: "disabled" } }],
    [
      "a budget",
      { reasoning: { max_tokens: 2000 }, max_tokens: 5000 },
      { thinking: { type: "enabled", budget_tokens: 2000 }, max_tokens: 5000 },
    ],
    ["hidden reasoning", { reasoning: { enabled: true, exclude: true } }, { thinking: { type: "adaptive", display: "omitted" } }],
    [
      "thinking in the backend's own words",
      { thinking: { type: "enabled", budget_tokens: 1024 } },
      { thinking: { type: "enabled", budget_tokens: 1024 } },
    ],
    [
      "a schema",
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } } },
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
    ],
    ["what is the same as not saying it", { n: 1, seed: null, logit_bias: {}, presence_penalty: 0, logprobs: false, store: false }, {}],
  ])("%s", (_, said, meant) => {
    const { model, messages, ...members } = sent(said);
    expect({ model, messages }).toEqual({ model: "claude-opus-5-5", messages: [user] });
    expect(members).toEqual({ max_tokens: 4096, ...meant });
  });

  test.each<[string, string, number]>([
    ["claude-3-7-sonnet-20250219", "low", 2048],
    ["claude-sonnet-4-5-20250929", "high", 16_384],
    ["claude-haiku-4-5@20251001", "medium", 8192],
    ["claude-opus-4-20250514", "minimal", 1024],
  ])("%s takes an effort of %s as a budget, and the answer keeps its own room", (model, effort, budget) => {
    expect(sent({ reasoning_effort: effort }, {}, model)).toMatchObject({
      thinking: { type: "enabled", budget_tokens: budget },
      max_tokens: 4096 + budget,
    });
  });

  test("a budget leaves room within the caller's own limit, or is refused", () => {
    expect(sent({ reasoning_effort: "high", max_tokens: 3000 }, {}, "claude-sonnet-4-5-20250929")).toMatchObject({
      thinking: { budget_tokens: 2999 },
      max_tokens: 3000,
    });
    expect(refusedField({ reasoning_effort: "high", max_tokens: 1000 }, "claude-sonnet-4-5-20250929")).toBe("reasoning_effort");
  });

  test.each<[string, Json]>([
    ["seed", { seed: 1 }],
    ["n", { n: 2 }],
    ["logprobs", { logprobs: true }],
    ["logit_bias", { logit_bias: { "1": 5 } }],
    ["frequency_penalty", { frequency_penalty: 0.1 }],
    ["presence_penalty", { presence_penalty: -1 }],
    ["temperature", { temperature: 1.5 }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["service_tier", { service_tier: "flex" }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["verbosity", { verbosity: "low" }],
    ["store", { store: true }],
    ["never_heard_of", { never_heard_of: 1 }],
    ["tools[0].custom", { tools: [{ type: "custom", custom: { name: "f" } }] }],
    ["messages[0].name", { messages: [{ ...user, name: "ann" }] }],
    [
      "messages[0].content[0].input_audio",
      { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "", format: "wav" } }] }] },
    ],
    ["messages[0].unheard", { messages: [{ ...user, unheard: 1 }] }],
    [
      "messages[0].content[0].file.file_data",
      { messages: [{ role: "user", content: [{ type: "file", file: { file_data: "data:application/zip;base64,AA==" } }] }] },
    ],
  ])("%s is refused by name", (field, said) => {
    expect(refusedField(said)).toBe(field);
  });

  test("hints are let go of and told", () => {
    const { call, hints } = callOf({
      prompt_cache_key: "k",
      messages: [
        { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.org/a.png", detail: "high" } }] },
        { role: "assistant", content: "x", reasoning_content: "hm" },
      ],
    });
    requestBody(call);
    expect(hints.toSorted()).toEqual(["messages[0].content[0].image_url.detail", "messages[1].reasoning_content", "prompt_cache_key"]);
  });
});

describe("tools", () => {
  const tool = (name: string, more: Json = {}) => ({
    type: "function",
    function: { name, parameters: { type: "object", properties: {} }, ...more },
  });
  test.each<[string, Json, unknown]>([
    ["auto", { tool_choice: "auto" }, { type: "auto" }],
    ["none", { tool_choice: "none" }, { type: "none" }],
    ["required", { tool_choice: "required" }, { type: "any" }],
    ["one by name", { tool_choice: { type: "function", function: { name: "f" } } }, { type: "tool", name: "f" }],
    ["one at a time", { parallel_tool_calls: false }, { type: "auto", disable_parallel_tool_use: true }],
    ["any one", { tool_choice: "required", parallel_tool_calls: false }, { type: "any", disable_parallel_tool_use: true }],
    ["nothing said", {}, undefined],
  ])("chosen: %s", (_, said, meant) => {
    expect(sent({ tools: [tool("f"), tool("g")], ...said })["tool_choice"]).toEqual(meant);
  });

  test("some of them allowed: those alone are offered", () => {
    const choice = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "g" } }] } };
    const body = sent({ tools: [tool("f"), tool("g")], tool_choice: choice });
    expect(body).toMatchObject({ tools: [{ name: "g" }], tool_choice: { type: "any" } });
    expect(body["tools"]).toHaveLength(1);
  });

  test("with description, strictness, caching, and an object where nothing is said of the input", () => {
    const tools = [{ type: "function", function: { name: "f", description: "d", strict: true }, cache_control: { type: "ephemeral" } }];
    expect(sent({ tools })["tools"]).toEqual([
      { name: "f", description: "d", input_schema: { type: "object" }, strict: true, cache_control: { type: "ephemeral" } },
    ]);
  });
});

describe("messages", () => {
  const messagesSent = (messages: Json[]) => sent({ messages })["messages"];

  test("system and developer messages stand apart, plain where they can be", () => {
    expect(sent({ messages: [{ role: "system", content: "Be brief." }, user] })).toMatchObject({ system: "Be brief.", messages: [user] });
    const cached = { type: "text", text: "Long.", cache_control: { type: "ephemeral", ttl: "1h" } };
    expect(sent({ messages: [{ role: "system", content: [cached] }, { role: "developer", content: "Short." }, user] })["system"]).toEqual([
      cached,
      { type: "text", text: "Short." },
    ]);
  });

  test("results of tools stand together and first in the turn that follows their calls, with errors and images", () => {
    const call = (id: string, said: string) => ({ id, type: "function", function: { name: "f", arguments: said } });
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    expect(
      messagesSent([
        user,
        {
          role: "assistant",
          content: "Let me see.",
          tool_calls: [call("call_1", '{"id":12345678901234567890}'), call("functions.x:0", "")],
        },
        { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "seen" }, image] },
        { role: "tool", tool_call_id: "functions.x:0", content: "no", is_error: true },
        { role: "user", content: "and now?" },
      ]),
    ).toEqual([
      user,
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "call_1", name: "f", input: { id: expect.any(Number) } },
          { type: "tool_use", id: expect.stringMatching(/^functions_x_0_[\da-f]{12}$/), name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "call_1",
            content: [
              { type: "text", text: "seen" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
            ],
          },
          { type: "tool_result", tool_use_id: expect.stringMatching(/^functions_x_0_[\da-f]{12}$/), content: "no", is_error: true },
          { type: "text", text: "and now?" },
        ],
      },
    ]);
    const { call: one } = callOf({ messages: [user, { role: "assistant", tool_calls: [call("c", '{"id":12345678901234567890}')] }] });
    expect(requestBody(one)).toContain('{"id":12345678901234567890}');
  });

  test("arguments that are no object are the caller's to mend", () => {
    const bad = { id: "c", type: "function", function: { name: "f", arguments: "[1" } };
    expect(refusedField({ messages: [user, { role: "assistant", tool_calls: [bad] }] })).toBe(
      "messages[1].tool_calls[0].function.arguments",
    );
  });

  test("documents by data, address and id, with citations and context", () => {
    const file = (of: Json, more: Json = {}) => ({ role: "user", content: [{ type: "file", file: of, ...more }] });
    const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AAAA" }, title: "a.pdf" };
    expect(messagesSent([file({ file_data: "data:application/pdf;base64,AAAA", filename: "a.pdf" })])).toMatchObject([{ content: [pdf] }]);
    expect(messagesSent([file({ file_url: "https://example.org/a.pdf" }, { citations: { enabled: true }, context: "c" })])).toMatchObject([
      {
        content: [
          { type: "document", source: { type: "url", url: "https://example.org/a.pdf" }, citations: { enabled: true }, context: "c" },
        ],
      },
    ]);
    expect(messagesSent([file({ file_data: "data:text/plain;base64,aGk=" })])).toMatchObject([
      { content: [{ source: { type: "text", media_type: "text/plain", data: "hi" } }] },
    ]);
    const { call } = callOf({ messages: [file({ file_id: "file_1" })] });
    expect(requestBody(call)).toContain('"source":{"type":"file","file_id":"file_1"}');
    expect(requestHeaders(call, []).join(" ")).toContain("anthropic-beta files-api");
  });

  test("empty texts say nothing, and turns alternate", () => {
    expect(messagesSent([user, { role: "assistant", content: "" }, { role: "user", content: "there?" }])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "text", text: "there?" },
        ],
      },
    ]);
  });

  test("signed reasoning goes back as it came, before what followed from it; another's is refused", () => {
    const detail = { type: "reasoning.text", text: "so", signature: "sig", format: "anthropic-claude-v1", provider: "a" };
    const sealed = { type: "reasoning.encrypted", data: "xyz", format: "anthropic-claude-v1" };
    // As pieces of a stream, which callers may give back one by one.
    const pieces = [
      { ...detail, text: "s", signature: undefined },
      { ...detail, text: "o" },
    ];
    const thinking = { type: "thinking", thinking: "so", signature: "sig" };
    const redacted = { type: "redacted_thinking", data: "xyz" };
    for (const details of [
      [detail, sealed],
      [...pieces, sealed],
    ])
      expect(messagesSent([user, { role: "assistant", content: "42", reasoning_content: "so", reasoning_details: details }])).toEqual([
        user,
        { role: "assistant", content: [thinking, redacted, { type: "text", text: "42" }] },
      ]);
    const stranger = { ...detail, provider: "b" };
    expect(refusedField({ messages: [user, { role: "assistant", content: "42", reasoning_details: [stranger] }] })).toBe(
      "messages[1].reasoning_details",
    );
  });
});

describe("a caller of the same dialect", () => {
  const native = (text: string, more: Partial<ProviderCall> = {}, headers: Record<string, string> = {}) =>
    callOf({}, more, "claude-x", {
      ingress: "anthropic-messages",
      native: { body: readJsonText(text), headers, unmapped: [], hints: [] },
    }).call;

  test("is handed on byte for byte, but for the model", () => {
    const text = '{ "max_tokens":5,"model" : "chat", "novelty":{"n":12345678901234567890},"messages":[{"role":"user","content":"Hi"}]}';
    expect(requestBody(native(text))).toBe(text.replace('"chat"', '"claude-x"'));
  });

  test("with its version and betas, and nothing else of its headers", () => {
    const headers = requestHeaders(native("{}", {}, { "anthropic-version": "2026-10-21", "anthropic-beta": "a-1,b-2" }), [
      "x-api-key",
      "k",
    ]);
    expect(headers.join(" ")).toContain("anthropic-version 2026-10-21 x-api-key k anthropic-beta a-1,b-2");
    expect(requestHeaders(native("{}"), []).join(" ")).toContain("anthropic-version 2023-06-01");
  });

  test("gets the prompt's messages before its own, and parameters in its own words", () => {
    const text = '{"model":"chat","max_tokens":5,"system":"Mine.","messages":[{"role":"user","content":"Hi"}],"x":1}';
    const call = native(text, {
      promptMessages: [
        '{"role":"system","content":"Prompt."}',
        '{"role":"user","content":"Example?"}',
        '{"role":"assistant","content":"Yes."}',
      ],
      replacements: new Map([
        ["messages", "[]"],
        ["stop", '["END"]'],
        ["max_tokens", "9"],
      ]),
    });
    expect(JSON.parse(requestBody(call))).toEqual({
      model: "claude-x",
      max_tokens: 9,
      system: [
        { type: "text", text: "Prompt." },
        { type: "text", text: "Mine." },
      ],
      messages: [
        { role: "user", content: "Example?" },
        { role: "assistant", content: [{ type: "text", text: "Yes." }] },
        { role: "user", content: "Hi" },
      ],
      stop_sequences: ["END"],
      x: 1,
    });
  });
});
