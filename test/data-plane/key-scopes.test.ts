/** What a key is narrowed to holds on every way in: its methods, and the networks that it may be used from. */
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { readAddressRange } from "#agreements/caller-address.ts";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { ModelService } from "#proto/penstock/inference/v1/model_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

const chat = { model: "sim-instant", messages: say("hello") };
const here = ["127.0.0.0/8", "::1"];
const elsewhere = ["203.0.113.0/24"];

const codeOf = async (response: Response): Promise<readonly [number, string | undefined]> => [
  response.status,
  ((await response.json()) as { error?: { code?: string; type?: string } }).error?.code,
];

async function ways(node: TestNode): Promise<Record<string, number>> {
  const post = async (path: string, body: object) => (await node.post(path, body)).status;
  return {
    chat: await post("/v1/chat/completions", chat),
    responses: await post("/v1/responses", { model: "sim-instant", input: "hello" }),
    completions: await post("/v1/completions", { model: "sim-instant", prompt: "hello" }),
    embeddings: await post("/v1/embeddings", { model: "sim-instant", input: "hello" }),
    models: (await fetch(`${node.restUrl}/v1/models`, { headers: { authorization: `Bearer ${node.apiKey}` } })).status,
  };
}

/** Of a call for an answer, and of one for the models. */
async function grpcCodes(node: TestNode): Promise<number[]> {
  const connection = connectGrpc(node.grpcAddress);
  const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
  const input = {
    model: "sim-instant",
    messages: [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text: "hi" } } }] }],
  };
  const codeOfCall = (call: Promise<unknown>) =>
    call.then(
      () => status.OK,
      (error: { code: number }) => error.code,
    );
  try {
    return [
      await codeOfCall(connection.client(CompletionService).complete({ input }, options)),
      await codeOfCall(connection.client(ModelService).listModels({}, options)),
    ];
  } finally {
    connection.close();
  }
}

describe("a key that is narrowed", () => {
  it("to chat asks for answers in every dialect, and for nothing else", async () => {
    await using node = await startTestNode({ resources: routeOver("sim-instant"), key: { allowedMethods: ["chat"] } });
    const { chat: asked, responses, completions, embeddings, models } = await ways(node);
    expect({ asked, responses, completions, models }).toEqual({ asked: 200, responses: 200, completions: 200, models: 200 });
    expect(embeddings).toBe(403);
  });

  it("to embeddings is told what it may be used for", async () => {
    await using node = await startTestNode({ resources: routeOver("sim-instant"), key: { allowedMethods: ["embeddings"] } });
    expect(await codeOf(await node.post("/v1/chat/completions", chat))).toEqual([403, "api_key_forbidden"]);
    // The key lets it through to a backend that embeds nothing.
    expect((await node.post("/v1/embeddings", { model: "sim-instant", input: "hello" })).status).toBe(400);
  });

  it("to networks is refused from elsewhere on every way in, and told from where it came", async () => {
    await using node = await startTestNode({ resources: routeOver("sim-instant"), key: { allowedNetworks: elsewhere } });
    expect(await ways(node)).toEqual({ chat: 403, responses: 403, completions: 403, embeddings: 403, models: 403 });
    const refused = await node.post("/v1/chat/completions", chat);
    expect(((await refused.json()) as { error: { message: string } }).error.message).toBe("this API key may not be used from 127.0.0.1");
    expect(await grpcCodes(node)).toEqual([status.PERMISSION_DENIED, status.PERMISSION_DENIED]);
  });

  it("to the network that it is used from works as before", async () => {
    await using node = await startTestNode({ resources: routeOver("sim-instant"), key: { allowedNetworks: here } });
    expect((await ways(node))["chat"]).toBe(200);
    expect(await grpcCodes(node)).toEqual([status.OK, status.OK]);
  });
});

it("what a proxy says of its caller is believed of trusted proxies alone", async () => {
  const proxied = (node: TestNode, forwardedFor: string) =>
    node.post("/v1/chat/completions", chat, { "x-forwarded-for": forwardedFor }).then((response) => response.status);
  const key = { allowedNetworks: elsewhere };
  await using believing = await startTestNode({
    resources: routeOver("sim-instant"),
    key,
    settings: { trustedProxies: here.map(readAddressRange).filter((range) => range !== undefined) },
  });
  expect(await proxied(believing, "203.0.113.9")).toBe(200);
  expect(await proxied(believing, "203.0.113.9, 198.51.100.1")).toBe(403);
  await using doubting = await startTestNode({ resources: routeOver("sim-instant"), key });
  expect(await proxied(doubting, "203.0.113.9")).toBe(403);
});
