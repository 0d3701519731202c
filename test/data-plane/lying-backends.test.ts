/** A backend that says what cannot be, or less than was asked: the ledger, the quota and the caller are not taken in. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ids, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
const price = { version: 1n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-fault-usage-huge", {}, { price }),
      ...routeOver("sim-fault-usage-missing"),
      ...routeOver("sim-fast"),
      ...routeOver("sim-instant", {}, { price }),
      {
        case: "quota",
        value: {
          id: "tokens",
          organisationId: ids.organisation,
          key: "tokens",
          scope: { case: "organisation", value: true },
          resource: "tokens",
          window: "day",
          limit: 1_000_000n,
          enforcement: "hard",
        },
      },
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const eventOf = (id: string | null) => expect.poll(() => node.usageEvents().find(({ callId }) => callId === id), { timeout: 5000 });

describe("usage that no call can have", () => {
  it("neither empties the quota nor stops the ledger: it is counted by the text instead", async () => {
    const lying = await node.post("/v1/chat/completions", { model: "sim-fault-usage-huge", messages: say("hi") });
    await lying.text();
    await eventOf(lying.headers.get("x-request-id")).toMatchObject({ outcome: 1, usage: { estimated: true } });
    const after = await node.post("/v1/chat/completions", { model: "sim-instant", messages: say("hi") });
    expect(after.status).toBe(200);
    await eventOf(after.headers.get("x-request-id")).toMatchObject({ outcome: 1, usage: { estimated: false } });
  });
});

describe("a stream without usage", () => {
  it("is counted by what the model wrote, within half and twice of the truth", async () => {
    const body = { stream: true, messages: say("tell me of rivers and of weirs") };
    const missing = await node.post("/v1/chat/completions", { ...body, model: "sim-fault-usage-missing" });
    const text = await missing.text();
    const chunks = text.split("\n\n").filter((event) => event.includes('"content":"') && !event.includes('"content":""')).length;
    await eventOf(missing.headers.get("x-request-id")).toMatchObject({ usage: { estimated: true } });
    const counted = Number(node.usageEvents().find(({ callId }) => callId === missing.headers.get("x-request-id"))?.usage?.outputTokens);
    expect(counted).toBeGreaterThan(chunks / 2);
    expect(counted).toBeLessThan(chunks * 2);
  });
});

describe("over a backend of its own", () => {
  let backend: Server;
  let other: TestNode;
  const frame = (choice: object) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [choice] })}\n\n`;
  beforeAll(async () => {
    backend = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        response.writeEarlyHints({ link: "</x>; rel=preload" });
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(frame({ index: 0, delta: { role: "assistant", content: "one" }, finish_reason: null }));
        response.end(frame({ index: 0, delta: {}, finish_reason: "stop" }));
      });
    });
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    other = await startTestNode({ resources: routeOver("m"), baseUrl: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/v1` });
  });
  afterAll(async () => {
    await other[Symbol.asyncDispose]();
    backend.close();
  });

  it("one of two answers and an end without [DONE] is half of what was asked, and early hints are no answer", async () => {
    const one = await other.post("/v1/chat/completions", { model: "m", stream: true, messages: say("x") });
    expect(one.status).toBe(200);
    expect(await one.text()).toContain("[DONE]");
    const two = await other.post("/v1/chat/completions", { model: "m", n: 2, stream: true, messages: say("x") });
    const text = await two.text();
    expect(text).not.toContain("[DONE]");
    expect(text).toContain("upstream_truncated");
  });
});

describe("the operator's allow-list", () => {
  it("is asked for the address that was connected: a row that may be private is not enough", async () => {
    await using strict = await startTestNode({ resources: routeOver("sim-instant"), settings: { privateAddresses: ["10.0.0.0/8"] } });
    const response = await strict.post("/v1/chat/completions", { model: "sim-instant", messages: say("x") });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("may not call") } });
    expect(await strict.simulatorCalls()).toEqual([]);
  });
});

it("a prompt's version without its name is that of the route's prompt", async () => {
  const prompt: ResourceInit[] = [
    {
      case: "prompt",
      value: {
        id: "p",
        organisationId: ids.organisation,
        name: "greet",
        labels: [
          { name: "production", version: 1 },
          { name: "latest", version: 2 },
        ],
      },
    },
    ...[1, 2].map(
      (version): ResourceInit => ({
        case: "promptVersion",
        value: {
          id: `p-${version}`,
          organisationId: ids.organisation,
          promptId: "p",
          version,
          messages: [{ role: "system", template: `version ${version}` }],
        },
      }),
    ),
  ];
  await using bound = await startTestNode({
    resources: [...prompt, ...routeOver("sim-instant", { prompt: { promptId: "p", selector: { case: "label", value: "production" } } })],
  });
  const call = (selector: object) => bound.post("/v1/chat/completions", { model: "sim-instant", messages: say("x"), prompt: selector });
  expect((await call({ version: 2 })).headers.get("x-penstock-prompt")).toBe("greet@2");
  expect((await call({ label: "latest" })).headers.get("x-penstock-prompt")).toBe("greet@2");
  expect((await call({ label: "nope" })).status).toBe(404);
});

it("a caller that nobody knows is refused before its body is read", async () => {
  const response = await fetch(`${node.restUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer x" },
    body: '{"a',
  });
  expect(response.status).toBe(401);
});
