/** Whatever a caller sends, it gets one clear error in OpenAI's shape, the node goes on, and nothing reaches a backend. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ resources: routeOver("sim-instant") });
});
afterAll(() => node[Symbol.asyncDispose]());

const good = { model: "sim-instant", messages: say("hi") };
const bodies: readonly (readonly [name: string, body: unknown, status: number, code: string, param: string | null])[] = [
  ["nothing", "", 400, "invalid_argument", null],
  ["half of a JSON object", '{"model":"sim-inst', 400, "invalid_argument", null],
  ["a list", "[]", 400, "invalid_argument", null],
  ["null", "null", 400, "invalid_argument", null],
  ["a million nested lists", `{"model":"sim-instant","messages":${"[".repeat(1_000_000)}`, 400, "invalid_argument", null],
  ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, "invalid_argument", null],
  ["a name twice", '{"model":"sim-instant","model":"other","messages":[]}', 400, "invalid_argument", "model"],
  ["an escaped name twice", '{"model":"sim-instant","mod\\u0065l":"other","messages":[]}', 400, "invalid_argument", "model"],
  ["no model", { messages: say("hi") }, 400, "invalid_argument", "model"],
  ["a number as model", { ...good, model: 7 }, 400, "invalid_argument", "model"],
  ["an unknown model", { ...good, model: "none" }, 404, "model_not_found", "model"],
  ["no messages", { model: "sim-instant" }, 400, "invalid_argument", "messages"],
  ["empty messages", { model: "sim-instant", messages: [] }, 400, "invalid_argument", "messages"],
  ["an unknown role", { ...good, messages: [{ role: "wizard", content: "x" }] }, 400, "invalid_argument", "messages[0].role"],
  ["a number as content", { ...good, messages: [{ role: "user", content: 7 }] }, 400, "invalid_argument", "messages[0].content"],
  [
    "a tool message that answers nothing",
    { ...good, messages: [{ role: "tool", content: "x" }] },
    400,
    "invalid_argument",
    "messages[0].tool_call_id",
  ],
  ["stream as text", { ...good, stream: "yes" }, 400, "invalid_argument", "stream"],
  ["stream_options without a stream", { ...good, stream_options: { include_usage: true } }, 400, "invalid_argument", "stream_options"],
  ["a negative max_tokens", { ...good, max_tokens: -5 }, 400, "invalid_argument", "max_tokens"],
  ["n of 1e9", { ...good, n: 1e9 }, 400, "invalid_argument", "n"],
  ["a temperature of 3", { ...good, temperature: 3 }, 400, "invalid_argument", "temperature"],
  ["metadata that is nested", { ...good, metadata: { a: {} } }, 400, "invalid_argument", "metadata.a"],
  ["a prompt nobody made", { ...good, prompt: { name: "none" } }, 404, "prompt_not_found", "prompt.name"],
  ["a prompt as text", { ...good, prompt: "say hi" }, 400, "invalid_argument", "prompt"],
  [
    "__proto__",
    '{"__proto__":{"a":1},"model":"sim-instant","messages":[{"role":"user","content":"x"}]}',
    400,
    "unsupported_parameter",
    "__proto__",
  ],
  ...[
    "api_base",
    "base_url",
    "api_key",
    "extra_headers",
    "custom_llm_provider",
    "organization",
    "proxy",
    "aws_secret_access_key",
    "fallbacks",
    "vertex_credentials",
  ].map(
    (name) =>
      [`${name}, which would steer the call`, { ...good, [name]: "http://169.254.169.254" }, 400, "unsupported_parameter", name] as const,
  ),
];

describe("a body that is", () => {
  it.each(bodies)("%s", async (_, body, status, code, param) => {
    const before = (await node.simulatorCalls()).length;
    const response = await node.post("/v1/chat/completions", body);
    const { error } = (await response.json()) as {
      error: { message: string; type: string; param: string | null; code: string; request_id: string };
    };
    expect(response.status).toBe(status);
    expect(error).toMatchObject({ code, param, type: "invalid_request_error" });
    expect(error.message).not.toBe("");
    expect(error.request_id).toBe(response.headers.get("x-request-id"));
    expect((await node.simulatorCalls()).length).toBe(before);
  });

  it("larger than 10 MiB is refused before it is read whole, by its length and without one", async () => {
    const big = "x".repeat(11 * 1024 * 1024);
    const announced = await node.post("/v1/chat/completions", { ...good, messages: say(big) }).catch(() => undefined);
    if (announced !== undefined) expect(announced.status).toBe(413);
    const socket = connect(Number(new URL(node.restUrl).port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${node.apiKey}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = Buffer.alloc(65_536, 0x20);
    const [answer] = await Promise.race([once(socket, "data"), pour(socket, chunk)]);
    expect(String(answer)).toContain("413");
    socket.destroy();
  });
});

/** Sends until the other side closes. Never resolves: whoever waits for it waits for the answer. */
async function pour(socket: ReturnType<typeof connect>, chunk: Buffer): Promise<[Buffer]> {
  const frame = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]);
  while (!socket.destroyed && socket.writable) await new Promise<void>((resolve) => socket.write(frame, () => resolve()));
  return new Promise(() => {});
}

