/** `POST /v1/messages` over a real node: what passes unchanged, what is mapped, refused by name or let go of, and who may read reasoning. */
import { create } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QuotaSchema, RouteSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ids, type ResourceInit, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;

beforeAll(async () => {
  const messages = routeOver("sim-instant", { name: "messages" }, { key: "messages", providerId: ids.anthropicProvider });
  const chat = routeOver("sim-instant", { name: "chat" }, { key: "chat" });
  const [chatBackend, messagesBackend] = [chat, messages].map(([backend]) => (backend?.case === "backend" ? (backend.value.id ?? "") : ""));
  const over = (
    name: string,
    backendIds: readonly (string | undefined)[],
    more: Partial<{ dropParameters: string[] }> = {},
  ): ResourceInit => ({
    case: "route",
    value: create(RouteSchema, {
      id: v7(),
      organisationId: ids.organisation,
      name,
      tiers: backendIds.map((backendId) => ({ targets: [{ backendId: backendId ?? "", weight: 1 }] })),
      ...more,
    }),
  });
  node = await startTestNode({
    resources: [
      ...messages,
      ...chat,
      ...routeOver("sim-reasoning", { name: "chat-reasoning" }, { key: "chat-reasoning" }),
      over("chat-then-messages", [chatBackend, messagesBackend]),
      over("messages-then-chat", [messagesBackend, chatBackend]),
      over("lenient-chat", [chatBackend], { dropParameters: ["container", "messages.reasoning_details", "tools.web_search_20250305"] }),
      over("lenient-messages", [messagesBackend], { dropParameters: ["seed", "messages.name"] }),
      {
        case: "quota",
        value: create(QuotaSchema, {
          id: v7(),
          organisationId: ids.organisation,
          key: "all",
          scope: { case: "organisation", value: true },
          resource: "requests",
          window: "day",
          limit: 1000n,
          enforcement: "hard",
        }),
      },
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const version = { "anthropic-version": "2023-06-01" };
const ask = async (body: Record<string, unknown>, headers: Record<string, string> = version) => {
  const response = await node.post(
    "/v1/messages",
    { max_tokens: 300, messages: [{ role: "user", content: "echo: hi" }], ...body },
    headers,
  );
  return { response, body: (await response.json()) as Record<string, never> };
};
const lastCall = async () => {
  const call = (await node.simulatorCalls()).at(-1);
  return { headers: call?.headers ?? {}, body: call?.body ?? "" };
};

describe("the same dialect on both sides", () => {
  it("passes the caller's body to the byte but for the model, with its version and betas", async () => {
    const body =
      '{ "max_tokens": 50, "model":"messages", "metadata":{"user_id":"u-1"},\n"messages":[{"role":"user","content":[{"type":"text","text":"echo: hi","cache_control":{"type":"ephemeral"}}]}] }';
    const response = await node.post("/v1/messages", body, { ...version, "anthropic-beta": "a-2025-01-01,b-2026-02-02", cookie: "a=b" });
    expect(response.status).toBe(200);
    const { body: sent, headers } = await lastCall();
    expect(sent).toBe(body.replace('"messages",', '"sim-instant",'));
    expect(headers).toMatchObject({ "anthropic-version": "2023-06-01", "anthropic-beta": "a-2025-01-01,b-2026-02-02" });
    expect(headers["x-api-key"]).toBeDefined();
    expect(headers).not.toHaveProperty("cookie");
    expect(JSON.stringify(headers)).not.toContain(node.apiKey);
    const { usage } = (await response.json()) as { usage: Record<string, number> };
    expect(usage["cache_read_input_tokens"]).toBeGreaterThan(0);
  });

  it("hands on a member that nobody knows, and the backend's word on it", async () => {
    const { response, body } = await ask({ model: "messages", novelty: 1 });
    expect(response.status).toBe(400);
    expect(body).toMatchObject({ type: "error", error: { type: "invalid_request_error", message: expect.stringContaining("novelty") } });
  });

  it("hands on the caller's newer version of the API", async () => {
    const { body } = await ask({ model: "messages", temperature: 0.5 }, { "anthropic-version": "2026-10-21" });
    expect(body).toMatchObject({ error: { message: expect.stringContaining("temperature") } });
    expect((await ask({ model: "messages", temperature: 0.5 })).response.status).toBe(200);
  });

  it("counts usage for the ledger: input with the cache, output, the reason of the end", async () => {
    const { response } = await ask({
      model: "messages",
      messages: [{ role: "user", content: [{ type: "text", text: "echo: hi there", cache_control: { type: "ephemeral" } }] }],
    });
    const callId = response.headers.get("x-penstock-call-id");
    await expect.poll(() => node.usageEvents().find((event) => event.callId === callId)).toBeDefined();
    const event = node.usageEvents().find((record) => record.callId === callId);
    expect(event).toMatchObject({ ingress: "anthropic-messages", finishReason: "end_turn", outcome: Outcome.OK });
    expect(Number(event?.usage?.cacheReadTokens)).toBeGreaterThan(0);
    expect(Number(event?.usage?.inputTokens)).toBeGreaterThan(
      Number(event?.usage?.cacheReadTokens) + Number(event?.usage?.cacheWriteTokens),
    );
  });
});

describe("another dialect behind it", () => {
  const search = { type: "web_search_20250305", name: "web_search" };

  it.each<[string, Record<string, unknown>]>([
    ["container", { container: "c-1" }],
    ["context_management", { context_management: { edits: [] } }],
    ["mcp_servers", { mcp_servers: [{ type: "url", url: "https://example.org" }] }],
    ["inference_geo", { inference_geo: "eu" }],
    ["tools.0.web_search_20250305", { tools: [search] }],
    [
      "messages.0.content.0.search_result",
      { messages: [{ role: "user", content: [{ type: "search_result", source: "s", title: "t", content: [] }] }] },
    ],
  ])("refuses %s by name", async (field, said) => {
    const { response, body } = await ask({ model: "chat", ...said });
    expect(response.status).toBe(400);
    expect(body).toMatchObject({
      error: { type: "invalid_request_error", details: { error_code: "unsupported_parameter", param: field } },
    });
    expect((await ask({ model: "messages-then-chat", ...said })).response.headers.get("x-penstock-backend")).not.toBe("chat");
  });

  it("is passed over for a call that it cannot take, where another can", async () => {
    const { response } = await ask({ model: "chat-then-messages", container: "c-1" });
    expect(response.headers.get("x-penstock-backend")).toBe("messages");
    expect(response.headers.get("x-penstock-attempts")).toBe("2");
  });

  it("gets the call without what its route lets go of, and the caller is told", async () => {
    const { response } = await ask({ model: "lenient-chat", container: "c-1", tools: [search] });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-dropped")).toBe("container, tools.web_search_20250305");
    expect((await lastCall()).body).not.toContain("web_search");
  });

  it("is spared hints for a cache that it does not have, and the caller is told", async () => {
    const { response } = await ask({
      model: "chat",
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-dropped")).toBe("messages.content.cache_control");
  });

  it("works for chat callers alike: refused by name, or let go of where the route says so", async () => {
    const chat = { messages: [{ role: "user", content: "echo: hi", name: "ann" }], seed: 1 };
    const refused = await node.post("/v1/chat/completions", { model: "messages", ...chat });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: "unsupported_parameter", param: "seed" } });
    const taken = await node.post("/v1/chat/completions", { model: "lenient-messages", ...chat });
    expect(taken.status).toBe(200);
    expect(taken.headers.get("x-penstock-dropped")).toBe("messages.name, seed");
  });
});

describe("reasoning stays with who signed it", () => {
  const thoughtful = { thinking: { type: "adaptive" }, max_tokens: 4000, messages: [{ role: "user", content: "tell me of rivers" }] };

  it("leads the next turn to its provider, wherever that stands on the route", async () => {
    const { body } = await ask({ model: "messages", ...thoughtful });
    const next = { messages: [...thoughtful.messages, { role: "assistant", content: body["content"] }, { role: "user", content: "more" }] };
    const { response } = await ask({ model: "chat-then-messages", ...thoughtful, ...next });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-backend")).toBe("messages");
    expect(response.headers.get("x-penstock-attempts")).toBe("1");
    const refused = await ask({ model: "chat", ...thoughtful, ...next });
    expect(refused.body).toMatchObject({ error: { type: "invalid_request_error", details: { param: "messages.1.content.0" } } });
    const dropped = await ask({ model: "lenient-chat", ...next });
    expect(dropped.response.headers.get("x-penstock-dropped")).toBe("messages.reasoning_details");
  });

  it("that was tampered with on the way is refused", async () => {
    const messages = [
      { role: "user", content: "hi" },
      { role: "assistant", content: [{ type: "thinking", thinking: "so", signature: "penstock.reasoning.1.bm9uc2Vuc2U" }] },
      { role: "user", content: "more" },
    ];
    const { body } = await ask({ model: "messages", messages });
    expect(body).toMatchObject({ error: { details: { error_code: "invalid_argument", param: "messages.1.content.0" } } });
  });

  it("that nobody signed does not reach a provider that would refuse it", async () => {
    const { body } = await ask({ model: "chat-reasoning", messages: thoughtful.messages });
    const messages = [...thoughtful.messages, { role: "assistant", content: body["content"] }, { role: "user", content: "more" }];
    const { response } = await ask({ model: "messages", messages });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-dropped")).toBe("messages.content.thinking");
  });
});

describe("a wrong body is told by field, in Anthropic's shape", () => {
  it.each<[string, Record<string, unknown>]>([
    ["max_tokens", { max_tokens: undefined }],
    ["max_tokens", { max_tokens: "many" }],
    ["messages", { messages: [] }],
    ["messages.0.role", { messages: [{ role: "tool", content: "x" }] }],
    ["messages.0.content", { messages: [{ role: "user" }] }],
    ["stream", { stream: "yes" }],
    ["system", { system: 5 }],
    ["metadata.user_id", { metadata: { user_id: 5 } }],
    ["api_base", { api_base: "https://example.org" }],
  ])("%s", async (field, said) => {
    const { response, body } = await ask({ model: "messages", ...said });
    expect(response.status).toBe(400);
    expect(body).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", details: { param: field } },
      request_id: expect.any(String),
    });
  });
});

it("says what is left of the caller's limits by the names that Anthropic's callers know", async () => {
  const { response } = await ask({ model: "messages" });
  expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("1000");
  expect(Number(response.headers.get("anthropic-ratelimit-requests-remaining"))).toBeLessThan(1000);
  expect(Date.parse(response.headers.get("anthropic-ratelimit-requests-reset") ?? "")).toBeGreaterThan(Date.now());
});

describe("counting tokens", () => {
  const count = async (model: string, content: unknown = "tell me of rivers") => {
    const response = await node.post("/v1/messages/count_tokens", { model, messages: [{ role: "user", content }] }, version);
    const estimated = response.headers.get("x-penstock-estimated");
    return { status: response.status, estimated, body: (await response.json()) as { input_tokens: number } };
  };

  it("is the backend's own where it can count", async () => {
    const { status, body, estimated } = await count("messages");
    expect([status, estimated]).toEqual([200, null]);
    const answered = await ask({ model: "messages", messages: [{ role: "user", content: "tell me of rivers" }] });
    expect(body).toEqual({ input_tokens: (answered.body["usage"] as unknown as { input_tokens: number }).input_tokens });
  });

  it("is an estimate, and says so, where it cannot", async () => {
    expect(await count("chat")).toEqual({ status: 200, estimated: "true", body: { input_tokens: 8 } });
    // A picture is not counted by the length of its base64.
    const source = { type: "base64", media_type: "image/png", data: "A".repeat(400_000) };
    expect((await count("chat", [{ type: "image", source }])).body.input_tokens).toBeLessThan(2000);
  });

  it("fails in Anthropic's shape", async () => {
    expect(await count("nobody-knows-it")).toMatchObject({ status: 404, body: { type: "error", error: { type: "not_found_error" } } });
  });
});
