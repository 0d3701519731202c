/**
 * Callers of OpenAI's and of Anthropic's official SDK, each over a backend of its own dialect and over one of the other: the same
 * questions must get the same kind of answer, streamed and not. The simulator is strict about both dialects, so that what a
 * mapping loses or invents is a 400 here.
 */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let openai: OpenAI;
let anthropic: Anthropic;

/** A route over the simulator's model in Anthropic's dialect. */
const messagesRoute = (model: string, name: string) => routeOver(model, { name }, { key: name, providerId: ids.anthropicProvider });

beforeAll(async () => {
  const price = { version: 3n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
  node = await startTestNode({
    resources: [
      ...routeOver("sim-instant", { name: "chat-backend" }, { price }),
      ...messagesRoute("sim-instant", "messages-backend"),
      ...routeOver("sim-reasoning", { name: "chat-reasoning" }),
      ...routeOver("sim-slow", { name: "chat-slow" }),
      ...messagesRoute("sim-slow", "messages-slow"),
      ...routeOver("sim-fault-cut-fin:4", { name: "chat-cut" }),
      ...messagesRoute("sim-fault-cut-fin:5", "messages-cut"),
      ...routeOver("sim-fault-error-mid-stream:4", { name: "chat-error-mid-stream" }),
      ...messagesRoute("sim-fault-error-mid-stream:5", "messages-error-mid-stream"),
      ...routeOver("sim-fault-error-529", { name: "chat-529" }),
      ...messagesRoute("sim-fault-error-529", "messages-529"),
      ...routeOver("sim-fault-error-401", { name: "chat-401" }),
      ...messagesRoute("sim-fault-error-401", "messages-401"),
      ...routeOver("sim-fault-rate-limit-seconds", { name: "chat-429" }),
      ...messagesRoute("sim-fault-rate-limit-seconds", "messages-429"),
      ...messagesRoute("sim-fault-json-for-stream", "messages-json-for-stream"),
    ],
  });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
});
afterAll(() => node[Symbol.asyncDispose]());

const weather = {
  name: "get_weather",
  description: "The weather of a place",
  schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};
const clock = { name: "get_time", description: "The time", schema: { type: "object" as const, properties: { zone: { type: "string" } } } };
const chatTools = [weather, clock].map(({ name, description, schema }) => ({
  type: "function" as const,
  function: { name, description, parameters: schema },
}));
const messageTools = [weather, clock].map(({ name, description, schema }) => ({ name, description, input_schema: schema }));

/** What the backend of the last call was sent. */
const lastSent = async (): Promise<Record<string, unknown>> => JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}");

