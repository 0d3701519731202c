/** What is said in calls is kept only where somebody has said so, redacted on the node, and whichever dialect it comes in. */
import { create } from "@bufbuild/protobuf";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BackendSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

const on = { on: true, share: 1, retentionDays: 7, redact: ["keys", "media"] };
const anthropicBackend = "0198c0de-0000-7000-8000-00000000a001";
const anthropicRoute: ResourceInit[] = [
  {
    case: "backend",
    value: create(BackendSchema, {
      id: anthropicBackend,
      organisationId: ids.organisation,
      key: "claude",
      providerId: ids.anthropicProvider,
      model: "sim-instant",
    }),
  },
  {
    case: "route",
    value: {
      id: "0198c0de-0000-7000-8000-00000000a002",
      organisationId: ids.organisation,
      name: "claude",
      tiers: [{ targets: [{ backendId: anthropicBackend, weight: 1 }] }],
      contentCapture: on,
    },
  },
];

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-instant", { contentCapture: on }),
      ...routeOver("sim-fast"),
      ...routeOver("sim-fault-cut-rst", { contentCapture: on }),
      ...anthropicRoute,
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

async function contentOf(response: Response) {
  const callId = response.headers.get("x-penstock-call-id") ?? "";
  await response.text();
  return contentOfCall(callId);
}
const contentOfCall = (callId: string) =>
  vi.waitFor(() => {
    const content = node.controlPlane.contents.find((one) => one.callId === callId);
    if (content === undefined) throw new Error(`no content of the call ${callId}`);
    return content;
  }, 5000);
const answersOf = (content: { readonly answer: string }) =>
  JSON.parse(content.answer) as { content: string | null; tool_calls?: unknown[] }[];

describe.each([false, true])("streamed: %s", (stream) => {
  it("chat's request and answer are kept as they were", async () => {
    const content = await contentOf(
      await node.post("/v1/chat/completions", {
        model: "sim-instant",
        stream,
        temperature: 0.5,
        user: "ann",
        messages: say("echo: good morning"),
      }),
    );
    expect(content).toMatchObject({
      organisationId: ids.organisation,
      retentionDays: 7,
      requestCut: false,
      answerCut: false,
      unmapped: [],
    });
    expect(JSON.parse(content.request)).toEqual({
      model: "sim-instant",
      stream,
      temperature: 0.5,
      messages: say("echo: good morning"),
    });
    expect(answersOf(content)).toEqual([{ role: "assistant", content: "good morning" }]);
  });

  it("tool calls are kept whole", async () => {
    const tool = {
      type: "function",
      function: { name: "look_up", parameters: { type: "object", properties: { city: { type: "string" } } } },
    };
    const content = await contentOf(
      await node.post("/v1/chat/completions", {
        model: "sim-instant",
        stream,
        tools: [tool],
        tool_choice: "required",
        messages: say("weather?"),
      }),
    );
    const [answer] = answersOf(content);
    const [call] = (answer?.tool_calls ?? []) as { function: { name: string; arguments: string } }[];
    expect(call?.function.name).toBe("look_up");
    expect(JSON.parse(call?.function.arguments ?? "")).toBeTypeOf("object");
  });

  it("so are the other dialects, over a backend of their own and over another's", async () => {
    for (const model of ["sim-instant", "claude"]) {
      const messages = await contentOf(
        await node.post("/v1/messages", { model, stream, max_tokens: 50, messages: say("echo: in Anthropic's words") }),
      );
      expect(answersOf(messages)).toEqual([{ role: "assistant", content: "in Anthropic's words" }]);
      expect(JSON.parse(messages.request)).toMatchObject({ model, max_tokens: 50 });
      const responses = await contentOf(await node.post("/v1/responses", { model, stream, input: "echo: as a response" }));
      expect(answersOf(responses)).toEqual([{ role: "assistant", content: "as a response" }]);
      const chat = await contentOf(await node.post("/v1/chat/completions", { model, stream, messages: say("echo: as chat") }));
      expect(answersOf(chat)).toEqual([{ role: "assistant", content: "as chat" }]);
    }
    const plain = await contentOf(
      await node.post("/v1/completions", { model: "sim-instant", stream, prompt: "echo: as a completion", max_tokens: 20 }),
    );
    expect(answersOf(plain)[0]?.content).toBe("as a completion");
  });
});

