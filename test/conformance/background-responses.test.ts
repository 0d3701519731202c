/** Responses in the background and items by reference, as the official SDK sees them, on one node and between two. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backgroundResponses } from "../../data-plane/edge/openai-responses/background-responses.ts";
import { memoryResponseStore } from "../../data-plane/memory/response-store.ts";
import type { ResponseStore } from "../../data-plane/pipeline/response-store.ts";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

const over = ["completed", "incomplete", "failed", "cancelled"];
const ended = async (openai: OpenAI, id: string) => {
  await expect.poll(async () => over.includes((await openai.responses.retrieve(id)).status ?? ""), { timeout: 20_000 }).toBe(true);
  return openai.responses.retrieve(id);
};
const clientOf = (node: TestNode) => new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
/** Goes on for minutes. */
const endless = { model: "sim-endless", input: "say much", background: true };
const resources = [
  ...routeOver("sim-instant"),
  ...routeOver("sim-fault-error-500"),
  ...routeOver("sim-slow", { name: "sim-endless" }, { key: "sim-endless" }),
];

describe("on one node", () => {
  let node: TestNode;
  let openai: OpenAI;
  beforeAll(async () => {
    node = await startTestNode({ resources });
    openai = clientOf(node);
  });
  afterAll(() => node[Symbol.asyncDispose]());
  const leftByCaller = async () => (await node.simulatorCalls()).filter(({ callerLeftAfterMs }) => callerLeftAfterMs !== undefined).length;

  it("is queued, made, and fetched; goes on from like any other; is recorded as a call", async () => {
    const queued = await openai.responses.create({ model: "sim-instant", input: "echo: good morning", background: true });
    expect(queued).toMatchObject({ background: true, output: [] });
    expect(queued.status).toMatch(/queued|in_progress/);
    const response = await ended(openai, queued.id);
    expect(response).toMatchObject({ id: queued.id, status: "completed", background: true, store: true });
    expect(response.output_text ?? JSON.stringify(response.output)).toContain("good morning");
    const next = await openai.responses.create({ model: "sim-instant", input: "echo: bye", previous_response_id: queued.id });
    expect(next.status).toBe("completed");
    await expect.poll(() => node.usageEvents().some(({ callId }) => queued.id === `resp_${callId.replaceAll("-", "")}`)).toBe(true);
  });

  it("is cancelled: its backend is left, and asking twice is asking once", async () => {
    const before = await leftByCaller();
    const { id } = await openai.responses.create(endless);
    await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe("in_progress");
    await expect(openai.responses.create({ model: "sim-instant", input: "x", previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      param: "previous_response_id",
    });
    expect(await openai.responses.cancel(id)).toMatchObject({ id, status: "cancelled", error: null });
    expect(await openai.responses.cancel(id)).toMatchObject({ status: "cancelled" });
    await expect.poll(leftByCaller).toBe(before + 1);
    const done = await openai.responses.create({ model: "sim-instant", input: "hi", background: true });
    await ended(openai, done.id);
    expect(await openai.responses.cancel(done.id)).toMatchObject({ status: "completed" });
  });

  it("that is deleted while it runs is left and does not come back", async () => {
    const before = await leftByCaller();
    const { id } = await openai.responses.create(endless);
    await openai.responses.delete(id);
    await expect.poll(leftByCaller).toBe(before + 1);
    await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  it("that fails says why, and what only the caller can mend is told at once", async () => {
    const { id } = await openai.responses.create({ model: "sim-fault-error-500", input: "hi", background: true });
    expect(await ended(openai, id)).toMatchObject({ status: "failed", error: { code: "server_error" } });
    await expect(openai.responses.create({ model: "none", input: "hi", background: true })).rejects.toMatchObject({ status: 404 });
  });

  it("as a stream outlives the caller that watched it", async () => {
    const stream = await openai.responses.create({ model: "sim-instant", input: "echo: a river", background: true, stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types[0]).toBe("response.created");
    expect(types.at(-1)).toBe("response.completed");

    const watched = await openai.responses.create({ ...endless, stream: true });
    let id = "";
    for await (const event of watched) {
      if (event.type === "response.created") ({ id } = event.response);
      if (event.type === "response.output_text.delta") break;
    }
    await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe("in_progress");
    expect((await openai.responses.cancel(id)).status).toBe("cancelled");
  });

  it("items are found by their ids, and named where they are not", async () => {
    const first = await openai.responses.create({ model: "sim-instant", input: "echo: my name is Ada" });
    const [asked] = (await openai.responses.inputItems.list(first.id)).data;
    const input = [asked?.id, first.output[0]?.id].map((id) => ({ type: "item_reference" as const, id: String(id) }));
    await openai.responses.create({ model: "sim-instant", input: [...input, { role: "user", content: "echo: bye" }] });
    const { messages } = JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}") as { messages: { role: string }[] };
    expect(messages).toMatchObject([{ role: "user" }, { role: "assistant", content: "my name is Ada" }, { role: "user" }]);
    const refused = (id: string) => openai.responses.create({ model: "sim-instant", input: [{ type: "item_reference", id }] });
    for (const id of ["msg_1", `msg_${"0".repeat(32)}`, `msg_${first.id.slice(5)}ff`])
      await expect(refused(id)).rejects.toMatchObject({ status: 404, param: "input[0]" });
  });
});

describe("between two nodes", () => {
  let redis: TestRedis;
  let watcher: TestNode;
  let maker: TestNode;
  beforeAll(async () => {
    redis = await startRedis();
    const settings = { redisUrl: redis.url };
    watcher = await startTestNode({ resources, settings });
    maker = await startTestNode({ resources, settings });
  });
  afterAll(async () => {
    await watcher[Symbol.asyncDispose]();
    await redis.close();
  });

  it("a response is cancelled at another node than the one that makes it", async () => {
    const { id } = await clientOf(maker).responses.create(endless);
    expect((await clientOf(watcher).responses.retrieve(id)).status).toMatch(/queued|in_progress/);
    expect((await clientOf(watcher).responses.cancel(id)).status).toBe("cancelled");
    await expect.poll(async () => (await maker.simulatorCalls()).at(-1)?.callerLeftAfterMs).toBeGreaterThan(0);
  });

  it("a node that shuts down leaves no response behind that looks as if it were made", async () => {
    const { id } = await clientOf(maker).responses.create(endless);
    await maker[Symbol.asyncDispose]();
    expect(await clientOf(watcher).responses.retrieve(id)).toMatchObject({ status: "failed", error: { code: "server_error" } });
  });
});

it("a response's end waits for a store that is away, and is not kept where it was deleted", async () => {
  const kept = memoryResponseStore();
  let away = false;
  const store: ResponseStore = {
    put: (...record) => (away ? Promise.resolve(false) : kept.put(...record)),
    get: (...key) => (away ? Promise.reject(new Error("away")) : kept.get(...key)),
    delete: (...key) => kept.delete(...key),
  };
  const background = backgroundResponses(store);
  const run = async (id: string, make: () => Promise<void>) => {
    let status = "queued";
    const record = () => ({ response: { status } });
    const made = async () => {
      await make();
      status = "completed";
    };
    await (await background.start({ owner: "o", id, record, make: made, failed: () => {} })).over;
    return kept.get("o", id);
  };
  const back = () => void setTimeout(() => (away = false), 50);
  expect(
    await run("r1", async () => {
      away = true;
      back();
    }),
  ).toContain("completed");
  expect(await run("r2", async () => void (await kept.delete("o", "r2")))).toBeUndefined();
  expect(background.size).toBe(0);
});
