/** A backend that streams whatever it is asked: callers of one answer get one, on every surface. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { routeOver, startTestNode } from "../harness/node.ts";
import { startRecordedServer } from "../providers/recorded-server.ts";

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "only-streams", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const usage = `data: ${JSON.stringify({ id: "c-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "only-streams", choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\n`;

it("is gathered into one answer with its usage, and half a stream is no answer", async () => {
  let pieces = [chunk({ role: "assistant", content: "a " }), chunk({ content: "river" }, "stop"), usage, "data: [DONE]\n\n"];
  await using server = await startRecordedServer(() => ({ pieces }));
  await using node = await startTestNode({ baseUrl: `${server.url}/v1`, resources: routeOver("only-streams") });
  const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  const anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
  const model = "only-streams";
  const messages = [{ role: "user" as const, content: "hi" }];

  expect(await openai.chat.completions.create({ model, messages })).toMatchObject({
    object: "chat.completion",
    model,
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "a river" } }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
  expect(await openai.responses.create({ model, input: "hi" })).toMatchObject({ status: "completed", output_text: "a river" });
  expect(await anthropic.messages.create({ model, max_tokens: 9, messages })).toMatchObject({
    content: [{ type: "text", text: "a river" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 3, output_tokens: 2 },
  });
  const connection = connectGrpc(node.grpcAddress);
  const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
  const said = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text: "hi" } } }] }];
  const answer = await connection.client(CompletionService).complete({ input: { model, messages: said } }, options);
  connection.close();
  expect(answer.choices[0]?.message?.content[0]?.part).toMatchObject({ case: "text", value: { text: "a river" } });

  pieces = pieces.slice(0, 1);
  await expect(openai.chat.completions.create({ model, messages })).rejects.toMatchObject({ status: 502, code: "upstream_truncated" });
});
