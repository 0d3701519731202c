/**
 * Embeddings and ranking over backends that have other words for them: the official OpenAI SDK, gRPC and plain HTTP as callers, and
 * a server that says what each of the providers has been recorded to say.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import OpenAI from "openai";
import { v7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { type Provider, ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { EmbeddingPurpose, EmbeddingService } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, type ResourceInit, routeOver, sealingKey, startTestNode, type TestNode } from "../harness/node.ts";
import { type Recording, startRecordedServer } from "../providers/recorded-server.ts";
import { recordedOperation, vector } from "../providers/recordings/operations.ts";

type Json = Record<string, unknown>;
let node: TestNode;
let server: Awaited<ReturnType<typeof startRecordedServer>>;
let openai: OpenAI;
/** What the server says instead. */
let otherwise: ((count: number) => Recording) | undefined;
let asking = 0;
let askingMax = 0;

const vertex = "/v1/projects/p/locations/l/publishers/google";
type Authentication = NonNullable<Exclude<MessageInitShape<typeof ProviderSchema>, Provider>["authentication"]>;
const authentications: Record<"gemini" | "vertex" | "cohere" | "bedrock", Authentication> = {
  gemini: { case: undefined },
  vertex: { case: "bearer", value: true },
  cohere: { case: undefined },
  bedrock: { case: "awsKeys", value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-central-1" } },
};
const price = { version: 1n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };
/** Route, and whose model it is. */
const routes = {
  gemini: ["gemini", "gemini-embedding-001"],
  "vertex-text": ["vertex", "text-embedding-005"],
  "vertex-one": ["vertex", "gemini-embedding-001"],
  "vertex-content": ["vertex", "gemini-embedding-2"],
  cohere: ["cohere", "embed-v4.0"],
  titan: ["bedrock", "amazon.titan-embed-text-v2:0"],
  "titan-first": ["bedrock", "amazon.titan-embed-text-v1"],
  nova: ["bedrock", "amazon.nova-2-multimodal-embeddings-v1:0"],
  "bedrock-cohere": ["bedrock", "eu.cohere.embed-v4:0"],
  "bedrock-cohere-third": ["bedrock", "cohere.embed-multilingual-v3"],
  "bedrock-claude": ["bedrock", "anthropic.claude-sonnet-4"],
  "rerank-cohere": ["cohere", "rerank-v3.5"],
  "rerank-amazon": ["bedrock", "amazon.rerank-v1:0"],
  "rerank-bedrock-cohere": ["bedrock", "cohere.rerank-v3-5:0"],
} satisfies Record<string, [keyof typeof authentications, string]>;
type Route = keyof typeof routes;
const embedding = (Object.keys(routes) as Route[]).filter((name) => !/rerank|claude/.test(name));
const ranking = (Object.keys(routes) as Route[]).filter((name) => name.includes("rerank"));

function resourcesOf(url: string): ResourceInit[] {
  const providers = Object.entries(authentications).map(([key, authentication]) => {
    const path = { gemini: "/v1beta", vertex }[key] ?? "";
    return { key, id: v7(), kind: key === "vertex" ? "gemini" : key, baseUrl: `${url}${path}`, authentication };
  });
  const idOf = (key: string) => providers.find((provider) => provider.key === key)?.id ?? "";
  return [
    ...providers.map(({ authentication, ...row }): ResourceInit => {
      const place = { organisationId: ids.organisation, rowId: row.id, baseUrl: row.baseUrl };
      const sealedCredential = sealSecret(sealingKey, place, `secret-of-${row.key}`);
      const fields = { ...row, organisationId: ids.organisation, privateAddressAllowed: true, sealedCredential, authentication };
      return { case: "provider", value: create(ProviderSchema, fields) };
    }),
    ...(Object.entries(routes) as [Route, [string, string]][]).flatMap(([name, [key, model]]) =>
      routeOver(model, { name }, { key: name, providerId: idOf(key), price }),
    ),
    ...routeOver(
      "amazon.titan-embed-text-v1",
      { name: "lenient", dropParameters: ["dimensions", "input"] },
      { key: "lenient", providerId: idOf("bedrock"), price },
    ),
  ];
}

beforeAll(async () => {
  server = await startRecordedServer(async ({ path, body }, count) => {
    askingMax = Math.max(askingMax, ++asking);
    await new Promise((resolve) => setImmediate(resolve));
    asking--;
    const said = otherwise?.(count);
    if (said !== undefined) return said;
    const answer = recordedOperation(decodeURIComponent(path), JSON.parse(body) as Json, Number(/"text (\d+)"/.exec(body)?.[1] ?? 0));
    return { headers: { "content-type": "application/json", ...answer.headers }, pieces: [answer.body] };
  });
  node = await startTestNode({ resources: resourcesOf(server.url) });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.asked.length = 0;
  otherwise = undefined;
  askingMax = 0;
});

const sent = () => server.asked.map(({ body }) => JSON.parse(body) as Json);
const paths = () => server.asked.map(({ path }) => decodeURIComponent(path));

describe.each(embedding)("embeddings over %s", (model) => {
  it("come as floats and as base64, with what was used and what it cost", async () => {
    const { data, response } = await openai.embeddings.create({ model, input: ["a river"], encoding_format: "float" }).withResponse();
    expect(data).toMatchObject({ object: "list", model, data: [{ object: "embedding", index: 0, embedding: vector(0) }] });
    expect(data.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(response.headers.get("x-penstock-cost-usd")).toBe("0.000004");
    const packed = await openai.embeddings.create({ model, input: "a river" });
    expect(packed.data[0]?.embedding).toEqual(vector(0).map(Math.fround));
    const id = response.headers.get("x-penstock-call-id");
    const used = () => node.usageEvents().find(({ callId }) => callId === id)?.usage;
    await expect.poll(used).toMatchObject({ inputTokens: 4n, estimated: false });
  });

  it("come for each text, in the order of the texts, whatever the backend takes at a time", async () => {
    const input = Array.from({ length: 101 }, (_, i) => `text ${i}`);
    const { data, usage } = await openai.embeddings.create({ model, input, encoding_format: "float" });
    expect(data).toEqual(input.map((_, index) => ({ object: "embedding", index, embedding: vector(index % 10) })));
    expect(usage.prompt_tokens % 4).toBe(0);
    const told = JSON.stringify(sent());
    expect(input.every((text) => told.includes(`"${text}"`))).toBe(true);
    expect(askingMax).toBeLessThanOrEqual(4);
  });

  it("are refused for tokens, by the field's name", async () => {
    await expect(openai.embeddings.create({ model, input: [1, 2] })).rejects.toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: "input",
    });
    const second = openai.embeddings.create({ model, input: ["a", [1]] as unknown as string[] });
    await expect(second).rejects.toMatchObject({ status: 400, param: "input[1]" });
    await expect(openai.embeddings.create({ model, input: "a", strange: 1 } as never)).rejects.toMatchObject({
      status: 400,
      param: "strange",
    });
    expect(server.asked).toEqual([]);
  });

  it("are over gRPC as they are over REST", async () => {
    const connection = connectGrpc(node.grpcAddress);
    const embeddings = connection.client(EmbeddingService);
    const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
    const text = (value: string) => ({ input: { case: "text" as const, value } });
    const response = await embeddings.embed({ model, inputs: [text("a river")] }, options);
    expect(response.embeddings.map(({ values }) => values)).toEqual([vector(0).map(Math.fround)]);
    expect(response).toMatchObject({ model, servedModel: routes[model][1], usage: { inputTokens: 4n } });
    const tokens = { input: { case: "tokens" as const, value: { ids: [1] } } };
    await expect(embeddings.embed({ model, inputs: [tokens] }, options)).rejects.toMatchObject({ code: 3 });
    const query = embeddings.embed({ model, inputs: [text("q")], purpose: EmbeddingPurpose.SEARCH_QUERY }, options);
    if (model.startsWith("titan")) await expect(query).rejects.toMatchObject({ code: 3 });
    else {
      await query;
      expect(JSON.stringify(sent().at(-1))).toMatch(/search_query|RETRIEVAL/i);
    }
    connection.close();
  });
});

