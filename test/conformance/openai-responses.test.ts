/** `POST /v1/responses` as the official SDK sees it, over backends that speak chat: created, streamed, gone on from, read, deleted. */
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let openai: OpenAI;
const price = { version: 3n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const tides = { type: "function" as const, name: "tides", parameters: city, strict: true };
const weather = {
  type: "function" as const,
  name: "weather",
  description: "tells the weather",
  parameters: city,
  strict: true,
};

beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-instant", {}, { price }),
      ...routeOver("sim-reasoning"),
      ...routeOver("sim-slow"),
      ...routeOver("sim-fault-cut-rst"),
      ...routeOver("sim-fault-error-500"),
    ],
  });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
});
afterAll(() => node[Symbol.asyncDispose]());

const bodiesSeen = async () => (await node.simulatorCalls()).map(({ body }) => JSON.parse(body) as Record<string, unknown>);

describe("a response that is not streamed", () => {
  it("is the model's answer, with what was asked said again and usage as responses count it", async () => {
    const { data, response } = await openai.responses
      .create({ model: "sim-instant", input: "echo: good morning", instructions: "Be kind.", metadata: { team: "a" }, temperature: 0.5 })
      .withResponse();
    expect(data).toMatchObject({
      object: "response",
      status: "completed",
      model: "sim-instant",
      output_text: "good morning",
      instructions: "Be kind.",
      metadata: { team: "a" },
      temperature: 0.5,
      error: null,
      incomplete_details: null,
      previous_response_id: null,
      store: true,
    });
    expect(data.id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect(data.output[0]).toMatchObject({ type: "message", role: "assistant", status: "completed" });
    expect(data.usage?.total_tokens).toBe((data.usage?.input_tokens ?? 0) + (data.usage?.output_tokens ?? 0));
    expect(response.headers.get("x-penstock-route")).toBe("sim-instant");
    expect(Number(response.headers.get("x-penstock-cost-usd"))).toBeGreaterThan(0);
    expect((await bodiesSeen()).at(-1)).toMatchObject({
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: [{ type: "text", text: "echo: good morning" }] },
      ],
      temperature: 0.5,
    });
  });

  it("is recorded under its own ingress", async () => {
    const { response } = await openai.responses.create({ model: "sim-instant", input: "hi", user: "u" }).withResponse();
    const id = response.headers.get("x-penstock-call-id");
    await expect.poll(() => node.usageEvents().find(({ callId }) => callId === id)?.ingress).toBe("openai-responses");
  });

  it("calls tools, takes their answers, with pictures and files on the way", async () => {
    const first = await openai.responses.create({
      model: "sim-instant",
      input: "weather?",
      tools: [weather],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    const call = first.output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "weather", status: "completed" });
    expect(JSON.parse(call?.arguments ?? "")).toHaveProperty("city");
    const second = await openai.responses.create({
      model: "sim-instant",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "weather?" },
            { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" },
            { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" },
          ],
        },
        ...(first.output as never[]),
        { type: "function_call_output", call_id: call?.call_id ?? "", output: "rain" },
      ],
      tools: [weather],
    });
    expect(second.output_text).not.toBe("");
    expect((await bodiesSeen()).at(-1)?.["messages"]).toMatchObject([
      {
        role: "user",
        content: [{ type: "text" }, { type: "image_url", image_url: { detail: "low" } }, { type: "file", file: { filename: "a.pdf" } }],
      },
      { role: "assistant", content: null, tool_calls: [{ id: call?.call_id, type: "function", function: { name: "weather" } }] },
      { role: "tool", tool_call_id: call?.call_id, content: "rain" },
    ]);
  });

  it("keeps to a schema", async () => {
    const format = { type: "json_schema" as const, name: "city", strict: true, schema: weather.parameters };
    const response = await openai.responses.create({ model: "sim-instant", input: "a city", text: { format } });
    expect(JSON.parse(response.output_text)).toHaveProperty("city");
    expect(response.text?.format).toMatchObject({ type: "json_schema", name: "city" });
    expect((await bodiesSeen()).at(-1)?.["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { name: "city", strict: true },
    });
  });

  it("is incomplete where the bound on its length cut it", async () => {
    const response = await openai.responses.create({ model: "sim-instant", input: "a long story", max_output_tokens: 3 });
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, max_output_tokens: 3 });
  });

  it("refuses as OpenAI does, in an item of its own kind", async () => {
    const response = await openai.responses.create({ model: "sim-instant", input: "[refuse] this" });
    expect(response.output[0]).toMatchObject({ type: "message", content: [{ type: "refusal" }] });
  });

  it("gives logprobs where they are asked for", async () => {
    const response = await openai.responses.create({
      model: "sim-instant",
      input: "hi",
      include: ["message.output_text.logprobs"],
      top_logprobs: 2,
    });
    const [part] = response.output[0]?.type === "message" ? response.output[0].content : [];
    expect(part?.type === "output_text" && part.logprobs?.[0]?.top_logprobs).toHaveLength(2);
  });
});

