/** Converse: a tool loop in one stream, over real gRPC. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ConverseRequestSchema,
  type ConverseResponse,
  ConverseResponseSchema,
  Role,
  ToolChoiceMode,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let client: Client;

beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-instant"),
      ...routeOver("sim-slow"),
      ...routeOver("sim-fault-cut-rst"),
      ...routeOver("sim-instant", { name: "messages" }, { key: "messages", providerId: ids.anthropicProvider }),
    ],
  });
  client = new Client(node.grpcAddress, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await node[Symbol.asyncDispose]();
});

type Request = NonNullable<MessageInitShape<typeof ConverseRequestSchema>["request"]>;

function talk(key = node.apiKey) {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${key}`);
  const stream: ClientDuplexStream<Uint8Array, ConverseResponse> = client.makeBidiStreamRequest(
    "/penstock.inference.v1.CompletionService/Converse",
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => fromBinary(ConverseResponseSchema, bytes),
    metadata,
    { deadline: Date.now() + 20_000 },
  );
  const heard: ConverseResponse[] = [];
  stream.on("data", (response: ConverseResponse) => heard.push(response));
  const over = new Promise<StatusObject>((resolve) => {
    stream.on("error", (error: ServiceError) => resolve(error));
    stream.on("status", (ended: StatusObject) => resolve(ended));
  });
  const finishedTurns = () => heard.filter(({ event }) => event?.event.case === "finished").length;
  return {
    heard,
    over,
    stream,
    say: (request: Request) => stream.write(toBinary(ConverseRequestSchema, create(ConverseRequestSchema, { request }))),
    turnOver: (turn: number) => expect.poll(finishedTurns, { timeout: 10_000 }).toBe(turn),
    textOf: (turn: number) =>
      heard
        .flatMap((response) =>
          response.turn === turn && response.event?.event.case === "contentDelta" ? [response.event.event.value.text] : [],
        )
        .join(""),
  };
}

const text = (role: Role, said: string) => ({ role, content: [{ part: { case: "text" as const, value: { text: said } } }] });
const weather = {
  tool: { case: "function" as const, value: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } },
};
const lastBody = async () =>
  JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}") as { messages: unknown[]; tool_choice?: unknown };

describe("a conversation", () => {
  it("is a tool loop: the model calls, the caller answers, the model goes on, and everything is said once", async () => {
    const talking = talk();
    talking.say({
      case: "open",
      value: {
        model: "sim-instant",
        messages: [text(Role.USER, "weather?")],
        tools: [weather],
        toolChoice: { choice: { case: "mode", value: ToolChoiceMode.REQUIRED } },
      },
    });
    await talking.turnOver(1);
    const call = talking.heard.find(({ event }) => event?.event.case === "toolCallDelta")?.event?.event;
    const id = call?.case === "toolCallDelta" ? call.value.id : "";
    expect(id).not.toBe("");
    talking.say({ case: "turn", value: { messages: [{ ...text(Role.TOOL, "rain"), toolCallId: id }] } });
    await talking.turnOver(2);
    expect(talking.textOf(2)).not.toBe("");
    expect(await lastBody()).toMatchObject({
      tool_choice: "auto",
      messages: [
        { role: "user", content: "weather?" },
        { role: "assistant", tool_calls: [{ id, function: { name: "weather" } }] },
        { role: "tool", tool_call_id: id, content: "rain" },
      ],
    });
    talking.say({ case: "turn", value: { messages: [text(Role.USER, "echo: thanks")] } });
    talking.stream.end();
    const ended = await talking.over;
    expect(ended.code).toBe(status.OK);
    expect(talking.textOf(3)).toBe("thanks");
    const numbers = talking.heard.map(({ event }) => Number(event?.sequenceNumber));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const calls = [...new Set(talking.heard.map(({ callId }) => callId))];
    expect(calls).toHaveLength(3);
    await expect.poll(() => calls.every((callId) => node.usageEvents().some((event) => event.callId === callId))).toBe(true);
    expect(ended.metadata.get("x-penstock-call-id")).toEqual([calls[2]]);
  });

  it("ends with the status of the turn that failed", async () => {
    const talking = talk();
    talking.say({ case: "open", value: { model: "sim-fault-cut-rst", messages: [text(Role.USER, "hi")] } });
    expect((await talking.over).code).toBe(status.UNAVAILABLE);
  });

  it("names what is wrong in the message that said it", async () => {
    const named = talk();
    named.say({ case: "open", value: { model: "messages", messages: [text(Role.USER, "hi")] } });
    await named.turnOver(1);
    named.say({ case: "turn", value: { messages: [text(Role.USER, "one"), { ...text(Role.USER, "two"), name: "ann" }] } });
    const failed = await named.over;
    expect([failed.code, failed.details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining('"turn.messages[1].name"')]);
    const opened = talk();
    opened.say({ case: "open", value: { model: "messages", messages: [text(Role.USER, "hi")], sampling: { seed: 7n } } });
    expect((await opened.over).details).toContain('"open.sampling.seed"');
  });

  it("frees the backend when its caller leaves", async () => {
    const talking = talk();
    talking.say({ case: "open", value: { model: "sim-slow", messages: [text(Role.USER, "hi")] } });
    await expect.poll(() => talking.heard.length).toBeGreaterThan(1);
    talking.stream.cancel();
    await expect.poll(async () => (await node.simulatorCalls()).find(({ model }) => model === "sim-slow")?.outcome).toBe("caller-left");
  });

  it.each([
    ["it is not opened", [{ case: "turn", value: { messages: [] } }], status.INVALID_ARGUMENT],
    [
      "it is opened twice",
      [
        { case: "open", value: { model: "sim-instant", messages: [text(Role.USER, "hi")] } },
        { case: "open", value: {} },
      ],
      status.INVALID_ARGUMENT,
    ],
    [
      "a turn says nothing",
      [
        { case: "open", value: { model: "sim-instant", messages: [text(Role.USER, "hi")] } },
        { case: "turn", value: {} },
      ],
      status.INVALID_ARGUMENT,
    ],
    ["its model is not there", [{ case: "open", value: { model: "none", messages: [text(Role.USER, "hi")] } }], status.NOT_FOUND],
  ] as [string, Request[], status][])("is refused where %s", async (_what, requests, code) => {
    const talking = talk();
    for (const request of requests) talking.say(request);
    talking.stream.end();
    expect((await talking.over).code).toBe(code);
  });

  it("is nobody's who is not known", async () => {
    const talking = talk("psk_nobody");
    talking.say({ case: "open", value: { model: "sim-instant", messages: [text(Role.USER, "hi")] } });
    expect((await talking.over).code).toBe(status.UNAUTHENTICATED);
  });
});
