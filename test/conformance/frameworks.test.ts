/** Vercel's `ai` and LangChain drive the running gateway: chat, responses, legacy completions and embeddings, as their users do. */
import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { APICallError, embedMany, generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;

beforeAll(async () => {
  node = await startTestNode({
    resources: [
      "sim-instant",
      "sim-slow",
      "sim-reasoning",
      "sim-embed",
      "sim-fault-error-500",
      "sim-fault-cut-rst",
      "sim-fault-rate-limit-seconds",
    ].flatMap((model) => routeOver(model)),
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const callsSeen = async (model: string) => (await node.simulatorCalls()).filter((call) => call.model === model).length;

describe("Vercel's ai", () => {
  const openai = () => createOpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1` });
  const ways = ["chat", "responses"] as const;
  const city = jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  });

  describe.each(ways)("over %s", (way) => {
    const model = (name: string) => openai()[way](name);

    it("generates text, with usage and a reason", async () => {
      const { text, usage, finishReason } = await generateText({
        model: model("sim-instant"),
        prompt: "echo: good morning",
        instructions: "Be kind.",
      });
      expect([text, finishReason]).toEqual(["good morning", "stop"]);
      expect(usage.totalTokens).toBeGreaterThan(0);
    });

    it("streams the same text as it generates", async () => {
      const whole = await generateText({ model: model("sim-instant"), prompt: "tell me of rivers" });
      const stream = streamText({ model: model("sim-instant"), prompt: "tell me of rivers" });
      let text = "";
      for await (const piece of stream.textStream) text += piece;
      expect(text).toBe(whole.text);
      expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens);
    });

    it("runs a tool loop of several steps", async () => {
      const asked: string[] = [];
      const weather = tool({
        description: "tells the weather",
        inputSchema: city,
        execute: async (input) => {
          asked.push(input.city);
          return { sky: "rain" };
        },
      });
      const { text, steps } = await generateText({
        model: model("sim-instant"),
        prompt: "weather?",
        tools: { weather },
        stopWhen: isStepCount(3),
      });
      expect(asked).toHaveLength(1);
      expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
      expect(text).not.toBe("");
    });

    it("keeps to a schema, whole and streamed", async () => {
      const { output } = await generateText({ model: model("sim-instant"), prompt: "a city", output: Output.object({ schema: city }) });
      expect(typeof output.city).toBe("string");
      const stream = streamText({ model: model("sim-instant"), prompt: "a city", output: Output.object({ schema: city }) });
      expect(await stream.output).toEqual(output);
    });

    it("tells of what is wrong with the call's own status, and tries again only where that may help", async () => {
      await expect(generateText({ model: model("none"), prompt: "x", maxRetries: 2 })).rejects.toMatchObject({
        statusCode: 404,
        isRetryable: false,
      });
      const failed = await generateText({ model: model("sim-fault-error-500"), prompt: "x", maxRetries: 0 }).catch(
        (error: unknown) => error,
      );
      expect(APICallError.isInstance(failed) && failed.statusCode).toBe(502);
      expect(await callsSeen("none")).toBe(0);
    });

    it("hears of a stream that broke off", async () => {
      const errors: unknown[] = [];
      const stream = streamText({
        model: model("sim-fault-cut-rst"),
        prompt: "x",
        maxRetries: 0,
        onError: ({ error }) => void errors.push(error),
      });
      await stream.consumeStream({ onError: (error) => errors.push(error) });
      const finish = await Promise.resolve(stream.finishReason).catch((error: unknown) => error);
      expect(errors.length > 0 || finish === "error" || finish instanceof Error).toBe(true);
      expect(finish).not.toBe("stop");
    });

    it("frees the backend when it is aborted", async () => {
      const before = await callsSeen("sim-slow");
      const controller = new AbortController();
      const stream = streamText({ model: model("sim-slow"), prompt: "x", abortSignal: controller.signal, onError: () => {} });
      const reading = stream.consumeStream();
      await expect.poll(() => callsSeen("sim-slow")).toBe(before + 1);
      controller.abort();
      await reading;
      await expect
        .poll(async () => (await node.simulatorCalls()).filter((call) => call.model === "sim-slow").at(-1)?.outcome)
        .toBe("caller-left");
    });
  });

  it("shows reasoning where responses tell of it", async () => {
    const { reasoningText, text } = await generateText({
      model: openai().responses("sim-reasoning"),
      prompt: "think",
      providerOptions: { openai: { reasoningSummary: "auto", forceReasoning: true } },
    });
    expect(reasoningText).not.toBe("");
    expect(text).not.toBe("");
  });

  it("goes on from a stored response", async () => {
    const first = await generateText({ model: openai().responses("sim-instant"), prompt: "echo: my name is Ada" });
    const previousResponseId = first.providerMetadata?.["openai"]?.["responseId"] as string;
    expect(previousResponseId).toMatch(/^resp_/);
    await generateText({
      model: openai().responses("sim-instant"),
      prompt: "who am I?",
      providerOptions: { openai: { previousResponseId } },
    });
    const body = JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}") as { messages: unknown[] };
    expect(body.messages).toHaveLength(3);
  });

  it("completes text the older way, and embeds", async () => {
    const { text } = await generateText({ model: openai().completion("sim-instant"), prompt: "echo: a b", maxOutputTokens: 20 });
    expect(text).not.toBe("");
    const { embeddings, usage } = await embedMany({ model: openai().embedding("sim-embed"), values: ["a river", "a dam"] });
    expect(embeddings.map(({ length }) => length)).toEqual([256, 256]);
    expect(usage.tokens).toBeGreaterThan(0);
  });
});

describe.each([false, true])("LangChain, responses API: %s", (useResponsesApi) => {
  const model = (name: string, more: object = {}) =>
    new ChatOpenAI({
      model: name,
      apiKey: node.apiKey,
      maxRetries: 0,
      useResponsesApi,
      configuration: { baseURL: `${node.restUrl}/v1` },
      ...more,
    });
  const weather = langchainTool(({ city }: { city: string }) => `rain in ${city}`, {
    name: "weather",
    description: "tells the weather",
    schema: z.object({ city: z.string() }),
  });

  it("invokes and streams the same text, with usage", async () => {
    const whole = await model("sim-instant").invoke("tell me of rivers");
    expect(whole.usage_metadata).toMatchObject({ total_tokens: expect.any(Number) });
    let text = "";
    for await (const chunk of await model("sim-instant").stream("tell me of rivers")) text += chunk.text;
    expect(text).toBe(whole.text);
  });

  it("runs a tool loop", async () => {
    const bound = model("sim-instant").bindTools([weather]);
    const asked = await bound.invoke("weather?");
    const [call] = asked.tool_calls ?? [];
    expect(call).toMatchObject({ name: "weather", args: { city: expect.any(String) } });
    const answer = new ToolMessage({ content: await weather.invoke(call?.args as { city: string }), tool_call_id: call?.id ?? "" });
    const done = await bound.invoke([new HumanMessage("weather?"), asked, answer]);
    expect(done.text).not.toBe("");
  });

  it("keeps to a schema", async () => {
    const structured = model("sim-instant").withStructuredOutput(z.object({ city: z.string() }), { method: "jsonSchema" });
    expect(await structured.invoke("a city")).toMatchObject({ city: expect.any(String) });
  });

  it("tells of errors, and of a stream that broke off", async () => {
    await expect(model("none").invoke("x")).rejects.toMatchObject({ status: 404 });
    await expect(model("none").stream("x")).rejects.toMatchObject({ status: 404 });
    const broken = model("sim-fault-cut-rst")
      .stream("x")
      .then((stream) => Array.fromAsync(stream));
    // Of responses LangChain passes over `response.failed`, OpenAI's own as well: such an answer lacks its end.
    if (useResponsesApi) expect((await broken).some((chunk) => chunk.response_metadata["status"] === "completed")).toBe(false);
    else await expect(broken).rejects.toThrow();
  });

  it("tries again where the gateway says when", async () => {
    const before = await callsSeen("sim-fault-rate-limit-seconds");
    await expect(model("sim-fault-rate-limit-seconds", { maxRetries: 1 }).invoke("x")).rejects.toMatchObject({ status: 429 });
    expect(await callsSeen("sim-fault-rate-limit-seconds")).toBeGreaterThan(before);
  }, 20_000);

  it("frees the backend when it is aborted", async () => {
    const before = await callsSeen("sim-slow");
    const controller = new AbortController();
    const invoked = model("sim-slow").invoke("x", { signal: controller.signal });
    invoked.catch(() => {});
    await expect.poll(() => callsSeen("sim-slow")).toBe(before + 1);
    controller.abort();
    await expect(invoked).rejects.toThrow();
    await expect
      .poll(async () => (await node.simulatorCalls()).filter((call) => call.model === "sim-slow").at(-1)?.outcome)
      .toBe("caller-left");
  });
});

it("LangChain embeds", async () => {
  const embeddings = new OpenAIEmbeddings({ model: "sim-embed", apiKey: node.apiKey, configuration: { baseURL: `${node.restUrl}/v1` } });
  const [river, dam] = await embeddings.embedDocuments(["a river", "a dam"]);
  expect(river).toHaveLength(256);
  expect(dam).not.toEqual(river);
});
