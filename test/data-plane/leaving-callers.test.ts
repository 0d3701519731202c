/** A caller that leaves, stalls or drips: the backend is freed, the call is settled once with what was generated. */

import { once } from "node:events";
import { connect } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-slow"),
      ...routeOver("sim-fault-hang"),
      ...routeOver("sim-fault-headers-then-hang"),
      ...routeOver("sim-fault-stall"),
      ...routeOver("sim-instant", { timeouts: { writeStallMs: 300 } }),
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const leftCall = (model: string, since: number) => async () =>
  (await node.simulatorCalls()).findLast((call) => call.model === model && call.startedAtMs >= since);
/** The promise is 100 ms of a node that gets to run; how long the machine kept this process from running is not the node's. */
const freedMsMax = 100;
const held = monitorEventLoopDelay({ resolution: 5 });
beforeAll(() => held.enable());
beforeEach(() => held.reset());
const heldMs = () => held.max / 1e6;

describe.each(["sim-slow", "sim-fault-hang", "sim-fault-headers-then-hang", "sim-fault-stall"])("a caller of %s that leaves", (model) => {
  it("frees the backend within 100 ms, over REST", async () => {
    const since = Date.now();
    const leaving = new AbortController();
    const answer = node.post(
      "/v1/chat/completions",
      { model, stream: true, messages: say("tell me all there is") },
      { "x-request-id": `left-rest-${model}` },
      { signal: leaving.signal },
    );
    answer.then((response) => response.text()).catch(() => undefined);
    await expect.poll(leftCall(model, since)).toBeTruthy();
    const leftAtMs = performance.timeOrigin + performance.now();
    leaving.abort();
    await expect.poll(async () => (await leftCall(model, since)())?.outcome).toBe("caller-left");
    expect(((await leftCall(model, since)())?.endedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs).toBeLessThan(freedMsMax + heldMs());
    await expect
      .poll(
        () =>
          node
            .usageEvents()
            .filter(
              ({ routeName, ingress, errorReason }) => routeName === model && ingress === "openai-chat" && errorReason === "CANCELLED",
            ).length,
      )
      .toBe(1);
  });

  it("frees the backend within 100 ms, over gRPC", async () => {
    const since = Date.now();
    const leaving = new AbortController();
    const connection = connectGrpc(node.grpcAddress);
    const answer = Array.fromAsync(
      connection.client(CompletionService).streamComplete(
        {
          input: {
            model,
            messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "tell me all there is" } } }] }],
          },
        },
        { signal: leaving.signal, timeoutMs: 30_000, metadata: { authorization: `Bearer ${node.apiKey}` } },
      ),
    );
    answer.catch(() => undefined);
    await expect.poll(leftCall(model, since)).toBeTruthy();
    const leftAtMs = performance.timeOrigin + performance.now();
    leaving.abort(new Error("done here"));
    await expect(answer).rejects.toThrow("done here");
    await expect.poll(async () => (await leftCall(model, since)())?.outcome).toBe("caller-left");
    expect(((await leftCall(model, since)())?.endedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs).toBeLessThan(freedMsMax + heldMs());
    await expect
      .poll(
        () =>
          node
            .usageEvents()
            .filter(({ routeName, ingress, errorReason }) => routeName === model && ingress === "grpc" && errorReason === "CANCELLED")
            .length,
      )
      .toBe(1);
    connection.close();
  });
});

it("a caller that leaves in the middle has used what was generated", async () => {
  const leaving = new AbortController();
  const response = await node.post(
    "/v1/chat/completions",
    { model: "sim-slow", stream: true, messages: say("tell me all") },
    { "x-penstock-tags": "case=middle" },
    { signal: leaving.signal },
  );
  const reader = response.body?.getReader();
  await reader?.read();
  leaving.abort();
  const event = () => node.usageEvents().find(({ tags }) => tags["case"] === "middle");
  await expect.poll(event).toMatchObject({ outcome: 6, usage: { estimated: true } });
  expect(event()?.usage?.outputTokens).toBeGreaterThan(0n);
  expect(event()?.usage?.inputTokens).toBeGreaterThan(0n);
});

it("a caller that never reads is ended by the write-stall clock and its backend is freed", async () => {
  const body = JSON.stringify({ model: "sim-instant", stream: true, messages: say("much"), max_tokens: 200_000 });
  const socket = connect({ port: Number(new URL(node.restUrl).port), host: "127.0.0.1" });
  await once(socket, "connect");
  socket.pause();
  socket.on("error", () => {});
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${node.apiKey}\r\nx-sim-tokens: 100000\r\nx-penstock-tags: case=stalled\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await expect
    .poll(() => node.usageEvents().find(({ tags }) => tags["case"] === "stalled"), { timeout: 10_000 })
    .toMatchObject({ errorReason: "CALLER_STALLED", outcome: 6 });
  await expect.poll(async () => (await node.simulatorCalls()).at(-1)?.outcome).toBe("caller-left");
  socket.destroy();
});

it("a gRPC caller that never reads is ended by the write-stall clock", async () => {
  const { Client, credentials, Metadata } = await import("@grpc/grpc-js");
  const { create, toBinary } = await import("@bufbuild/protobuf");
  const { StreamCompleteRequestSchema } = await import("#proto/penstock/inference/v1/completion_pb.ts");
  const client = new Client(node.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${node.apiKey}`);
  metadata.set("x-sim-tokens", "100000");
  metadata.set("x-penstock-tags", "case=grpc-stalled");
  const request = create(StreamCompleteRequestSchema, {
    input: {
      model: "sim-instant",
      sampling: { outputTokensMax: 200_000 },
      messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "much" } } }] }],
    },
  });
  const call = client.makeServerStreamRequest(
    "/penstock.inference.v1.CompletionService/StreamComplete",
    (message: typeof request) => Buffer.from(toBinary(StreamCompleteRequestSchema, message)),
    (bytes) => bytes,
    request,
    metadata,
  );
  call.on("error", () => {});
  await once(call, "data");
  call.pause();
  await expect
    .poll(() => node.usageEvents().find(({ tags }) => tags["case"] === "grpc-stalled"), { timeout: 10_000 })
    .toMatchObject({ errorReason: "CALLER_STALLED" });
  client.close();
});
