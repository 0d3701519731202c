import { describe, expect, test } from "vitest";
import { planAnswer } from "../../data-plane/simulator/answer.ts";
import { chatBody, chatEvents, noQuirks } from "../../data-plane/simulator/chat-body.ts";
import { parseChatRequest } from "../../data-plane/simulator/chat-request.ts";
import { tokensOf } from "../../data-plane/simulator/tokens.ts";

const user = (content: string) => [{ role: "user", content }];
const weather = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const clock = { type: "function", function: { name: "clock" } };

function plan(body: object, settings: object = {}) {
  const request = parseChatRequest({ messages: user("Tell me about rivers and dams"), ...body }, "sim-fast");
  return planAnswer(request, { seed: "1", reasons: false, ...settings });
}

function said(body: object, settings: object = {}) {
  const [choice] = plan(body, settings).choices;
  if (choice === undefined) throw new Error("no choice");
  const text = choice.said.type === "tool-calls" ? "" : choice.said.tokens.join("");
  const calls =
    choice.said.type === "tool-calls"
      ? choice.said.calls.map((call) => ({ name: call.name, arguments: call.argumentTokens.join("") }))
      : [];
  return { type: choice.said.type, text, calls, finishReason: choice.finishReason };
}

describe("what is said", () => {
  test("takes up words of the question", () => {
    expect(said({}).text).toMatch(/rivers|dams/);
  });

  test("is the same for the same seed and request, and another for another", () => {
    expect(plan({})).toEqual(plan({}));
    expect(plan({}, { seed: "2" }).id).not.toBe(plan({}).id);
    expect(plan({ messages: user("Tell me about lakes") }).id).not.toBe(plan({}).id);
  });

  test("is the same streamed and not", () => {
    expect(plan({ stream: true, stream_options: { include_usage: true } })).toEqual(plan({}));
  });

  test("echoes exactly", () => {
    expect(said({ messages: user("echo:  a\n  b 🚰 ") })).toMatchObject({ text: " a\n  b 🚰 ", finishReason: "stop" });
  });

  test("has exactly the tokens that are asked for, and they are the text's tokens", () => {
    const { text } = said({}, { tokenCount: 137 });
    expect(tokensOf(text)).toHaveLength(137);
    expect(plan({}, { tokenCount: 137 }).usage.completionTokens).toBe(137);
  });

  test("refuses where it is asked to, before anything else", () => {
    expect(said({ messages: user("please [refuse] this"), tools: [weather], tool_choice: "required" })).toMatchObject({ type: "refusal" });
  });
});

describe("tools", () => {
  test.each([
    ["auto, two tools: two calls", { tools: [weather, clock] }, ["clock", "weather"]],
    ["not parallel: one call", { tools: [weather, clock], parallel_tool_calls: false }, [expect.any(String)]],
    ["named: that one", { tools: [weather, clock], tool_choice: { type: "function", function: { name: "clock" } } }, ["clock"]],
    ["required, even for an echo", { tools: [clock], tool_choice: "required", messages: user("echo: x") }, ["clock"]],
    ["none: text", { tools: [weather], tool_choice: "none" }, []],
    ["an echo is text", { tools: [weather], messages: user("echo: x") }, []],
    [
      "a tool's answer is followed by text",
      { tools: [weather], messages: [...user("hi"), { role: "tool", tool_call_id: "1", content: "{}" }] },
      [],
    ],
  ])("%s", (_, body, names) => {
    expect(
      said(body)
        .calls.map((call) => call.name)
        .sort(),
    ).toEqual(names);
  });

  test("arguments satisfy the parameters, and none are an empty object", () => {
    const { calls, finishReason } = said({ tools: [weather, clock] });
    expect(finishReason).toBe("tool_calls");
    expect(JSON.parse(calls.find((call) => call.name === "weather")?.arguments ?? "")).toEqual({ city: expect.any(String) });
    expect(calls.find((call) => call.name === "clock")?.arguments).toBe("{}");
  });
});