describe.each(["chat-backend", "messages-backend"])("the OpenAI SDK over %s", (model) => {
  const user = (content: string) => ({ model, messages: [{ role: "user" as const, content }] });

  it("gets a whole answer", async () => {
    const { data, response } = await openai.chat.completions
      .create({ ...user("echo: good morning"), max_completion_tokens: 50 })
      .withResponse();
    expect(data).toMatchObject({ object: "chat.completion", model });
    expect(data.choices).toHaveLength(1);
    expect(data.choices[0]).toMatchObject({ index: 0, finish_reason: "stop", message: { role: "assistant", content: "good morning" } });
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(data.usage?.completion_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-penstock-backend")).not.toBeNull();
  });

  it("gets the same answer as a stream, with one head, a role, one finish reason and usage at the end", async () => {
    const whole = await openai.chat.completions.create({ ...user("tell me of rivers"), max_tokens: 200 });
    const stream = await openai.chat.completions.create({
      ...user("tell me of rivers"),
      max_tokens: 200,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.map(({ delta }) => delta.content ?? "").join("")).toBe(whole.choices[0]?.message.content);
    expect(choices[0]?.delta.role).toBe("assistant");
    expect(choices.filter(({ finish_reason }) => finish_reason !== null).map(({ finish_reason }) => finish_reason)).toEqual(["stop"]);
    expect(new Set(chunks.map(({ id, created, model: shown, object }) => `${id} ${created} ${shown} ${object}`)).size).toBe(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: whole.usage?.completion_tokens } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it("gets parallel tool calls, whole and in pieces, and gives their results back", async () => {
    const asked = { ...user("weather and time in Oslo?"), max_tokens: 300, tools: chatTools };
    const whole = await openai.chat.completions.create(asked);
    const calls = whole.choices[0]?.message.tool_calls ?? [];
    expect(whole.choices[0]?.finish_reason).toBe("tool_calls");
    expect(calls).toHaveLength(2);
    for (const call of calls) expect(() => JSON.parse(call.type === "function" ? call.function.arguments : "") as unknown).not.toThrow();

    const gathered = new Map<number, { id: string; name: string; arguments: string }>();
    const stream = await openai.chat.completions.create({ ...asked, stream: true });
    for await (const chunk of stream)
      for (const { index, id, function: said } of chunk.choices[0]?.delta.tool_calls ?? []) {
        const call = gathered.get(index) ?? { id: "", name: "", arguments: "" };
        gathered.set(index, {
          id: call.id + (id ?? ""),
          name: call.name + (said?.name ?? ""),
          arguments: call.arguments + (said?.arguments ?? ""),
        });
      }
    expect([...gathered.values()]).toEqual(
      calls.map((call) =>
        call.type === "function" ? { id: call.id, name: call.function.name, arguments: call.function.arguments } : undefined,
      ),
    );

    const answer = await openai.chat.completions.create({
      model,
      max_tokens: 300,
      tools: chatTools,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "weather and time in Oslo?" },
        { role: "assistant", content: null, tool_calls: calls },
        ...calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "42" })),
      ],
    });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  it("gets structured output, stop sequences, limits and refusals as asked", async () => {
    const schema = { type: "object", properties: { river: { type: "string" } }, required: ["river"], additionalProperties: false };
    const structured = await openai.chat.completions.create({
      ...user("a river"),
      max_tokens: 200,
      response_format: { type: "json_schema", json_schema: { name: "river", schema, strict: true } },
    });
    expect(JSON.parse(structured.choices[0]?.message.content ?? "")).toHaveProperty("river");
    const stopped = await openai.chat.completions.create({ ...user("echo: one two three"), max_tokens: 50, stop: ["two"] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "one " } });
    const cut = await openai.chat.completions.create({ ...user("echo: one two three four five"), max_tokens: 2 });
    expect(cut.choices[0]?.finish_reason).toBe("length");
    const refused = await openai.chat.completions.create({ ...user("[refuse] please"), max_tokens: 50 });
    expect(refused.choices[0]?.message.refusal).toMatch(/can't help/);
  });

  it("carries an image", async () => {
    const url = "data:image/png;base64,iVBORw0KGgo=";
    await openai.chat.completions.create({
      model,
      max_tokens: 20,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "echo: seen" },
            { type: "image_url", image_url: { url } },
          ],
        },
      ],
    });
    expect(JSON.stringify(await lastSent())).toContain("iVBORw0KGgo=");
  });
});

