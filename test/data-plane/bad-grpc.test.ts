/** What a gRPC caller can send that no library would: odd deadlines, broken messages, foreign bytes. The node answers and goes on. */
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompleteRequestSchema, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let session: ClientHttp2Session;
beforeAll(async () => {
  node = await startTestNode({ resources: [...routeOver("sim-instant"), ...routeOver("sim-slow")] });
  session = connectHttp2(`http://${node.grpcAddress}`);
});
afterAll(async () => {
  session.destroy();
  await node[Symbol.asyncDispose]();
});

const message = (model: string) =>
  toBinary(
    CompleteRequestSchema,
    create(CompleteRequestSchema, {
      input: { model, messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "hi" } } }] }] },
    }),
  );
const framed = (bytes: Uint8Array, flag = 0) => {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** One raw call; the status comes in trailers, or in the headers of an answer without a message. */
async function call(
  body: Buffer,
  headers: Record<string, string | string[]> = {},
  path = "/penstock.inference.v1.CompletionService/Complete",
): Promise<{ status: number; messages: number }> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${node.apiKey}`,
    ...headers,
  });
  let status = -1;
  let messages = 0;
  const take = (received: Record<string, unknown>) => {
    if (received["grpc-status"] !== undefined) status = Number(received["grpc-status"]);
  };
  stream.on("response", take);
  stream.on("trailers", take);
  stream.on("data", () => messages++);
  stream.on("error", () => {});
  stream.end(body);
  await once(stream, "close");
  return { status, messages };
}

const ok = 0;
const cancelled = 1;
const invalidArgument = 3;
const deadlineExceeded = 4;
const unimplemented = 12;
const unauthenticated = 16;

describe("a deadline of", () => {
  it.each([
    ["a hundred million hours", "99999999H", ok],
    ["ten seconds", "10S", ok],
  ])("%s does not end the call", async (_, timeout, status) => {
    expect((await call(framed(message("sim-instant")), { "grpc-timeout": timeout })).status).toBe(status);
  });

  it.each([
    ["one millisecond", "1m"],
    ["nothing at all", "0n"],
    // grpc-js computes it in 32 bits and takes it for passed; a caller that means it is told so at once.
    ["a thousand hours", "1000H"],
  ])("%s ends it as passed", async (_, timeout) => {
    expect([deadlineExceeded, cancelled]).toContain((await call(framed(message("sim-slow")), { "grpc-timeout": timeout })).status);
  });

  it("no known form is refused or ignored, and the node goes on", async () => {
    for (const timeout of ["abc", "-5S", "5", "", "5X"])
      expect((await call(framed(message("sim-instant")), { "grpc-timeout": timeout })).status).toBeGreaterThanOrEqual(0);
  });
});

describe("metadata", () => {
  it.each([
    ["a credential of bytes that are no text", { authorization: "Bearer \u00e9\u00e9" }],
    ["another scheme", { authorization: "Basic abc" }],
    ["a credential of 8 KB", { authorization: `Bearer ${"x".repeat(8000)}` }],
  ])("with %s is refused as unauthenticated", async (_, headers) => {
    expect((await call(framed(message("sim-instant")), headers)).status).toBe(unauthenticated);
  });

  it("with a request id, tags and a session that cannot be used is served without them", async () => {
    const headers = {
      "x-request-id": "\u00fc ü".repeat(50).slice(0, 100),
      "x-penstock-tags": "=,==,a=,b=c",
      "x-penstock-session": "s".repeat(1000),
    };
    expect((await call(framed(message("sim-instant")), headers)).status).toBe(ok);
  });
});

describe("bytes that are", () => {
  it.each([
    ["no message of the contract", framed(Buffer.from([0xff, 0xff, 0xff, 0xff])), invalidArgument],
    ["said to be compressed and are not", framed(Buffer.from("not gzip"), 1), -1],
    ["an empty message", framed(Buffer.alloc(0)), invalidArgument],
  ])("%s are refused", async (_, body, status) => {
    const answer = await call(body);
    expect(answer.messages).toBe(0);
    if (status >= 0) expect(answer.status).toBe(status);
    else expect(answer.status).not.toBe(ok);
  });

  it("more than 10 MB in one message, or a length of 4 GB, are refused before they are read", async () => {
    const long = Buffer.alloc(5);
    long.writeUInt32BE(0xff_ff_ff_ff, 1);
    expect((await call(Buffer.concat([long, Buffer.alloc(1000)]))).status).not.toBe(ok);
  });

  it("for a method that is not there is unimplemented", async () => {
    expect((await call(framed(message("sim-instant")), {}, "/penstock.inference.v1.CompletionService/Nothing")).status).toBe(unimplemented);
  });

  it("HTTP/1 on the gRPC port end that connection alone", async () => {
    const [host = "", port] = node.grpcAddress.split(":");
    const socket = connect(Number(port), host);
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.resume();
    await once(socket, "close");
  });
});

it("a thousand streams that are opened and reset at once reach no backend beyond what was admitted, and the node is alive", async () => {
  const before = (await node.simulatorCalls()).length;
  const flood = connectHttp2(`http://${node.grpcAddress}`);
  flood.on("error", () => {});
  for (let i = 0; i < 1000 && !flood.destroyed; i++) {
    const stream = flood.request({
      ":method": "POST",
      ":path": "/penstock.inference.v1.CompletionService/Complete",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
  }
  flood.close();
  expect((await call(framed(message("sim-instant")))).status).toBe(ok);
  expect((await node.simulatorCalls()).length - before).toBe(1);
  flood.destroy();
});
