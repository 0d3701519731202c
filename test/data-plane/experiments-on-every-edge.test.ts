/**
 * An experiment means the same on every way in: who is targeted by a header or a tag, which variant a session has, what stands in
 * the record, and that a variant which somebody chose is told apart.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketOf, bucketRanges, variantIndexOf } from "#agreements/bucket-hash.ts";
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { CompletionService, ConverseRequestSchema, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { EmbeddingService } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { type Connection, connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, pepper, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let connection: Connection;
const organisationId = ids.organisation;
const route = routeOver("sim-instant", { name: "tried" });
const routeId = route.find(({ case: kind }) => kind === "route")?.value?.id ?? "";
const embedding = routeOver("sim-embed", { name: "embedded" });
const experimentOn = (id: string, key: string, on: string): ResourceInit => ({
  case: "experiment",
  value: {
    id,
    organisationId,
    key,
    routeId: on,
    seed: "seed",
    hashVersion: 3,
    unit: "session",
    coverage: 1,
    phase: 1,
    targeting: { headers: [{ name: "x-region", values: ["eu", "us"] }], tags: [{ name: "team", values: ["search"] }] },
    variants: variants.map((variant) => ({ key: variant, weight: 1 })),
  },
});
const variants = ["control", "warm"] as const;

beforeAll(async () => {
  node = await startTestNode({
    key: { mayForceVariants: true },
    resources: [
      ...route,
      ...embedding,
      experimentOn("0198c0de-0000-7000-8000-000000000001", "greeting", routeId),
      experimentOn(
        "0198c0de-0000-7000-8000-000000000002",
        "vectors",
        embedding.find(({ case: kind }) => kind === "route")?.value?.id ?? "",
      ),
      { case: "prompt", value: { id: "p", organisationId, name: "hello", labels: [{ name: "latest", version: 1 }], runRouteId: routeId } },
      {
        case: "promptVersion",
        value: { id: "p-1", organisationId, promptId: "p", version: 1, messages: [{ role: "user", template: "Hello." }] },
      },
    ],
  });
  connection = connectGrpc(node.grpcAddress);
});
afterAll(async () => {
  connection.close();
  await node[Symbol.asyncDispose]();
});

type Headers = Readonly<Record<string, string>>;
const grpc = (headers: Headers) => ({
  signal: new AbortController().signal,
  timeoutMs: 10_000,
  metadata: { authorization: `Bearer ${node.apiKey}`, ...headers },
});
const input = (model = "tried") => ({
  model,
  messages: [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text: "hi" } } }] }],
});
const posted =
  (path: string, body: object) =>
  async (headers: Headers): Promise<void> => {
    const response = await node.post(path, body, headers);
    expect(await response.text()).not.toBe("");
    expect(response.status).toBe(200);
  };

function converse(headers: Headers): Promise<void> {
  const client = new Client(node.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(grpc(headers).metadata)) metadata.set(name, value);
  const stream = client.makeBidiStreamRequest(
    "/penstock.inference.v1.CompletionService/Converse",
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => bytes,
    metadata,
    { deadline: Date.now() + 20_000 },
  );
  stream.write(toBinary(ConverseRequestSchema, create(ConverseRequestSchema, { request: { case: "open", value: input() } })));
  stream.end();
  return new Promise<void>((resolve, reject) => {
    stream.on("data", () => {});
    stream.on("error", reject);
    stream.on("status", () => resolve());
  }).finally(() => client.close());
}

const edges: readonly (readonly [name: string, call: (headers: Headers) => Promise<unknown>])[] = [
  ["chat", posted("/v1/chat/completions", { model: "tried", messages: say("hi") })],
  ["chat, streamed", posted("/v1/chat/completions", { model: "tried", messages: say("hi"), stream: true })],
  ["responses", posted("/v1/responses", { model: "tried", input: "hi" })],
  ["completions", posted("/v1/completions", { model: "tried", prompt: "hi" })],
  ["Anthropic's messages", posted("/v1/messages", { model: "tried", max_tokens: 10, messages: say("hi") })],
  ["embeddings", posted("/v1/embeddings", { model: "embedded", input: "hi" })],
  ["a prompt's own endpoint", posted("/v1/prompts/hello/run", { variables: {} })],
  ["Complete", (headers) => connection.client(CompletionService).complete({ input: input() }, grpc(headers))],
  [
    "StreamComplete",
    async (headers) => {
      for await (const _ of connection.client(CompletionService).streamComplete({ input: input() }, grpc(headers)));
    },
  ],
  ["Converse", converse],
  [
    "Embed",
    (headers) =>
      connection.client(EmbeddingService).embed({ model: "embedded", inputs: [{ input: { case: "text", value: "hi" } }] }, grpc(headers)),
  ],
];

let requests = 0;
/** What stands in the record of a call. */
async function exposureOf(call: (headers: Headers) => Promise<unknown>, headers: Headers) {
  const requestId = `request-${++requests}`;
  await call({ "x-request-id": requestId, ...headers });
  const event = () => node.usageEvents().find((one) => one.requestId === requestId);
  await expect.poll(() => event()?.requestId).toBe(requestId);
  return event();
}

describe.each(edges)("%s", (_, call) => {
  it("takes part where header and tag say so, with the session's variant, and not otherwise", async () => {
    const given = { "x-region": "eu", "x-penstock-tags": "team=search", "x-penstock-session": "session-1" };
    const event = await exposureOf(call, given);
    const sessionHash = pseudonymOf(pepper, "session-1");
    expect(event).toMatchObject({
      sessionHash,
      exposure: {
        unitType: "session",
        unitHash: sessionHash,
        forced: false,
        phase: 1,
      },
    });
    // What the hash says of this session is said on every edge.
    const bucket = bucketOf(3, "seed", "session-1") ?? -1;
    expect(event?.exposure).toMatchObject({ bucket, variantKey: variants[variantIndexOf(bucketRanges([1, 1], 1), bucket)] });
    const others: Headers[] = [
      { ...given, "x-region": "asia" },
      { "x-penstock-tags": "team=search", "x-penstock-session": "session-1" },
      { ...given, "x-penstock-tags": "team=ads" },
      { "x-region": "eu", "x-penstock-tags": "team=search" },
    ];
    for (const headers of others) expect((await exposureOf(call, headers))?.exposure).toBeUndefined();
  });
});

it("a variant that the caller chose is told apart, for who counts", async () => {
  const chosen = (variant: string) => posted("/v1/chat/completions", { model: `tried@${variant}`, messages: say("hi") });
  for (const variant of ["control", "warm"])
    expect((await exposureOf(chosen(variant), {}))?.exposure).toMatchObject({ variantKey: variant, forced: true });
});
