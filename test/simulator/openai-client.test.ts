import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../data-plane/simulator/main.ts";

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ host: "127.0.0.1", port: 0, seed: 1 });
  client = new OpenAI({ apiKey: "sk-test", baseURL: `http://127.0.0.1:${simulator.port}/v1`, maxRetries: 0 });
});
afterAll(() => simulator.close());

const messages = [{ role: "user" as const, content: "How do rivers feed a dam?" }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 7 } },
  required: ["city"],
};

describe("chat with the official client", () => {
  test("streamed and not, with the same text and usage", async () => {
    const whole = await client.chat.completions.create({ model: "sim-instant", messages });
    const stream = client.chat.completions.stream({ model: "sim-instant", messages, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(streamed.usage).toEqual(whole.usage);
    expect(whole._request_id).toMatch(/^req_sim_/);
    expect(whole.choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", refusal: null } });
  });

  test("tool calls are assembled from fragments", async () => {
    const tools = ["weather", "forecast"].map((name) => ({ type: "function" as const, function: { name, parameters } }));
    const streamed = await client.chat.completions.stream({ model: "sim-instant", messages, tools }).finalChatCompletion();
    const calls = streamed.choices[0]?.message.tool_calls ?? [];
    expect(calls).toHaveLength(2);
    for (const call of calls)
      expect(JSON.parse(call.type === "function" ? call.function.arguments : "")).toMatchObject({ city: expect.any(String) });
    expect(streamed.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("JSON by schema parses", async () => {
    const completion = await client.chat.completions.create({
      model: "sim-instant",
      messages,
      response_format: { type: "json_schema", json_schema: { name: "place", schema: parameters, strict: true } },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? "")).toEqual({ city: expect.any(String), days: expect.any(Number) });
  });

  test("three choices are streamed in turns and each ends", async () => {
    const streamed = await client.chat.completions.stream({ model: "sim-instant", messages, n: 3 }).finalChatCompletion();
    expect(streamed.choices.map((choice) => choice.finish_reason)).toEqual(["stop", "stop", "stop"]);
    expect(new Set(streamed.choices.map((choice) => choice.message.content)).size).toBe(3);
  });

  test("refusal and logprobs", async () => {
    const refused = await client.chat.completions
      .stream({ model: "sim-instant", messages: [{ role: "user", content: "[refuse]" }] })
      .finalChatCompletion();
    expect(refused.choices[0]?.message).toMatchObject({ content: null, refusal: expect.stringContaining("sorry") });
    const probable = await client.chat.completions.create({
      model: "sim-instant",
      messages,
      logprobs: true,
      top_logprobs: 2,
      max_tokens: 3,
    });
    expect(probable.choices[0]?.logprobs?.content).toHaveLength(3);
  });

  test("reasoning comes before content", async () => {
    const fields: string[] = [];
    const headers = { "x-sim-ttft-ms": "0", "x-sim-gap-ms": "0" };
    for await (const chunk of await client.chat.completions.create({ model: "sim-reasoning", messages, stream: true }, { headers }))
      for (const field of Object.keys(chunk.choices[0]?.delta ?? {})) if (field !== "role" && field !== "refusal") fields.push(field);
    const first = fields.indexOf("reasoning_content");
    expect(first).toBeGreaterThanOrEqual(0);
    expect(fields.lastIndexOf("reasoning_content")).toBeLessThan(fields.indexOf("content", first));
  });

  test("an error is the client's typed error", async () => {
    await expect(client.chat.completions.create({ model: "gpt-9", messages })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
      requestID: expect.stringMatching(/^req_sim_/),
    });
    await expect(client.chat.completions.create({ model: "sim-embed", messages })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });
});

describe("timing and length by header", () => {
  test("tokens, chunk size and waits are as asked", async () => {
    const startedAt = performance.now();
    const headers = { "x-sim-tokens": "40", "x-sim-chunk-tokens": "10", "x-sim-ttft-ms": "60", "x-sim-gap-ms": "20" };
    const stream = await client.chat.completions.create(
      { model: "sim-slow", messages, stream: true, stream_options: { include_usage: true } },
      { headers },
    );
    let contentChunks = 0;
    let firstMs = 0;
    let tokens = 0;
    for await (const chunk of stream) {
      firstMs ||= performance.now() - startedAt;
      if (chunk.choices[0]?.delta.content) contentChunks++;
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(contentChunks).toBe(4);
    expect(tokens).toBe(40);
    expect(firstMs).toBeGreaterThanOrEqual(59);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(135);
  });

  test("a rate of many tokens a second is held although timers are coarse", async () => {
    const startedAt = performance.now();
    const headers = { "x-sim-tokens": "4000", "x-sim-tokens-per-second": "10000", "x-sim-ttft-ms": "0" };
    await client.chat.completions.stream({ model: "sim-instant", messages }, { headers }).finalChatCompletion();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test("the seed of a call comes by header", async () => {
    const say = async (seed: string) =>
      (await client.chat.completions.create({ model: "sim-instant", messages }, { headers: { "x-sim-seed": seed } })).id;
    expect(await say("a")).toBe(await say("a"));
    expect(await say("a")).not.toBe(await say("b"));
  });

  test("sim-flaky fails some requests, and the same ones each time", async () => {
    const outcomes = async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 40 }, (_, seed) =>
          client.chat.completions.create(
            { model: "sim-flaky", messages },
            { headers: { "x-sim-seed": `${seed}`, "x-sim-ttft-ms": "0", "x-sim-gap-ms": "0" } },
          ),
        ),
      );
      return results.map((result) => result.status).join();
    };
    const first = await outcomes();
    expect(first).toContain("rejected");
    expect(first).toContain("fulfilled");
    expect(await outcomes()).toBe(first);
  });
});

describe("embeddings and models", () => {
  const dot = (a: readonly number[] = [], b: readonly number[] = []) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

  test("base64, which the client asks for by itself, is the same vector as float", async () => {
    const input = "A dam on a river";
    const packed = await client.embeddings.create({ model: "sim-embed", input });
    const plain = await client.embeddings.create({ model: "sim-embed", input, encoding_format: "float" });
    expect(packed.data[0]?.embedding).toHaveLength(256);
    expect([...(packed.data[0]?.embedding ?? [])]).toEqual(plain.data[0]?.embedding);
    expect(plain.usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
  });

  test("lists, tokens and dimensions; vectors have length 1 and like texts lie close", async () => {
    const texts = ["the river feeds the dam", "the dam holds the river", "quantum chess openings"];
    const { data } = await client.embeddings.create({ model: "sim-embed", input: texts, dimensions: 512 });
    const [river, dam, chess] = data.map((item) => item.embedding);
    expect(river).toHaveLength(512);
    expect(dot(river, river)).toBeCloseTo(1, 4);
    expect(dot(river, dam)).toBeGreaterThan(dot(river, chess) + 0.2);
    const tokens = await client.embeddings.create({ model: "sim-embed", input: [[1, 2, 3], [4]] });
    expect(tokens.data.map((item) => item.index)).toEqual([0, 1]);
    expect(tokens.usage.prompt_tokens).toBe(4);
  });

  test("models are listed and found one by one", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(
      expect.arrayContaining(["sim-fast", "sim-instant", "sim-slow", "sim-flaky", "sim-reasoning", "sim-embed", "sim-fault-stall"]),
    );
    expect(await client.models.retrieve("sim-fast")).toMatchObject({ id: "sim-fast", object: "model" });
    await expect(client.models.retrieve("nope")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});
