/** `POST /v1/chat/completions` as the official SDK sees it, over a real node and the simulator. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let openai: OpenAI;

beforeAll(async () => {
  const price = { version: 3n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
  node = await startTestNode({
    resources: [...routeOver("sim-instant", {}, { price }), ...routeOver("sim-reasoning"), ...routeOver("sim-fast")],
  });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
});
afterAll(() => node[Symbol.asyncDispose]());

describe("an answer that is not streamed", () => {
  it("is the backend's, under the name that was asked for, and says what made it", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: "sim-instant", messages: say("echo: good morning") as never })
      .withResponse();
    expect(data.choices[0]?.message).toMatchObject({ role: "assistant", content: "good morning" });
    expect(data.model).toBe("sim-instant");
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(response.headers.get("x-penstock-route")).toBe("sim-instant");
    expect(response.headers.get("x-penstock-backend")).toBe("sim-instant");
    expect(response.headers.get("x-penstock-attempts")).toBe("1");
    expect(response.headers.get("x-penstock-cache")).toBe("off");
    expect(response.headers.get("x-penstock-revision")).toBe("epoch-1-1");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(response.headers.get("x-penstock-cost-usd"))).toBeGreaterThan(0);
  });

  it("keeps the caller's own request id", async () => {
    const response = await node.post("/v1/chat/completions", { model: "sim-instant", messages: say("hi") }, { "x-request-id": "mine-1" });
    expect(response.headers.get("x-request-id")).toBe("mine-1");
  });
});

describe("a stream", () => {
  it("brings the same text as the answer that is not streamed, and ends", async () => {
    const whole = await openai.chat.completions.create({ model: "sim-fast", messages: say("tell me of rivers") as never });
    const stream = await openai.chat.completions.create({ model: "sim-fast", messages: say("tell me of rivers") as never, stream: true });
    let text = "";
    const heads = new Set<string>();
    let finish: string | null = null;
    for await (const chunk of stream) {
      heads.add(`${chunk.id} ${chunk.created} ${chunk.model} ${chunk.object}`);
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      expect(chunk.choices.length).toBe(1);
      expect(chunk).not.toHaveProperty("usage");
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(finish).toBe("stop");
    expect(heads.size).toBe(1);
    expect([...heads][0]).toContain("sim-fast chat.completion.chunk");
  });

  it("gives usage in a last chunk of its own when asked, with the cost and what made it, and null before", async () => {
    const stream = await openai.chat.completions.create({
      model: "sim-instant",
      messages: say("tell me of rivers") as never,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    const last = chunks.pop() as (typeof chunks)[number] & { penstock: Record<string, unknown> };
    expect(last.choices).toEqual([]);
    expect(last.usage?.completion_tokens).toBeGreaterThan(0);
    expect(last.penstock).toMatchObject({ route: "sim-instant", backend: "sim-instant", attempts: 1, revision: "epoch-1-1" });
    expect(last.penstock["cost_usd"]).toBeGreaterThan(0);
    for (const chunk of chunks) expect(chunk.usage).toBeNull();
  });

  it("is byte for byte `data:` lines, ended once by [DONE]", async () => {
    const response = await node.post("/v1/chat/completions", { model: "sim-instant", stream: true, messages: say("hi") });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    const text = await response.text();
    const events = text.split("\n\n").filter((event) => event !== "");
    for (const event of events) expect(event.startsWith("data: ")).toBe(true);
    expect(events.filter((event) => event === "data: [DONE]").length).toBe(1);
    expect(events.at(-1)).toBe("data: [DONE]");
    expect(JSON.parse(events[0]?.slice(6) ?? "").choices[0].delta).toMatchObject({ role: "assistant", content: "" });
  });

  it("passes tool calls, reasoning, several choices and logprobs on", async () => {
    const tools = [
      {
        type: "function" as const,
        function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
      },
    ];
    const called = await openai.chat.completions.create({
      model: "sim-instant",
      messages: say("weather?") as never,
      tools,
      tool_choice: "required",
      stream: true,
    });
    let name = "";
    let args = "";
    let finish = "";
    for await (const chunk of called) {
      const call = chunk.choices[0]?.delta.tool_calls?.[0];
      name ||= call?.function?.name ?? "";
      args += call?.function?.arguments ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(name).toBe("weather");
    expect(JSON.parse(args)).toHaveProperty("city");
    expect(finish).toBe("tool_calls");

    const reasoned = await openai.chat.completions.create({ model: "sim-reasoning", messages: say("think") as never, stream: true });
    let reasoning = "";
    for await (const chunk of reasoned)
      reasoning += (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
    expect(reasoning).not.toBe("");

    const several = await openai.chat.completions.create({
      model: "sim-instant",
      messages: say("three") as never,
      n: 3,
      logprobs: true,
      stream: true,
    });
    const texts = ["", "", ""];
    const ends: (string | null)[] = [null, null, null];
    let logprobs = 0;
    for await (const chunk of several) {
      for (const choice of chunk.choices) {
        texts[choice.index] += choice.delta.content ?? "";
        ends[choice.index] = choice.finish_reason ?? ends[choice.index] ?? null;
        logprobs += choice.logprobs?.content?.length ?? 0;
      }
    }
    expect(texts.every((text) => text !== "")).toBe(true);
    expect(ends).toEqual(["stop", "stop", "stop"]);
    expect(logprobs).toBeGreaterThan(3);
  });
});

describe("what reaches the backend", () => {
  it("is the caller's own text with the backend's model in it: unknown fields, order and large numbers as they were", async () => {
    const body =
      '{"zeta":1,"model":"sim-instant","messages":[{"role":"user","content":"hi"}],"seed":3,"vendor":{"big":12345678901234567890,"x":[1.0]}}';
    await (await node.post("/v1/chat/completions", body)).text();
    const call = (await node.simulatorCalls()).findLast(({ body: sent }) => sent.includes("zeta"));
    expect(call?.body).toBe(body);
  });

  it("has a cache name of the tenant's own for the one that the caller said: the same for the same, and not what was said", async () => {
    const sent = [];
    for (const key of ["mine", "mine", "other"]) {
      await (
        await node.post("/v1/chat/completions", { model: "sim-instant", messages: say("cached"), prompt_cache_key: key, cache_salt: key })
      ).text();
      sent.push(JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}"));
    }
    expect(sent[0].prompt_cache_key).toMatch(/^[0-9a-f]{32}$/);
    expect(sent[0].cache_salt).toBe(sent[0].prompt_cache_key);
    expect(sent[1].prompt_cache_key).toBe(sent[0].prompt_cache_key);
    expect(sent[2].prompt_cache_key).not.toBe(sent[0].prompt_cache_key);
  });

  it("carries the provider's credential and never the caller's", async () => {
    await (
      await node.post("/v1/chat/completions", { model: "sim-instant", messages: say("who am I") }, { "x-custom": "caller", cookie: "a=b" })
    ).text();
    const call = (await node.simulatorCalls()).at(-1);
    const text = JSON.stringify(call);
    expect(text).not.toContain(node.apiKey);
    expect(text).not.toContain("x-custom");
    expect(text).not.toContain("a=b");
    expect(text).toContain("sha256:");
  });
});

describe("the models", () => {
  it("are the routes that the key may call", async () => {
    const names: string[] = [];
    for await (const model of openai.models.list()) names.push(model.id);
    expect(names).toEqual(["sim-fast", "sim-instant", "sim-reasoning"]);
    expect(await openai.models.retrieve("sim-fast")).toMatchObject({
      id: "sim-fast",
      object: "model",
      owned_by: "acme",
      created: 1_700_000_000,
    });
    await expect(openai.models.retrieve("none")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });
});

describe("the usage event", () => {
  it("tells who called what, with which outcome, tokens and cost", async () => {
    const response = await node.post(
      "/v1/chat/completions",
      { model: "sim-instant", messages: say("count me"), user: "user-7" },
      { "x-penstock-tags": "team=search" },
    );
    const body = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    const id = response.headers.get("x-request-id");
    await expect.poll(() => node.usageEvents().find(({ callId }) => callId === id)).toBeTruthy();
    const event = node.usageEvents().find(({ callId }) => callId === id);
    expect(event).toMatchObject({
      routeName: "sim-instant",
      ingress: "openai-chat",
      streamed: false,
      modelAsked: "sim-instant",
      outcome: 1,
      finishReason: "stop",
      priceVersion: 3n,
      tags: { team: "search" },
    });
    expect(event?.usage?.inputTokens).toBe(BigInt(body.usage.prompt_tokens));
    expect(event?.usage?.outputTokens).toBe(BigInt(body.usage.completion_tokens));
    expect(event?.costNanodollars).toBe(BigInt(body.usage.prompt_tokens) * 1000n + BigInt(body.usage.completion_tokens) * 2000n);
    expect(event?.endUserHash).toMatch(/^[0-9a-f]{64}$/);
    expect(event?.attempts).toMatchObject([{ result: "ok", httpStatus: 200 }]);
  });
});
