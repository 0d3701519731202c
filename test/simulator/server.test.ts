import { createHash } from "node:crypto";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Simulator, type SimulatorSettings, startSimulator } from "../../data-plane/simulator/main.ts";
import { chatOf, rawCall } from "./raw-call.ts";

const started: Simulator[] = [];
afterEach(async () => {
  for (const simulator of started.splice(0)) await simulator.close();
});

async function start(settings: Partial<SimulatorSettings> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ host: "127.0.0.1", port: 0, seed: 1, ...settings });
  started.push(simulator);
  return simulator;
}

// biome-ignore lint/suspicious/noExplicitAny: what the simulator shows is checked by the assertions on it
const getJson = async (port: number, path: string): Promise<any> => (await fetch(`http://127.0.0.1:${port}${path}`)).json();
const lastCall = async (port: number) => (await getJson(port, "/sim/calls?last=1")).calls[0];

test("two simulators with one seed give the same bytes, with another seed other ones", async () => {
  const bodyFrom = async (seed: string) => (await rawCall((await start({ seed })).port, { body: chatOf("sim-instant") })).body;
  expect(await bodyFrom("x")).toBe(await bodyFrom("x"));
  expect(await bodyFrom("x")).not.toBe(await bodyFrom("y"));
});

test("remembers a call with its headers, body and outcome, and shows no credential", async () => {
  const { port } = await start();
  const body = JSON.stringify(chatOf("sim-instant"));
  await rawCall(port, { body, headers: { authorization: "Bearer secret-1", "x-mark": "a" } });
  const text = JSON.stringify(await getJson(port, "/sim/calls"));
  expect(text).not.toContain("secret-1");
  expect(await lastCall(port)).toMatchObject({
    model: "sim-instant",
    streamed: true,
    status: 200,
    outcome: "complete",
    body,
    bodySha256: createHash("sha256").update(body).digest("hex"),
    callerLeftAfterMs: null,
    headers: { "x-mark": "a", authorization: `sha256:${createHash("sha256").update("Bearer secret-1").digest("hex")}` },
  });
});

test("keeps the start of a large body and the hash of the whole", async () => {
  const { port } = await start();
  const body = JSON.stringify(chatOf("sim-instant", { messages: [{ role: "user", content: "word ".repeat(40_000) }] }));
  await rawCall(port, { body });
  const call = await lastCall(port);
  expect(call.body).toHaveLength(65_536);
  expect(call).toMatchObject({ bodyBytes: body.length, bodySha256: createHash("sha256").update(body).digest("hex") });
});

test("notices within 100 ms that a caller has left, while streaming and while hanging", async () => {
  const { port } = await start();
  for (const model of ["sim-slow", "sim-fault-stall", "sim-fault-hang"]) {
    const body = JSON.stringify(chatOf(model));
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await expect.poll(async () => (await lastCall(port))?.model).toBe(model);
    const leftAt = Date.now();
    socket.destroy();
    await expect.poll(async () => (await lastCall(port)).outcome).toBe("caller-left");
    const call = await lastCall(port);
    expect(call.endedAtMs - leftAt).toBeLessThan(100);
    expect(call.callerLeftAfterMs).toBeCloseTo(call.endedAtMs - call.startedAtMs, 3);
  }
  await expect.poll(() => getJson(port, "/sim/state")).toMatchObject({ runningCalls: 0, callsTotal: 3 });
});

test("says of a cut on purpose that it was one", async () => {
  const { port } = await start();
  await rawCall(port, { body: chatOf("sim-fault-cut-rst") });
  expect(await lastCall(port)).toMatchObject({ outcome: "faulted", fault: "cut-rst", chunksWritten: 3 });
});

test("answers 503 over its limit of calls and frees the place when one ends", async () => {
  const { port } = await start({ maxConcurrentCalls: 1 });
  const hanging = rawCall(port, { body: chatOf("sim-fault-hang"), quietMs: 500 });
  await expect.poll(() => getJson(port, "/sim/state")).toMatchObject({ runningCalls: 1 });
  const refused = await rawCall(port, { body: chatOf("sim-instant") });
  expect(refused.head).toMatch(/ 503 [\s\S]*retry-after: 1/);
  await hanging;
  await expect.poll(async () => (await rawCall(port, { body: chatOf("sim-instant") })).head).toContain(" 200 ");
});

test.each<[string, string | undefined, string, number, string | null]>([
  ["bad JSON", '{"a":', "/v1/chat/completions", 400, "invalid_json"],
  ["no body", "", "/v1/embeddings", 400, "invalid_json"],
  ["a path that is not served", "{}", "/v1/responses", 404, "unsupported_endpoint"],
  ["a path that is not served, by GET", undefined, "/nothing", 404, "unsupported_endpoint"],
  ["a model's id that is not valid in a URL", undefined, "/v1/models/%E0%A4%A", 400, null],
])("%s is an error in OpenAI's shape", async (_, body, path, status, code) => {
  const { port } = await start();
  const answer = await rawCall(port, { path, ...(body === undefined ? {} : { body }) });
  expect(answer.head).toContain(` ${status} `);
  expect(answer.head).toMatch(/x-request-id: req_sim_/);
  expect(JSON.parse(answer.body).error).toEqual({
    message: expect.any(String),
    type: "invalid_request_error",
    param: status === 400 && code === null ? "model" : null,
    code,
  });
});

test("invalid UTF-8 and a wrong header are named", async () => {
  const { port } = await start();
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", body: Buffer.from([0x7b, 0xff, 0x7d]) });
  expect(await answer.json()).toMatchObject({ error: { code: "invalid_utf8" } });
  const header = await rawCall(port, { body: chatOf("sim-instant"), headers: { "x-sim-gap-ms": "soon" } });
  expect(JSON.parse(header.body).error).toMatchObject({ param: "x-sim-gap-ms" });
});

test("a body over 20 MB is a 413, and the simulator goes on", async () => {
  const { port } = await start();
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", body: Buffer.alloc(21 * 1024 * 1024, 32) });
  expect(answer.status).toBe(413);
  expect(await getJson(port, "/healthz")).toEqual({ status: "ok" });
});

test("a reader who does not read does not fill the memory, and gets all when it reads", async () => {
  const { port } = await start();
  const body = JSON.stringify(chatOf("sim-instant", { messages: [{ role: "user", content: "go on" }] }));
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-sim-tokens: 60000\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.pause();
  let before = -1;
  await expect
    .poll(async () => {
      const { chunksWritten } = await lastCall(port);
      const still = chunksWritten === before;
      before = chunksWritten;
      return still && chunksWritten > 0;
    })
    .toBe(true);
  expect(before).toBeLessThan(60_000);
  let tail = "";
  for await (const chunk of socket.resume()) tail = (tail + chunk).slice(-200);
  expect(tail).toContain("[DONE]");
  expect((await lastCall(port)).chunksWritten).toBe(60_003);
});

test("close ends what is running at once and frees the port", async () => {
  const { port, close } = await start();
  const hanging = rawCall(port, { body: chatOf("sim-fault-hang"), quietMs: 10_000 });
  await expect.poll(() => getJson(port, "/sim/state")).toMatchObject({ runningCalls: 1 });
  const startedAt = performance.now();
  await close();
  expect((await hanging).end).not.toBe("quiet");
  expect(performance.now() - startedAt).toBeLessThan(500);
  started.length = 0;
  await start({ port });
});

test("a busy port is a clear error", async () => {
  const { port } = await start();
  await expect(startSimulator({ host: "127.0.0.1", port, seed: 1 })).rejects.toThrow(
    /is in use; stop what listens there or choose another/,
  );
});