describe("formats and limits", () => {
  test("JSON satisfies the schema", () => {
    const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
    const { text } = said({ response_format: { type: "json_schema", json_schema: { name: "x", schema, strict: true } } });
    expect(JSON.parse(text)).toEqual({ ok: expect.any(Boolean) });
  });

  test("json_object is an object", () => {
    expect(JSON.parse(said({ response_format: { type: "json_object" } }).text)).toEqual(
      expect.objectContaining({ answer: expect.any(String) }),
    );
  });

  test.each([["max_tokens"], ["max_completion_tokens"]])("%s cuts, says so and is counted", (field) => {
    expect(said({ [field]: 5 }).finishReason).toBe("length");
    expect(plan({ [field]: 5 }).usage.completionTokens).toBe(5);
  });

  test("a stop sequence ends the text before it", () => {
    expect(said({ messages: user("echo: one two three four"), stop: ["four", "three"] })).toMatchObject({
      text: "one two ",
      finishReason: "stop",
    });
  });

  test("a stop sequence that max_tokens does not reach has no effect", () => {
    expect(said({ messages: user("echo: one two three"), stop: "three", max_tokens: 2 })).toMatchObject({
      text: "one two",
      finishReason: "length",
    });
  });

  test("thinking comes out of the same budget and can be switched off", () => {
    const { usage } = plan({}, { reasons: true });
    expect(usage.reasoningTokens).toBeGreaterThan(0);
    expect(plan({ max_tokens: 3 }, { reasons: true }).usage).toMatchObject({ completionTokens: 3, reasoningTokens: 3 });
    expect(plan({ reasoning_effort: "none" }, { reasons: true }).usage.reasoningTokens).toBe(0);
  });

  test("each of n choices differs and all are counted", () => {
    const { choices, usage } = plan({ n: 3 });
    expect(new Set(choices.map((choice) => JSON.stringify(choice.said))).size).toBe(3);
    expect(usage.completionTokens).toBe(choices.reduce((sum, { said }) => sum + (said.type === "content" ? said.tokens.length : 0), 0));
  });

  test("logprobs stand for the tokens of the text", () => {
    const [choice] = plan({ logprobs: true, top_logprobs: 3 }).choices;
    expect(choice?.logprobs?.map(({ token }) => token)).toEqual(choice?.said.type === "content" ? choice.said.tokens : []);
    expect(choice?.logprobs?.every(({ logprob, top_logprobs }) => logprob <= 0 && top_logprobs.length === 3)).toBe(true);
  });
});

describe("bytes", () => {
  const shape = { usageAsked: true, chunkTokens: 1, ttftMs: 0, gapMs: 0, quirks: noQuirks };
  const eventsOf = (body: object, more: object = {}) =>
    [...chatEvents(plan(body), { ...shape, ...more })].map((event) =>
      String(event)
        .replace(/^data: /, "")
        .trim(),
    );

  test("the stream says what the body says, whatever the chunk", () => {
    const body = JSON.parse(chatBody(plan({}), noQuirks));
    for (const chunkTokens of [1, 3, 1000]) {
      const chunks = eventsOf({}, { chunkTokens })
        .slice(0, -1)
        .map((event) => JSON.parse(event));
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(body.choices[0].message.content);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: body.usage });
      expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null && chunk.id === body.id)).toBe(true);
      expect(chunks.at(-2).choices[0].finish_reason).toBe("stop");
    }
  });

  test("without include_usage there is no usage anywhere and [DONE] ends it", () => {
    const events = eventsOf({}, { usageAsked: false });
    expect(events.join("\n")).not.toContain("usage");
    expect(events.at(-1)).toBe("[DONE]");
  });

  test("waits once for the first token and then between chunks", () => {
    const waits = [...chatEvents(plan({ max_tokens: 4 }), { ...shape, ttftMs: 20, gapMs: 5 })].filter((step) => typeof step === "number");
    expect(waits).toEqual([20, 5, 5, 5, 5]);
  });
});
