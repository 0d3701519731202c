import { expect, test } from "vitest";
import { parseChatRequest } from "../../data-plane/simulator/chat-request.ts";
import { parseEmbeddingRequest } from "../../data-plane/simulator/embeddings.ts";
import { SimulatorError } from "../../data-plane/simulator/simulator-error.ts";

const messages = [{ role: "user", content: "hi" }];
const tool = { type: "function", function: { name: "f" } };

function refusal(parse: () => unknown): SimulatorError {
  try {
    parse();
  } catch (reason) {
    if (reason instanceof SimulatorError) return reason;
    throw reason;
  }
  throw new Error("it was accepted");
}

test.each<[string | undefined, unknown]>([
  [undefined, []],
  [undefined, "text"],
  ["messages", {}],
  ["messages", { messages: [] }],
  ["messages[0]", { messages: ["hi"] }],
  ["messages[0].role", { messages: [{ role: "robot", content: "hi" }] }],
  ["messages[0].content", { messages: [{ role: "user", content: 5 }] }],
  ["messages[0].content", { messages: [{ role: "user", content: null }] }],
  ["messages[0].content[0].type", { messages: [{ role: "user", content: [{ type: "smell" }] }] }],
  ["messages[0].tool_call_id", { messages: [{ role: "tool", content: "x" }] }],
  ["messages[0].tool_calls[0].function", { messages: [{ role: "assistant", content: null, tool_calls: [{}] }] }],
  ["model", { messages, model: 5 }],
  ["stream", { messages, stream: "yes" }],
  ["stream_options", { messages, stream_options: { include_usage: true } }],
  ["stream_options.include_usage", { messages, stream: true, stream_options: { include_usage: 1 } }],
  ["temperature", { messages, temperature: 3 }],
  ["n", { messages, n: 0 }],
  ["max_tokens", { messages, max_tokens: 1.5 }],
  ["max_completion_tokens", { messages, max_completion_tokens: 0 }],
  ["stop", { messages, stop: ["a", "b", "c", "d", "e"] }],
  ["stop", { messages, stop: "" }],
  ["top_logprobs", { messages, top_logprobs: 2 }],
  ["tools[0].type", { messages, tools: [{ type: "custom" }] }],
  ["tools[0].function.name", { messages, tools: [{ type: "function", function: { name: "a b" } }] }],
  ["tool_choice", { messages, tool_choice: "auto" }],
  ["tool_choice", { messages, tools: [tool], tool_choice: { type: "function", function: { name: "g" } } }],
  ["functions", { messages, functions: [] }],
  ["response_format.type", { messages, response_format: { type: "yaml" } }],
  ["response_format.json_schema", { messages, response_format: { type: "json_schema" } }],
])("a chat request with a wrong %s is a 400 that names it: %j", (param, body) => {
  const error = refusal(() => parseChatRequest(body, "sim-fast"));
  expect(error.status).toBe(400);
  expect(error.details.param).toBe(param);
});

test("a body too deep to write back is a 400", () => {
  const body = JSON.parse(`{"messages":[{"role":"user","content":"hi"}],"metadata":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
  expect(refusal(() => parseChatRequest(body, "sim-fast")).message).toContain("too deep");
});

test.each<[string | undefined, unknown]>([
  [undefined, 5],
  ["input", {}],
  ["input", { input: [] }],
  ["input", { input: "" }],
  ["input[1]", { input: ["a", ""] }],
  ["input[0]", { input: [{}] }],
  ["input[0]", { input: [[1, -2]] }],
  ["input", { input: "word ".repeat(9_000) }],
  ["dimensions", { input: "a", dimensions: 0 }],
  ["encoding_format", { input: "a", encoding_format: "hex" }],
])("an embedding request with a wrong %s is a 400 that names it", (param, body) => {
  const error = refusal(() => parseEmbeddingRequest(body, "sim-embed"));
  expect(error.status).toBe(400);
  expect(error.details.param).toBe(param);
});