it("gRPC is kept as well", async () => {
  const connection = connectGrpc(node.grpcAddress);
  const client = connection.client(CompletionService);
  const seen = node.controlPlane.contents.length;
  await client.complete(
    {
      input: {
        model: "sim-instant",
        messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "echo: typed" } } }] }],
      },
    },
    { signal: new AbortController().signal, timeoutMs: 5000, metadata: { authorization: `Bearer ${node.apiKey}` } },
  );
  connection.close();
  const content = await vi.waitFor(() => {
    expect(node.controlPlane.contents.length).toBeGreaterThan(seen);
    return node.controlPlane.contents[seen];
  });
  expect(answersOf(content as { answer: string })).toEqual([{ role: "assistant", content: "typed" }]);
});

it("what went out before a stream broke is kept", async () => {
  const response = await node.post("/v1/chat/completions", { model: "sim-fault-cut-rst", stream: true, messages: say("tell me much") });
  const text = await response.clone().text();
  expect(text).toContain('"error"');
  const content = await contentOf(response);
  expect(answersOf(content)[0]?.content?.length).toBeGreaterThan(0);
});

it("credentials and media are gone before anything leaves the node", async () => {
  const content = await contentOf(
    await node.post("/v1/chat/completions", {
      model: "sim-instant",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "my key is sk-proj-abcdefghijklmnopqrstuvwx and stays" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(5000)}` } },
          ],
        },
      ],
    }),
  );
  expect(content.request).not.toContain("abcdefghijklmnop");
  expect(content.request).not.toContain("AAAA");
  expect(content.request).toContain("my key is [key removed] and stays");
  expect(content.request).toContain("[media removed: 5022 characters]");
});

it("what is longer than is kept is cut and says so", async () => {
  const content = await contentOf(
    await node.post("/v1/chat/completions", { model: "sim-instant", messages: say(`echo: ${"long ".repeat(80_000)}`), max_tokens: 10 }),
  );
  expect(content.requestCut).toBe(true);
  expect(content.request.length).toBeLessThanOrEqual(256 * 1024);
});

it("a route that says nothing keeps nothing, until its project or its organisation does; the nearest holds", async () => {
  const send = async () => {
    const response = await node.post("/v1/chat/completions", { model: "sim-fast", messages: say("echo: quiet") });
    await response.text();
    return response.headers.get("x-penstock-call-id") ?? "";
  };
  const isKept = async (callId: string) => {
    // What comes later tells that what came before has been handed on or never will be.
    await contentOf(await node.post("/v1/chat/completions", { model: "sim-instant", messages: say("echo: after") }));
    return node.controlPlane.contents.some((content) => content.callId === callId);
  };
  expect(await isKept(await send())).toBe(false);
  const organisation = { id: ids.organisation, key: "acme" };
  const project = { id: ids.project, organisationId: ids.organisation, key: "default" };
  const applied = (number: number) =>
    vi.waitFor(async () => {
      const response = await node.post("/v1/chat/completions", { model: "sim-fast", messages: say("hi") });
      expect(response.headers.get("x-penstock-revision")).toBe(`epoch-1-${number}`);
    }, 5000);
  node.publish([{ case: "organisation", value: { ...organisation, contentCapture: on } }]);
  await applied(2);
  expect(await isKept(await send())).toBe(true);
  node.publish([{ case: "project", value: { ...project, contentCapture: { ...on, on: false } } }]);
  await applied(3);
  expect(await isKept(await send())).toBe(false);
});

it("changes nothing of what the caller gets", async () => {
  const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  const chunks = async (model: string) => {
    const stream = await openai.chat.completions.create({ model, messages: say("tell me of rivers") as never, stream: true });
    const kinds: string[] = [];
    for await (const chunk of stream) kinds.push(Object.keys(chunk).sort().join());
    return new Set(kinds);
  };
  expect(await chunks("sim-instant")).toEqual(await chunks("sim-fast"));
});