describe.each(["chat-backend", "messages-backend"])("the Anthropic SDK over %s", (model) => {
  const user = (content: string) => ({ model, max_tokens: 300, messages: [{ role: "user" as const, content }] });

  it("gets a whole message", async () => {
    const { data, response } = await anthropic.messages.create(user("echo: good morning")).withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", model, stop_reason: "end_turn", stop_sequence: null });
    expect(data.content).toMatchObject([{ type: "text", text: "good morning" }]);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect(data.usage.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-request-id"));
    expect(response.headers.get("x-penstock-route")).toBe(model);
  });

  it("gets the same message as a stream", async () => {
    const whole = await anthropic.messages.create(user("tell me of rivers"));
    const final = await anthropic.messages.stream(user("tell me of rivers")).finalMessage();
    expect(final.content).toMatchObject(whole.content as never);
    expect(final).toMatchObject({ stop_reason: "end_turn", model, usage: { output_tokens: whole.usage.output_tokens } });
    expect(final.usage.input_tokens + (final.usage.cache_read_input_tokens ?? 0)).toBe(whole.usage.input_tokens);
  });

  it("gets named events in the documented order", async () => {
    const response = await node.post("/v1/messages", { ...user("tell me of rivers"), stream: true }, { "anthropic-version": "2023-06-01" });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    const events = [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name, data]) => ({
      name,
      data: JSON.parse(data ?? "") as { type: string },
    }));
    for (const { name, data } of events) expect(data.type).toBe(name);
    const names = events.map(({ name }) => name).filter((name) => name !== "ping");
    expect(names[0]).toBe("message_start");
    expect(names[1]).toBe("content_block_start");
    expect(names.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    expect(text).not.toContain("[DONE]");
    expect(events.at(-1)?.data).toMatchObject({ penstock: { route: model, attempts: 1 } });
  });

  it("gets parallel tool calls, whole and streamed, and gives their results back, also failed ones", async () => {
    const asked = { ...user("weather and time in Oslo?"), tools: messageTools };
    const whole = await anthropic.messages.create(asked);
    expect(whole.stop_reason).toBe("tool_use");
    const calls = whole.content.flatMap((block) => (block.type === "tool_use" ? [block] : []));
    expect(calls).toHaveLength(2);
    const streamed = await anthropic.messages.stream(asked).finalMessage();
    expect(
      streamed.content.flatMap((block) => (block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [])),
    ).toEqual(calls.map(({ id, name, input }) => ({ id, name, input })));
    const answer = await anthropic.messages.create({
      model,
      max_tokens: 300,
      system: "Be brief.",
      tools: messageTools,
      messages: [
        { role: "user", content: "weather and time in Oslo?" },
        { role: "assistant", content: calls.map(({ id, name, input }) => ({ type: "tool_use" as const, id, name, input })) },
        {
          role: "user",
          content: calls.map(({ id }, i) => ({
            type: "tool_result" as const,
            tool_use_id: id,
            content: "no such place",
            is_error: i === 1,
          })),
        },
      ],
    });
    expect(answer.stop_reason).toBe("end_turn");
    const sent = JSON.stringify(await lastSent());
    expect(sent).toMatch(/"is_error":true|Error: no such place/);
  });

  it("gets structured output, stop sequences, limits and refusals as asked", async () => {
    const schema = { type: "object", properties: { river: { type: "string" } }, required: ["river"], additionalProperties: false };
    const structured = await anthropic.messages.create({ ...user("a river"), output_config: { format: { type: "json_schema", schema } } });
    const [block] = structured.content;
    expect(JSON.parse(block?.type === "text" ? block.text : "")).toHaveProperty("river");
    const stopped = await anthropic.messages.create({ ...user("echo: one two three"), stop_sequences: ["two"] });
    expect(stopped.content).toMatchObject([{ type: "text", text: "one " }]);
    const cut = await anthropic.messages.create({ ...user("echo: one two three four five"), max_tokens: 2 });
    expect(cut.stop_reason).toBe("max_tokens");
    const refused = await anthropic.messages.create(user("[refuse] please"));
    expect(refused.stop_reason).toBe("refusal");
    expect(refused.stop_details?.explanation).toMatch(/can't help/);
  });

  it("carries images, documents and images in a tool's result", async () => {
    const data = "iVBORw0KGgo=";
    const image = { type: "image" as const, source: { type: "base64" as const, media_type: "image/png" as const, data } };
    await anthropic.messages.create({
      model,
      max_tokens: 50,
      tools: messageTools,
      messages: [
        {
          role: "user",
          content: [
            image,
            { type: "document", title: "notes", source: { type: "text", media_type: "text/plain", data: "the water is clear" } },
            { type: "text", text: "look" },
          ],
        },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "get_time", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "seen" }, image] }] },
      ],
    });
    const sent = JSON.stringify(await lastSent());
    expect(sent.split(data)).toHaveLength(3);
    expect(sent).toContain("the water is clear");
  });
});