describe("a stream", () => {
  it("tells of the response in named events with numbers without a gap, in OpenAI's order", async () => {
    const stream = await openai.responses.create({ model: "sim-instant", input: "tell me of rivers", stream: true });
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, i) => i));
    const kinds = events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    expect(kinds).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("no end");
    const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
    expect(last.response.output_text ?? deltas.join("")).toBe(deltas.join(""));
    expect(last.response.usage?.output_tokens).toBeGreaterThan(0);
    expect((last.response as { penstock?: unknown }).penstock).toMatchObject({ route: "sim-instant", attempts: 1 });
    const whole = await openai.responses.create({ model: "sim-instant", input: "tell me of rivers" });
    expect(whole.output_text).toBe(deltas.join(""));
  });

  it("assembles to the same calls with the SDK's own accumulator", async () => {
    const stream = openai.responses.stream({ model: "sim-instant", input: "weather?", tools: [weather, tides], tool_choice: "required" });
    const final = await stream.finalResponse();
    const calls = final.output.filter((item) => item.type === "function_call");
    expect(calls.length).toBe(2);
    for (const call of calls) expect(JSON.parse(call.arguments)).toHaveProperty("city");
  });

  it("tells reasoning as it is, and as a summary where one was asked for", async () => {
    const plain = await Array.fromAsync(await openai.responses.create({ model: "sim-reasoning", input: "think", stream: true }));
    expect(plain.some(({ type }) => type === "response.reasoning_text.delta")).toBe(true);
    const summed = await Array.fromAsync(
      await openai.responses.create({ model: "sim-reasoning", input: "think", stream: true, reasoning: { summary: "auto" } }),
    );
    expect(summed.some(({ type }) => type === "response.reasoning_summary_text.delta")).toBe(true);
    const done = summed.at(-1);
    expect(done?.type === "response.completed" && done.response.output[0]).toMatchObject({
      type: "reasoning",
      summary: [{ type: "summary_text" }],
    });
    expect(done?.type === "response.completed" && done.response.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
  });

  it("ends as failed where the backend broke off, and never as completed", async () => {
    const events = await Array.fromAsync(await openai.responses.create({ model: "sim-fault-cut-rst", input: "hi", stream: true }));
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed", error: { code: "server_error" } } });
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, i) => i));
  });

  it("frees the backend when its caller leaves", async () => {
    const stream = await openai.responses.create({ model: "sim-slow", input: "hi", stream: true });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    await expect.poll(async () => (await node.simulatorCalls()).at(-1)?.outcome).toBe("caller-left");
  });
});

describe("a stored response", () => {
  it("is gone on from, in the same conversation, and read with its items", async () => {
    const first = await openai.responses.create({ model: "sim-instant", input: "echo: my name is Ada" });
    const second = await openai.responses.create({ model: "sim-instant", input: "who am I?", previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    expect((await bodiesSeen()).at(-1)?.["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "my name is Ada" },
      { role: "user" },
    ]);
    const read = await openai.responses.retrieve(second.id);
    expect(read.output).toEqual(second.output);
    const items: unknown[] = [];
    for await (const item of openai.responses.inputItems.list(second.id, { order: "asc", limit: 2 })) items.push(item);
    expect(items).toMatchObject([{ role: "user", content: [{ text: "echo: my name is Ada" }] }, { role: "assistant" }, { role: "user" }]);
  });

  it("is there as soon as its stream has ended", async () => {
    const stream = openai.responses.stream({ model: "sim-instant", input: "hi" });
    const { id } = await stream.finalResponse();
    expect((await openai.responses.retrieve(id)).status).toBe("completed");
  });

  it("is gone once deleted, and was never there when it was not to be stored", async () => {
    const { id } = await openai.responses.create({ model: "sim-instant", input: "hi" });
    await openai.responses.delete(id);
    await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ status: 404, code: "not_found" });
    await expect(openai.responses.create({ model: "sim-instant", input: "x", previous_response_id: id })).rejects.toMatchObject({
      status: 404,
      param: "previous_response_id",
    });
    const unstored = await openai.responses.create({ model: "sim-instant", input: "hi", store: false });
    expect(unstored).toMatchObject({ store: false });
    await expect(openai.responses.retrieve(unstored.id)).rejects.toMatchObject({ status: 404 });
    await expect(openai.responses.retrieve("resp_none")).rejects.toMatchObject({ status: 404 });
  });

  it("cannot be cancelled, because it was made while the caller waited", async () => {
    const { id } = await openai.responses.create({ model: "sim-instant", input: "hi" });
    await expect(openai.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
    await expect(openai.responses.cancel("resp_none")).rejects.toMatchObject({ status: 404 });
  });
});

describe("what cannot be served", () => {
  it.each([
    [{ background: true, store: false }, "background"],
    [{ background: "yes" }, "background"],
    [{ background: true, temperature: 9 }, "temperature"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ tools: [weather, { type: "web_search" }] }, "tools[1]"],
    [{ input: [{ type: "web_search_call", id: "ws_1" }] }, "input[0]"],
    [{ input: [{ role: "user", content: [{ type: "input_image", file_id: "file-1" }] }] }, "input[0].content[0]"],
    [{ input: [{ role: "robot", content: "x" }] }, "input[0].role"],
    [{ input: [] }, "input"],
    [{ input: [{ type: "function_call_output", output: "x" }] }, "input[0].call_id"],
    [{ truncation: "auto" }, "truncation"],
    [{ max_tool_calls: 3 }, "max_tool_calls"],
    [{ max_output_tokens: 0 }, "max_output_tokens"],
    [{ extra_headers: {} }, "extra_headers"],
  ])("is refused by name: %j", async (more, param) => {
    const response = await node.post("/v1/responses", { model: "sim-instant", input: "hi", ...more });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it("tells of a backend that failed with its true status", async () => {
    await expect(openai.responses.create({ model: "sim-fault-error-500", input: "hi" })).rejects.toMatchObject({ status: 502 });
    await expect(openai.responses.create({ model: "none", input: "hi", stream: true })).rejects.toMatchObject({ status: 404 });
  });
});