describe("what is sent", () => {
  const asked = { input: ["one", "two"], dimensions: 256, input_type: "search_query" } as const;
  const embed = (model: Route, more: object = asked) => openai.embeddings.create({ model, ...more } as never);

  it("to Gemini: one batch, with a task", async () => {
    await embed("gemini");
    expect(paths()).toEqual(["/v1beta/models/gemini-embedding-001:batchEmbedContents"]);
    expect(server.asked[0]?.headers["x-goog-api-key"]).toBe("secret-of-gemini");
    const request = (text: string) => ({
      model: "models/gemini-embedding-001",
      content: { parts: [{ text }] },
      taskType: "RETRIEVAL_QUERY",
      outputDimensionality: 256,
    });
    expect(sent()).toEqual([{ requests: [request("one"), request("two")] }]);
  });

  it("to Vertex AI: instances, one at a time where the model takes one, and content where it takes that", async () => {
    await embed("vertex-text", { ...asked, truncate: "end" });
    expect(paths()).toEqual([`${vertex}/models/text-embedding-005:predict`]);
    expect(server.asked[0]?.headers.authorization).toBe("Bearer secret-of-vertex");
    const instance = (content: string) => ({ content, task_type: "RETRIEVAL_QUERY" });
    expect(sent()).toEqual([
      { instances: [instance("one"), instance("two")], parameters: { outputDimensionality: 256, autoTruncate: true } },
    ]);
    await embed("vertex-one");
    expect(sent().slice(1)).toEqual(
      ["one", "two"].map((text) => ({ instances: [instance(text)], parameters: { outputDimensionality: 256 } })),
    );
    await embed("vertex-content");
    expect(paths().slice(3)).toEqual(Array(2).fill(`${vertex}/models/gemini-embedding-2:embedContent`));
    expect(sent()[3]).toEqual({ content: { parts: [{ text: "one" }] }, taskType: "RETRIEVAL_QUERY", outputDimensionality: 256 });
  });

  it("to Cohere: floats by name, for documents unless it is said", async () => {
    await embed("cohere");
    await embed("cohere", { input: "one", task_type: "CLUSTERING", truncate: "START" });
    await embed("cohere", { input: "one" });
    const body = { model: "embed-v4.0", embedding_types: ["float"] };
    expect(sent()).toEqual([
      { ...body, texts: ["one", "two"], input_type: "search_query", output_dimension: 256 },
      { ...body, texts: ["one"], input_type: "clustering", truncate: "START" },
      { ...body, texts: ["one"], input_type: "search_document" },
    ]);
    await expect(embed("cohere", { input: "one", task_type: "FACT_VERIFICATION" })).rejects.toMatchObject({ param: "task_type" });
    await expect(embed("cohere", { input: "one", input_type: "poem" })).rejects.toMatchObject({ param: "input_type" });
  });

  it("to Bedrock: signed, in the words of each family", async () => {
    await embed("titan", { input: ["one", "two"], dimensions: 256, normalize: false });
    expect(paths()).toEqual(Array(2).fill("/model/amazon.titan-embed-text-v2:0/invoke"));
    expect(server.asked[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d+\/eu-central-1\/bedrock\//,
    );
    expect(sent()).toEqual(["one", "two"].map((inputText) => ({ inputText, dimensions: 256, normalize: false })));
    await embed("nova", { ...asked, input: "one" });
    expect(sent()[2]).toEqual({
      schemaVersion: "nova-multimodal-embed-v1",
      taskType: "SINGLE_EMBEDDING",
      singleEmbeddingParams: {
        embeddingPurpose: "GENERIC_RETRIEVAL",
        embeddingDimension: 256,
        text: { truncationMode: "NONE", value: "one" },
      },
    });
    await embed("bedrock-cohere", { ...asked, truncate: "end" });
    await embed("bedrock-cohere-third", { input: asked.input, truncate: "end" });
    const body = { texts: ["one", "two"], embedding_types: ["float"] };
    expect(sent().slice(3)).toEqual([
      { ...body, input_type: "search_query", output_dimension: 256, truncate: "RIGHT" },
      { ...body, input_type: "search_document", truncate: "END" },
    ]);
  });

  it("is refused by name where a model has no word for it, or let go where the route says so", async () => {
    await expect(embed("titan-first")).rejects.toMatchObject({ status: 400, param: "dimensions" });
    await expect(embed("titan", { input: "one", input_type: "query" })).rejects.toMatchObject({ status: 400, param: "input_type" });
    const { response } = await openai.embeddings.create({ model: "lenient", input: "one", dimensions: 3 }).withResponse();
    expect(response.headers.get("x-penstock-dropped")).toBe("dimensions");
    // Nothing is left of a call without what is to be embedded.
    await expect(openai.embeddings.create({ model: "lenient", input: [1] })).rejects.toMatchObject({ status: 400, param: "input" });
    await expect(embed("bedrock-claude", { input: "a" })).rejects.toMatchObject({ status: 404, code: "unsupported_endpoint" });
    await expect(openai.moderations.create({ model: "cohere", input: "a" })).rejects.toMatchObject({ code: "unsupported_endpoint" });
  });
});

describe.each(ranking)("ranking over %s", (model) => {
  it("gives the best first, with the documents for who asks", async () => {
    const documents = ["a dam", { text: "a river" }];
    const response = await node.post("/v1/rerank", { model, query: "water", documents, top_n: 2, return_documents: true });
    expect(await response.json()).toMatchObject({
      model,
      results: [
        { index: 1, relevance_score: 0.999071, document: { text: "a river" } },
        { index: 0, relevance_score: 0.999071 / 2, document: { text: "a dam" } },
      ],
    });
    expect(sent()[0]).toMatchObject({ query: "water", documents: ["a dam", "a river"], top_n: 2 });
    const plain = await node.post("/v1/rerank", { model, query: "water", documents: ["a"] });
    expect(((await plain.json()) as { results: unknown[] }).results).toEqual([{ index: 0, relevance_score: 0.999071 }]);
    const refused = await node.post("/v1/rerank", { model, query: "water", documents: ["a", { title: "b" }] });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { param: "documents[1]" } });
  });
});