describe("errors keep their meaning on both surfaces", () => {
  it.each([
    ["chat-529", 502, undefined],
    ["messages-529", 502, undefined],
    ["chat-401", 502, undefined],
    ["messages-401", 502, undefined],
    ["chat-429", 429, "2"],
    ["messages-429", 429, "2"],
  ])("OpenAI SDK over %s: %i", async (model, status, retryAfter) => {
    const error = await openai.chat.completions
      .create({ model, max_tokens: 9, messages: [{ role: "user", content: "hi" }] })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect((error as InstanceType<typeof OpenAI.APIError>).status).toBe(status);
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after") ?? undefined).toBe(retryAfter);
    expect(JSON.stringify((error as Error).message)).not.toContain("sk-upstream");
  });

  it.each([
    ["chat-529", 529, "overloaded_error"],
    ["messages-529", 529, "overloaded_error"],
    ["chat-401", 502, "api_error"],
    ["messages-401", 502, "api_error"],
    ["chat-429", 429, "rate_limit_error"],
    ["messages-429", 429, "rate_limit_error"],
    ["nobody-knows-it", 404, "not_found_error"],
  ])("Anthropic SDK over %s: %i %s", async (model, status, type) => {
    const error = await anthropic.messages
      .create({ model, max_tokens: 9, messages: [{ role: "user", content: "hi" }] })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Anthropic.APIError);
    const { status: said, type: saidType, requestID } = error as InstanceType<typeof Anthropic.APIError>;
    expect({ said, saidType }).toEqual({ said: status, saidType: type });
    expect(requestID).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("tells the Anthropic SDK of a key that nobody knows, in either header", async () => {
    const stranger = new Anthropic({ apiKey: "sk-nobody", baseURL: node.restUrl, maxRetries: 0 });
    await expect(stranger.messages.create({ model: "chat-backend", max_tokens: 9, messages: [] })).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const body = { model: "messages-backend", max_tokens: 20, messages: [{ role: "user", content: "echo: in" }] };
    const older = await node.post("/v1/messages", body, { authorization: "", "x-api-key": node.apiKey });
    expect(older.status).toBe(200);
    const refused = await node.post("/v1/messages", body, { "x-api-key": "sk-nobody" });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  });

  it.each(["chat-cut", "messages-cut", "chat-error-mid-stream", "messages-error-mid-stream"])(
    "a stream that breaks in %s ends with an error in band on both surfaces",
    async (model) => {
      const messages = [{ role: "user" as const, content: "tell me of rivers" }];
      const chat = await node.post("/v1/chat/completions", { model, max_tokens: 300, messages, stream: true });
      const chatText = await chat.text();
      expect(chat.status).toBe(200);
      expect(chatText).toContain('data: {"error":');
      expect(chatText).not.toContain("[DONE]");
      const stream = anthropic.messages.stream({ model, max_tokens: 300, messages });
      await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
    },
  );
});

it.each(["chat-slow", "messages-slow"])("a caller that leaves %s frees the backend, on both surfaces", async (model) => {
  const messages = [{ role: "user" as const, content: "tell me of rivers" }];
  const before = (await node.simulatorCalls()).length;
  const chat = await openai.chat.completions.create({ model, max_tokens: 300, messages, stream: true });
  for await (const _chunk of chat) break;
  const stream = anthropic.messages.stream({ model, max_tokens: 300, messages });
  await new Promise<void>((resolve) => void stream.once("text", () => resolve()));
  stream.abort();
  await expect(stream.done()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
  await expect
    .poll(async () => (await node.simulatorCalls()).slice(before).map(({ outcome }) => outcome), { timeout: 5000 })
    .toEqual(["caller-left", "caller-left"]);
});

it("a backend that answers JSON where a stream was asked is streamed all the same", async () => {
  const final = await anthropic.messages
    .stream({ model: "messages-json-for-stream", max_tokens: 100, messages: [{ role: "user", content: "echo: one two" }] })
    .finalMessage();
  expect(final.content).toMatchObject([{ type: "text", text: "one two" }]);
});

describe("reasoning", () => {
  const question = [{ role: "user" as const, content: "weather in Oslo? [redact]" }];

  it("of a Messages backend reaches a chat caller with its signature, and goes back with the results of its tools", async () => {
    const asked = { model: "messages-backend", max_tokens: 4000, tools: chatTools, reasoning_effort: "low" as const };
    const first = await openai.chat.completions.create({ ...asked, messages: question });
    const message = first.choices[0]?.message as unknown as {
      reasoning_content: string;
      reasoning_details: { type: string; text?: string; signature?: string; provider: string; data?: string }[];
      tool_calls: { id: string }[];
    };
    expect(message.reasoning_content).not.toBe("");
    expect(message.reasoning_details).toMatchObject([
      { type: "reasoning.text", text: message.reasoning_content, format: "anthropic-claude-v1", provider: "anthropic" },
      { type: "reasoning.encrypted", provider: "anthropic" },
    ]);
    // The simulator refuses a thought that it did not sign so.
    const back = {
      ...asked,
      messages: [
        ...question,
        message,
        ...message.tool_calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "rain" })),
      ] as never,
    };
    const second = await openai.chat.completions.create(back);
    expect(second.choices[0]?.finish_reason).toBe("stop");
    const streamed = await openai.chat.completions.create({ ...asked, messages: question, stream: true });
    const details: unknown[] = [];
    for await (const chunk of streamed)
      details.push(...((chunk.choices[0]?.delta as { reasoning_details?: unknown[] } | undefined)?.reasoning_details ?? []));
    expect(details).toEqual(message.reasoning_details);
    // Another provider cannot read it.
    const refused = await openai.chat.completions.create({ ...back, model: "chat-backend" }).catch((reason: unknown) => reason);
    expect(refused).toMatchObject({ status: 400, code: "unsupported_parameter", param: "messages[1].reasoning_details" });
  });

  it("of a Messages backend passes through a Messages caller byte for byte", async () => {
    const asked = { model: "messages-backend", max_tokens: 4000, tools: messageTools, thinking: { type: "adaptive" as const } };
    const first = await anthropic.messages.create({ ...asked, messages: question });
    expect(first.content.map(({ type }) => type)).toEqual(["thinking", "redacted_thinking", "tool_use", "tool_use"]);
    const results = first.content.flatMap((block) =>
      block.type === "tool_use" ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "rain" }] : [],
    );
    const second = await anthropic.messages.create({
      ...asked,
      messages: [...question, { role: "assistant", content: first.content as never }, { role: "user", content: results }],
    });
    expect(second.stop_reason).toBe("end_turn");
    const streamed = await anthropic.messages.stream({ ...asked, messages: question }).finalMessage();
    expect(streamed.content).toMatchObject(first.content as never);
  });

  it("of a chat backend reaches a Messages caller as thinking, before the text", async () => {
    const final = await anthropic.messages
      .stream({ model: "chat-reasoning", max_tokens: 400, messages: [{ role: "user", content: "tell me of rivers" }] })
      .finalMessage();
    expect(final.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
    const whole = await anthropic.messages.create({
      model: "chat-reasoning",
      max_tokens: 400,
      messages: [{ role: "user", content: "tell me of rivers" }],
    });
    expect(final.content).toMatchObject(whole.content as never);
    const again = await anthropic.messages.create({
      model: "chat-reasoning",
      max_tokens: 400,
      messages: [
        { role: "user", content: "tell me of rivers" },
        { role: "assistant", content: whole.content as never },
        { role: "user", content: "more" },
      ],
    });
    expect(again.stop_reason).toBe("end_turn");
  });
});
