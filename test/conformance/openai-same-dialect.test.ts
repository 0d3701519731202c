/** Responses and legacy completions over a backend that speaks them too: both ways as they were written. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNativeOpenai } from "../harness/native-openai.ts";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let upstream: Awaited<ReturnType<typeof startNativeOpenai>>;
let openai: OpenAI;

beforeAll(async () => {
  upstream = await startNativeOpenai();
  const providerId = "0193-openai";
  node = await startTestNode({
    resources: [
      {
        case: "provider",
        value: {
          id: providerId,
          organisationId: ids.organisation,
          key: "openai",
          kind: "openai",
          baseUrl: upstream.baseUrl,
          privateAddressAllowed: true,
        },
      },
      ...routeOver("sim-instant"),
      ...routeOver("gpt", {}, { providerId, model: "gpt-9" }),
      ...routeOver("tuned", { defaultParameters: { temperature: 0.25 } }, { providerId, model: "gpt-9" }),
    ],
  });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await upstream.close();
});
const seen = () => upstream.bodies.at(-1);

describe("a response", () => {
  it("goes on with hosted tools and members that nobody here knows, and nothing of it is kept there", async () => {
    const { data, response } = await openai.responses
      .create({ model: "gpt", input: "hi", tools: [{ type: "web_search" }], max_tool_calls: 2, x_new: 1 } as never)
      .withResponse();
    expect(seen()).toMatchObject({
      path: "/v1/responses",
      body: { model: "gpt-9", input: "hi", tools: [{ type: "web_search" }], max_tool_calls: 2, x_new: 1, store: false },
    });
    expect(data).toMatchObject({
      id: expect.stringMatching(/^resp_up/),
      model: "gpt",
      x_kept: { deep: true },
      store: true,
      previous_response_id: null,
    });
    expect(data.output).toMatchObject([
      { type: "reasoning", encrypted_content: "gAAAAsealed" },
      { type: "web_search_call" },
      { x_phase: "final" },
    ]);
    const id = response.headers.get("x-penstock-call-id");
    await expect
      .poll(() => node.usageEvents().find(({ callId }) => callId === id)?.usage)
      .toMatchObject({
        inputTokens: 37n,
        outputTokens: 11n,
        cacheReadTokens: 5n,
        reasoningTokens: 3n,
      });
    expect(node.usageEvents().find(({ callId }) => callId === id)).toMatchObject({ modelServed: "gpt-9-2025", finishReason: "completed" });
  });

  it("streams the backend's own events, and is gone on from with what only the backend can read", async () => {
    const events = await Array.fromAsync(await openai.responses.create({ model: "gpt", input: "hi", stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.web_search_call.searching",
      "response.output_item.added",
      "response.output_text.delta",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ sequence_number: number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(events[4]).toMatchObject({ delta: "Hi there!", x_unknown: "é" });
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("no end");
    expect(last.response).toMatchObject({ model: "gpt", store: true, penstock: { route: "gpt" } });
    const next = await openai.responses.create({ model: "gpt", input: "and now?", previous_response_id: last.response.id });
    expect(next.previous_response_id).toBe(last.response.id);
    expect(seen()?.body).not.toHaveProperty("previous_response_id");
    expect(seen()?.body["input"]).toMatchObject([
      { role: "user" },
      { type: "reasoning", encrypted_content: "gAAAAsealed" },
      { type: "web_search_call" },
      { type: "message", role: "assistant" },
      { role: "user" },
    ]);
    // A backend of another provider cannot read it: the call says so instead of leaving it out.
    await expect(
      openai.responses.create({ model: "sim-instant", input: "x", previous_response_id: last.response.id }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it("that breaks off has failed", async () => {
    upstream.cutStreams(true);
    const events = await Array.fromAsync(await openai.responses.create({ model: "gpt", input: "hi", stream: true }));
    upstream.cutStreams(false);
    expect(events.at(-1)).toMatchObject({ type: "response.failed", sequence_number: 5, response: { status: "failed", model: "gpt" } });
    await expect(openai.responses.retrieve("resp_up4")).rejects.toMatchObject({ status: 404 });
  });

  it("goes over chat where the route has something to say in it", async () => {
    await openai.responses.create({ model: "tuned", input: "hi" }).catch(() => undefined);
    expect(seen()).toMatchObject({ path: "/v1/chat/completions", body: { temperature: 0.25, messages: [{ role: "user" }] } });
  });
});

describe("a legacy completion", () => {
  it("goes on as it was written, token prompts, echo and suffix included", async () => {
    const { data, response } = await openai.completions
      .create({ model: "gpt", prompt: [1, 2, 3], echo: true, suffix: "!", best_of: 3, logprobs: 2, max_tokens: 7 })
      .withResponse();
    expect(seen()).toMatchObject({
      path: "/v1/completions",
      body: { model: "gpt-9", prompt: [1, 2, 3], echo: true, suffix: "!", best_of: 3, logprobs: 2 },
    });
    expect(data).toMatchObject({ model: "gpt", x_kept: 1, choices: [{ text: "1,2,3 said", finish_reason: "length" }] });
    const id = response.headers.get("x-penstock-call-id");
    await expect
      .poll(() => node.usageEvents().find(({ callId }) => callId === id))
      .toMatchObject({ ingress: "openai-completions", finishReason: "length", usage: { inputTokens: 5n, outputTokens: 7n } });
  });

  it("streams, with usage for those who asked", async () => {
    const chunks = await Array.fromAsync(await openai.completions.create({ model: "gpt", prompt: "a", stream: true }));
    expect(chunks.map(({ choices }) => choices.length)).toEqual([1, 1]);
    for (const chunk of chunks) expect(chunk).toMatchObject({ model: "gpt", x_kept: 1 });
    for (const chunk of chunks) expect(chunk).not.toHaveProperty("usage");
    const asked = await Array.fromAsync(
      await openai.completions.create({ model: "gpt", prompt: "a", stream: true, stream_options: { include_usage: true } }),
    );
    expect(asked.map(({ usage }) => usage?.total_tokens ?? null)).toEqual([null, null, 12]);
    upstream.cutStreams(true);
    const broken = openai.completions.create({ model: "gpt", prompt: "a", stream: true });
    await expect(broken.then((stream) => Array.fromAsync(stream))).rejects.toThrow();
    upstream.cutStreams(false);
  });
});

describe("a legacy completion over a backend that only chats", () => {
  it("is one user message, whole and streamed, with its own logprobs", async () => {
    const whole = await openai.completions.create({ model: "sim-instant", prompt: "echo: a b c", max_tokens: 50, logprobs: 2, n: 2 });
    expect(whole.choices.map(({ text, index, finish_reason: reason }) => [text, index, reason])).toEqual([
      ["a b c", 0, "stop"],
      ["a b c", 1, "stop"],
    ]);
    expect(whole.choices[0]?.logprobs).toMatchObject({ tokens: ["a", " b", " c"], text_offset: [0, 1, 3] });
    expect(whole.usage?.total_tokens).toBeGreaterThan(0);
    const chunks = await Array.fromAsync(
      await openai.completions.create({
        model: "sim-instant",
        prompt: ["echo: a b c"],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe("a b c");
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter((reason) => reason)).toEqual(["stop"]);
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
  });

  it("has the length that the API gives where nothing is said", async () => {
    const { choices } = await openai.completions.create({ model: "sim-instant", prompt: "a very long story" });
    expect(choices[0]?.finish_reason).toBe("length");
  });

  it.each([
    [{ prompt: ["a", "b"] }, "prompt"],
    [{ prompt: [1, 2] }, "prompt"],
    [{ echo: true }, "echo"],
    [{ suffix: "x" }, "suffix"],
    [{ best_of: 3 }, "best_of"],
    [{ top_k: 3 }, "top_k"],
    [{ prompt: [] }, "prompt"],
    [{ logprobs: 99 }, "logprobs"],
  ])("refuses by name what chat has no word for: %j", async (more, param) => {
    const response = await node.post("/v1/completions", { model: "sim-instant", prompt: "a", ...more });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });
});