it("tokens of a ranking are told where the backend counts them, and guessed where it counts searches", async () => {
  const idOf = async (model: string) =>
    (await node.post("/v1/rerank", { model, query: "water", documents: ["a"] })).headers.get("x-penstock-call-id");
  const [counted, guessed] = [await idOf("rerank-amazon"), await idOf("rerank-cohere")];
  await expect.poll(() => node.usageEvents().filter(({ callId }) => callId === counted || callId === guessed).length).toBe(2);
  const usageOf = (id: string | null) => node.usageEvents().find(({ callId }) => callId === id)?.usage;
  expect(usageOf(counted)).toMatchObject({ inputTokens: 21n, estimated: false });
  expect(usageOf(guessed)).toMatchObject({ estimated: true });
});

describe("a backend that fails", () => {
  const json = (status: number, body: unknown, headers = {}): Recording => ({
    status,
    headers: { "content-type": "application/json", ...headers },
    pieces: [JSON.stringify(body)],
  });
  const embed = (model: Route, input: string | string[] = "a") => openai.embeddings.create({ model, input });

  it("is told in its own words where the caller is wrong, and not where the operator is", async () => {
    otherwise = () => json(400, { message: "invalid request: output_dimension must be one of 256, 512" });
    await expect(embed("cohere")).rejects.toMatchObject({ status: 400, message: expect.stringContaining("output_dimension") });
    otherwise = () => json(401, { message: "invalid api token" });
    await expect(embed("cohere")).rejects.toMatchObject({ status: 502 });
    otherwise = () => json(429, { message: "Too many requests" }, { "x-amzn-errortype": "ThrottlingException" });
    await expect(embed("titan")).rejects.toMatchObject({ status: 429, code: "upstream_rate_limited" });
  });

  it("in one part of several fails the call, and what was under way is left", async () => {
    otherwise = (count) => (count === 2 ? json(500, { message: "oops" }) : { ...json(200, {}), pieces: [] });
    await expect(embed("titan", ["a", "b", "c", "d", "e", "f", "g", "h"])).rejects.toMatchObject({ status: 502 });
  });

  it("and answers with fewer vectors than texts, or with none, is not believed", async () => {
    otherwise = () => json(200, { embeddings: { float: [[1, 2]] } });
    await expect(embed("cohere", ["a", "b"])).rejects.toMatchObject({ status: 502, code: "upstream_protocol_error" });
    otherwise = () => ({ headers: { "content-type": "application/json" }, pieces: ["not JSON"] });
    await expect(embed("gemini")).rejects.toMatchObject({ status: 502, code: "upstream_protocol_error" });
    otherwise = () => json(200, { results: [{ index: 7, relevance_score: 1 }] });
    const response = await node.post("/v1/rerank", { model: "rerank-cohere", query: "q", documents: ["a"] });
    expect(response.status).toBe(502);
  });
});
