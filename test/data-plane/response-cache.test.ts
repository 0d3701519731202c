/** The same call gets the answer that the first one got, where its route says for how long, and nobody else's ever. */
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hashCredential, makeCredential } from "#agreements/api-key-format.ts";
import { ApiKeySchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { memoryResponseCache } from "../../data-plane/memory/response-cache.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import type { CacheSubject } from "../../data-plane/pipeline/response-cache.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, pepper, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

const organisationId = ids.organisation;
const kept = { cache: "exact", cacheTtlSeconds: 600 };
const dear = { prices: [{ version: 7n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 1_000_000_000n }] };
const idOf = (resources: readonly ResourceInit[], kind: string) => resources.find((one) => one.case === kind)?.value?.id ?? "";

const chat = routeOver("sim-instant", { name: "chat", ...kept }, dear);
const tried = routeOver("sim-instant", { name: "tried", ...kept });
const changing = routeOver("sim-instant", { name: "changing", ...kept });
const limited = routeOver("sim-instant", { name: "limited", ...kept });
const prompt = (production: number): ResourceInit => ({
  case: "prompt",
  value: { id: "p", organisationId, name: "hello", labels: [{ name: "production", version: production }] },
});
const other = makeCredential("psk", "test");
const otherProject = "0198c0de-0000-7000-8000-00000000b001";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({
    key: { mayForceVariants: true },
    resources: [
      ...chat,
      ...tried,
      ...changing,
      ...limited,
      ...routeOver("sim-instant", { name: "plain" }),
      ...routeOver("sim-instant", { name: "lenient", ...kept, dropParameters: ["seed"] }, { providerId: ids.anthropicProvider }),
      ...routeOver("sim-instant", { name: "short", cache: "exact", cacheTtlSeconds: 1 }),
      ...["cut-rst", "cut-fin", "error-mid-stream"].flatMap((fault) => routeOver(`sim-fault-${fault}`, kept)),
      ...routeOver("sim-instant", {
        name: "prompted",
        ...kept,
        prompt: { promptId: "p", selector: { case: "label", value: "production" } },
      }),
      prompt(1),
      ...[1, 2].map(
        (version): ResourceInit => ({
          case: "promptVersion",
          value: { id: `p-${version}`, organisationId, promptId: "p", version, messages: [{ role: "system", template: "Be brief." }] },
        }),
      ),
      {
        case: "experiment",
        value: {
          id: "0198c0de-0000-7000-8000-00000000b002",
          organisationId,
          key: "greeting",
          routeId: idOf(tried, "route"),
          seed: "seed",
          hashVersion: 3,
          unit: "session",
          coverage: 1,
          phase: 1,
          variants: ["control", "warm"].map((key) => ({ key, weight: 1 })),
        },
      },
      {
        case: "quota",
        value: {
          id: "q",
          organisationId,
          key: "q",
          window: "day",
          enforcement: "hard",
          scope: { case: "routeId", value: idOf(limited, "route") },
          resource: "tokens",
          limit: 1_000_000n,
        },
      },
      { case: "project", value: { id: otherProject, organisationId, key: "other" } },
      {
        case: "apiKey",
        value: create(ApiKeySchema, {
          id: "0198c0de-0000-7000-8000-00000000b003",
          organisationId,
          projectId: otherProject,
          publicId: other.publicId,
          hash: hashCredential(pepper, other.credential),
        }),
      },
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

async function call(body: object, headers: Record<string, string> = {}, path = "/v1/chat/completions") {
  const response = await node.post(path, body, headers);
  const said = (name: string) => response.headers.get(`x-penstock-${name}`);
  return { text: await response.text(), status: response.status, cache: said("cache"), said };
}
const cacheOf = async (...given: Parameters<typeof call>) => (await call(...given)).cache;
const asked = (content: string, more: object = {}) => ({ model: "chat", messages: say(content), ...more });
const backendCalls = async (content: string) => (await node.simulatorCalls()).filter(({ body }) => body.includes(content)).length;
const eventOf = (callId: string | null) =>
  vi.waitFor(() => {
    const event = node.usageEvents().find((one) => one.callId === callId);
    if (event === undefined) throw new Error(`no record of the call ${callId}`);
    return event;
  }, 5000);

describe.each([false, true])("streamed: %s", (stream) => {
  it("the second call gets the first one's answer, no backend is asked, and it costs nothing", async () => {
    const words = `echo: good morning, ${stream}`;
    const first = await call(asked(words, { stream }));
    expect([first.status, first.cache, first.said("attempts")]).toEqual([200, "miss", "1"]);
    const again = await call(asked(words, { stream }));
    expect([again.status, again.cache, again.said("attempts")]).toEqual([200, "hit", "0"]);
    expect(again.text).toBe(first.text);
    expect(again.text).toContain("morning");
    expect(await backendCalls(words)).toBe(1);

    const made = await eventOf(first.said("call-id"));
    expect(made.cache).toBe("miss");
    expect(made.costNanodollars).toBeGreaterThan(0n);
    const found = await eventOf(again.said("call-id"));
    expect(found).toMatchObject({ cache: "hit", outcome: Outcome.OK, costNanodollars: 0n, attempts: [], finishReason: "stop" });
    expect(found.usage?.outputTokens).toBe(made.usage?.outputTokens);
    expect(found.modelServed).toBe(made.modelServed);
  });

  it("so it is in the other dialects", async () => {
    const ways: [string, object][] = [
      ["/v1/messages", { model: "chat", stream, max_tokens: 50, messages: say("echo: a message") }],
      ["/v1/completions", { model: "chat", stream, prompt: "echo: a completion", max_tokens: 20 }],
      ["/v1/responses", { model: "chat", stream, store: false, input: "echo: a response" }],
    ];
    for (const [path, body] of ways) {
      expect([path, await cacheOf(body, {}, path), await cacheOf(body, {}, path)]).toEqual([path, "miss", "hit"]);
    }
  });
});

it.each([
  ["cut-rst", true],
  ["cut-rst", false],
  ["cut-fin", true],
  ["error-mid-stream", true],
])("an answer that is not whole is not kept: %s, streamed: %s", async (fault, stream) => {
  const body = { model: `sim-fault-${fault}`, stream, messages: say("hi") };
  for (const _ of [1, 2]) {
    const { cache, outcome } = await eventOf((await call(body)).said("call-id"));
    expect([cache, outcome === Outcome.OK]).toEqual(["miss", false]);
  }
});

it("nor is one that its caller has left", async () => {
  const words = "echo: one two three four five six seven eight";
  const slow = { "x-sim-gap-ms": "30" };
  const leaving = new AbortController();
  const left = await node.post("/v1/chat/completions", asked(words, { stream: true }), slow, { signal: leaving.signal });
  await left.body?.getReader().read();
  leaving.abort();
  expect((await eventOf(left.headers.get("x-penstock-call-id"))).outcome).toBe(Outcome.CANCELLED);
  expect(await cacheOf(asked(words, { stream: true }), slow)).toBe("miss");
});

it("what had to be left out is told again", async () => {
  const body = { model: "lenient", seed: 7, messages: say("echo: without a seed") };
  const answers = [await call(body), await call(body)];
  expect(answers.map(({ cache, said }) => [cache, said("dropped")])).toEqual([
    ["miss", "seed"],
    ["hit", "seed"],
  ]);
});

it("gRPC has it as well", async () => {
  const connection = connectGrpc(node.grpcAddress);
  const client = connection.client(CompletionService);
  const input = { model: "chat", messages: [{ role: Role.USER, content: [{ part: { case: "text", value: { text: "echo: by gRPC" } } }] }] };
  const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
  const first = await client.complete({ input } as Parameters<typeof client.complete>[0], options);
  const again = await client.complete({ input } as Parameters<typeof client.complete>[0], options);
  expect(again.choices).toEqual(first.choices);
  expect(await backendCalls("echo: by gRPC")).toBe(1);
  connection.close();
});

it("another parameter, form, dialect or project is another call", async () => {
  const words = "echo: told apart";
  expect(await cacheOf(asked(words))).toBe("miss");
  expect(await cacheOf(asked(words, { temperature: 0.5 }))).toBe("miss");
  expect(await cacheOf(asked(words, { stream: true }))).toBe("miss");
  expect(await cacheOf({ ...asked(words), max_tokens: 50 }, {}, "/v1/messages")).toBe("miss");
  expect(await cacheOf(asked(words), { "x-sim-seed": "7" })).toBe("miss");
  expect(await cacheOf(asked(words), { authorization: `Bearer ${other.credential}` })).toBe("miss");
  expect(await cacheOf(asked(words), { authorization: `Bearer ${other.credential}` })).toBe("hit");
  expect(await cacheOf(asked(words))).toBe("hit");
});

it("variants never share an answer, and one that was chosen is always made", async () => {
  const body = { model: "tried", messages: say("echo: which arm") };
  const seen = new Map<string | null, (string | null)[]>();
  for (let session = 0; session < 12; session++) {
    const { cache, said } = await call(body, { "x-penstock-session": `s${session}` });
    seen.set(said("variant"), [...(seen.get(said("variant")) ?? []), cache]);
  }
  expect([...seen.keys()].sort()).toEqual(["greeting:control", "greeting:warm"]);
  for (const caches of seen.values()) expect(caches).toEqual(["miss", ...caches.slice(1).map(() => "hit")]);
  for (const _ of [1, 2]) expect(await cacheOf({ ...body, model: "tried@warm" })).toBe("off");
});

it("a prompt's next version, though it says the same, and a changed backend answer anew", async () => {
  const body = { model: "prompted", messages: say("echo: hello") };
  expect([await cacheOf(body), await cacheOf(body)]).toEqual(["miss", "hit"]);
  node.publish([prompt(2)]);
  await vi.waitFor(async () => expect((await call(body)).said("prompt")).toBe("hello@2"), 5000);
  expect(await backendCalls("echo: hello")).toBe(2);

  const moved = { model: "changing", messages: say("echo: before the change") };
  expect([await cacheOf(moved), await cacheOf(moved)]).toEqual(["miss", "hit"]);
  const backend = changing.find((one) => one.case === "backend");
  node.publish([{ ...backend, value: { ...backend?.value, model: "sim-fast" } } as ResourceInit]);
  await vi.waitFor(async () => expect(await cacheOf(moved)).toBe("miss"), 5000);
});

it("an answer is good for as long as the route says, however often it is asked for", async () => {
  const body = { model: "short", messages: say("echo: for a second") };
  const beganMs = performance.now();
  expect([await cacheOf(body), await cacheOf(body)]).toEqual(["miss", "hit"]);
  await vi.waitFor(async () => expect(await cacheOf(body)).toBe("miss"), { timeout: 5000, interval: 20 });
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1000);
});

it("callers may ask for a fresh one, or for none to be kept; a stored answer is its caller's own", async () => {
  const words = "echo: as the caller says";
  for (const _ of [1, 2]) expect(await cacheOf(asked(words), { "cache-control": "no-store" })).toBe("off");
  for (const _ of [1, 2]) expect(await cacheOf(asked(words), { "cache-control": "max-age=0, No-Cache" })).toBe("miss");
  expect(await cacheOf(asked(words))).toBe("hit");
  expect(await backendCalls(words)).toBe(4);
  for (const _ of [1, 2]) expect(await cacheOf({ model: "chat", input: words }, {}, "/v1/responses")).toBe("off");
  for (const _ of [1, 2]) expect(await cacheOf(asked(words, { store: true }))).toBe("off");
});

it("tokens of an answer that was kept are not taken from a quota", async () => {
  const body = { model: "limited", max_tokens: 100, messages: say("echo: one two three") };
  const first = await call(body);
  const remaining = async (given: object) => {
    const response = await node.post("/v1/chat/completions", given);
    await response.text();
    return Number(response.headers.get("x-ratelimit-remaining-tokens"));
  };
  expect(first.cache).toBe("miss");
  await eventOf(first.said("call-id"));
  const before = await remaining(body);
  for (let hit = 0; hit < 5; hit++) expect(await remaining(body)).toBe(before);
});

it("without a time there is no cache", async () => {
  const body = { model: "plain", messages: say("echo: each time") };
  expect([await cacheOf(body), await cacheOf(body)]).toEqual(["off", "off"]);
  expect(await backendCalls("echo: each time")).toBe(2);
});

it("an answer that is too long is handed on and not kept", async () => {
  const body = asked(`echo: ${"word ".repeat(120_000)}`);
  const answers = [await call(body), await call(body)];
  expect(answers.map(({ status, cache }) => [status, cache])).toEqual([
    [200, "miss"],
    [200, "miss"],
  ]);
});

describe("in memory", () => {
  const subject = (text: string) =>
    ({
      caller: { organisationId: "o", projectId: "p" },
      route,
      tiers: route.tiers,
      assignment: undefined,
      rendered: { replacements: new Map(), messages: [], prompt: undefined },
      request: { ingress: "grpc", stream: false, body: { text }, simulation: {} },
    }) as unknown as CacheSubject;
  const route = { id: "r", cacheTtlMs: 1000, tiers: [] };
  const signal = new AbortController().signal;
  const batch = (text: string): CompletionEvent[] => [{ type: "native-answer", data: text, textLength: text.length }];

  const keeping = (bounds: Parameters<typeof memoryResponseCache>[0]) => {
    const cache = memoryResponseCache(bounds, () => nowMs);
    return {
      keep(text: string, events = batch(text)) {
        const entry = cache.entry(subject(text));
        entry.add(events);
        entry.commit([]);
      },
      has: (text: string) => cache.entry(subject(text)).lookUp(signal) !== undefined,
    };
  };
  let nowMs = 0;

  it("what was used least recently goes first", () => {
    const { keep, has } = keeping({ entriesMax: 2, bytesMax: 1e6, entryBytesMax: 1e6 });
    keep("a");
    keep("b");
    expect(has("a")).toBe(true);
    keep("c");
    expect(["a", "b", "c"].map(has)).toEqual([true, false, true]);
  });

  it("bytes are bounded, of all answers and of each", () => {
    const long = "x".repeat(1000);
    const { keep, has } = keeping({ entriesMax: 100, bytesMax: 5000, entryBytesMax: 2500 });
    for (const name of ["a", "b", "c"]) keep(name + long);
    expect(["a", "b", "c"].map((name) => has(name + long))).toEqual([false, true, true]);
    keep(long + long);
    expect(has(long + long)).toBe(false);
  });

  it("what a filter cut is not kept, and age is counted from when the answer came", () => {
    const { keep, has } = keeping({ entriesMax: 100, bytesMax: 1e6, entryBytesMax: 1e6 });
    keep("cut", [{ type: "choice-finished", choice: 0, reason: { unified: "content_filter", raw: "content_filter" } }]);
    keep("cut chunk", [{ type: "native-chunk", data: '{"choices":[{"delta":{},"finish_reason":"content_filter"}]}', textLength: 0 }]);
    keep("whole");
    expect(["cut", "cut chunk", "whole"].map(has)).toEqual([false, false, true]);
    nowMs = 999;
    expect(has("whole")).toBe(true);
    nowMs = 1000;
    expect(has("whole")).toBe(false);
  });
});