describe("a request with", () => {
  it.each([
    ["no key", undefined, 401, "invalid_api_key"],
    ["a mistyped key", "Bearer psk_test_abc", 401, "invalid_api_key"],
    ["another scheme", "Basic abc", 401, "invalid_api_key"],
    ["a key of ours with a wrong secret", `Bearer psk_test_${"A".repeat(12)}_${"B".repeat(43)}_CCCCCC`, 401, "invalid_api_key"],
    ["a very long key", `Bearer ${"x".repeat(10_000)}`, 401, "invalid_api_key"],
  ])("%s is refused in the same words", async (_, authorization, status, code) => {
    const response = await fetch(`${node.restUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
      body: JSON.stringify(good),
    });
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe(code);
  });

  it("another content type, or a compressed body, is told so", async () => {
    expect((await node.post("/v1/chat/completions", "model=x", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(400);
    expect((await node.post("/v1/chat/completions", good, { "content-encoding": "gzip" })).status).toBe(400);
  });

  it.each([
    ["POST", "/v1/realtime/sessions"],
    ["POST", "/v1/assistants"],
    ["GET", "/v1/chat/completions"],
    ["DELETE", "/v1/models/sim-instant"],
    ["GET", "/v1/../etc/passwd"],
    ["GET", "/"],
  ])("%s %s is an unsupported endpoint", async (method, path) => {
    const response = await fetch(node.restUrl + path, { method, headers: { authorization: `Bearer ${node.apiKey}` } });
    expect(response.status).toBe(404);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe("unsupported_endpoint");
  });

  it("a trailing slash or a query means the same endpoint", async () => {
    expect((await node.post("/v1/chat/completions/?x=1", good)).status).toBe(200);
  });

  it.each([
    ["two lengths", "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc"],
    [
      "a length and chunks",
      "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
    ["20 KB of headers", `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-a: ${"y".repeat(20_000)}\r\n\r\n`],
  ])("%s is refused and the connection closed", async (_, bytes) => {
    const socket = connect(Number(new URL(node.restUrl).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(bytes, "latin1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe("a key that", () => {
  it.each([
    ["was revoked", { revokedAtMs: 1n }, 401, "api_key_revoked"],
    ["has expired", { expiresAtMs: 1n }, 401, "api_key_expired"],
    ["may call other routes only", { allowedRoutes: ["other"] }, 403, "route_forbidden"],
  ])("%s is refused by its true name", async (_, key, status, code) => {
    await using other = await startTestNode({ resources: routeOver("sim-instant"), key });
    const response = await other.post("/v1/chat/completions", good);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe(code);
  });

  it("is revoked while it is in use is refused from the next call on", async () => {
    await using other = await startTestNode({ resources: routeOver("sim-instant") });
    expect((await other.post("/v1/chat/completions", good)).status).toBe(200);
    const { ids } = await import("../harness/node.ts");
    const { hashCredential, publicIdOf } = await import("#agreements/api-key-format.ts");
    const { pepper } = await import("../harness/node.ts");
    other.publish([
      {
        case: "apiKey",
        value: {
          id: ids.apiKey,
          organisationId: ids.organisation,
          projectId: ids.project,
          publicId: publicIdOf(other.apiKey, "psk") ?? "",
          hash: hashCredential(pepper, other.apiKey),
          revokedAtMs: 1n,
        },
      },
    ]);
    await expect.poll(async () => (await other.post("/v1/chat/completions", good)).status).toBe(401);
  });
});

it("after all of this the node is alive", async () => {
  expect((await node.post("/v1/chat/completions", good)).status).toBe(200);
  expect((await fetch(`${node.opsUrl}/healthz`)).status).toBe(200);
  expect((await fetch(`${node.opsUrl}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${node.opsUrl}/metrics`)).text()).toContain("penstock_requests_total");
});
