/** Embeddings, moderation, ranking, speech, transcription and images as the official SDK sees them, over a real node. */
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddingService } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";
import { startWholeProvider } from "../harness/whole-provider.ts";

const price = { version: 3n, inputNanodollarsPerMillion: 1_000_000_000n, outputNanodollarsPerMillion: 2_000_000_000n };

describe("over the simulator", () => {
  let node: TestNode;
  let openai: OpenAI;
  beforeAll(async () => {
    node = await startTestNode({
      resources: [
        ...routeOver("sim-embed", {}, { price }),
        ...routeOver("sim-moderation"),
        ...routeOver("sim-instant"),
        {
          case: "quota",
          value: {
            id: "q",
            organisationId: ids.organisation,
            key: "few",
            scope: { case: "organisation", value: true },
            resource: "requests",
            window: "minute",
            limit: 40n,
            enforcement: "hard",
          },
        },
      ],
    });
    openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  });
  afterAll(() => node[Symbol.asyncDispose]());

  it("gives the same vectors as floats, as base64, for texts and for tokens, under the name that was asked for", async () => {
    const plain = await openai.embeddings.create({
      model: "sim-embed",
      input: ["a river", "a dam"],
      encoding_format: "float",
      dimensions: 64,
    });
    const packed = await openai.embeddings.create({ model: "sim-embed", input: ["a river", "a dam"], dimensions: 64 });
    expect(plain.data.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(plain.data.map(({ embedding }) => embedding.map(Math.fround)));
    expect(plain.model).toBe("sim-embed");
    const tokens = await openai.embeddings.create({ model: "sim-embed", input: [[1, 2, 3], [4]] });
    expect(tokens.data).toHaveLength(2);
    expect(tokens.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
  });

  it("is limited, priced and recorded like a completion", async () => {
    const { data, response } = await openai.embeddings.create({ model: "sim-embed", input: "count me", user: "u1" }).withResponse();
    expect(response.headers.get("x-penstock-route")).toBe("sim-embed");
    expect(response.headers.get("x-penstock-attempts")).toBe("1");
    expect(Number(response.headers.get("x-ratelimit-remaining-requests"))).toBeLessThan(40);
    const id = response.headers.get("x-penstock-call-id");
    await expect.poll(() => node.usageEvents().find(({ callId }) => callId === id)).toBeTruthy();
    const event = node.usageEvents().find(({ callId }) => callId === id);
    expect(event).toMatchObject({ ingress: "openai-embeddings", routeName: "sim-embed", modelServed: "sim-embed", outcome: 1 });
    expect(event?.usage).toMatchObject({ inputTokens: BigInt(data.usage.prompt_tokens), outputTokens: 0n, estimated: false });
    expect(event?.costNanodollars).toBe(BigInt(data.usage.prompt_tokens) * 1000n);
    expect(event?.endUserHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    [{ model: "sim-embed", input: "" }, "input"],
    [{ model: "sim-embed", input: ["a", 5] }, "input[1]"],
    [{ model: "sim-embed", input: [[]] }, "input[0]"],
    [{ model: "sim-embed", input: "a", dimensions: 0 }, "dimensions"],
    [{ model: "sim-embed", input: "a", encoding_format: "hex" }, "encoding_format"],
    [{ input: "a" }, "model"],
    [{ model: "sim-embed", input: "a", api_base: "http://evil" }, "api_base"],
  ])("refuses %j by naming %s", async (body, param) => {
    const response = await node.post("/v1/embeddings", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it("tells of a model that is not there, and of a key that nobody knows", async () => {
    await expect(openai.embeddings.create({ model: "none", input: "a" })).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    const stranger = new OpenAI({ apiKey: "psk_none", baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
    await expect(stranger.embeddings.create({ model: "sim-embed", input: "a" })).rejects.toMatchObject({ status: 401 });
  });

  it("moderates", async () => {
    const { results } = await openai.moderations.create({ model: "sim-moderation", input: ["a calm river", "such violence"] });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories.violence).toBe(true);
  });

  it("embeds over gRPC, typed", async () => {
    const connection = connectGrpc(node.grpcAddress);
    const embeddings = connection.client(EmbeddingService);
    const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
    const river = { input: { case: "text" as const, value: "a river" } };
    const tokens = { input: { case: "tokens" as const, value: { ids: [1, 2] } } };
    const response = await embeddings.embed({ model: "sim-embed", inputs: [river, tokens], dimensions: 8 }, options);
    expect(response.embeddings.map(({ index, values }) => [index, values.length])).toEqual([
      [0, 8],
      [1, 8],
    ]);
    const { data } = await openai.embeddings.create({ model: "sim-embed", input: "a river", dimensions: 8, encoding_format: "float" });
    expect(response.embeddings[0]?.values).toEqual(data[0]?.embedding.map(Math.fround));
    expect(response.report).toMatchObject({ route: "sim-embed", attempts: 1 });
    expect(response.usage?.inputTokens).toBeGreaterThan(0n);
    await expect(embeddings.embed({ model: "sim-embed", inputs: [{}] }, options)).rejects.toMatchObject({ code: 3 });
    connection.close();
  });
});

describe("over a provider that has everything", () => {
  let node: TestNode;
  let provider: Awaited<ReturnType<typeof startWholeProvider>>;
  let openai: OpenAI;
  const route = (name: string, model: string) => routeOver(name, {}, { model, price });
  const backends = ["0193-first", "0193-second"];
  beforeAll(async () => {
    provider = await startWholeProvider();
    node = await startTestNode({
      baseUrl: provider.baseUrl,
      resources: [
        ...backends.flatMap((id) => routeOver(id, { tiers: [{ targets: [{ backendId: id, weight: 1 }] }] }, { id })),
        ...routeOver("pair", { tiers: [{ targets: backends.map((backendId) => ({ backendId, weight: 1 })) }] }),
        ...route("ears", "whisper-9"),
        ...route("voice", "tts-9"),
        ...route("brush", "image-9"),
        ...route("vectors", "embed-9"),
      ],
    });
    openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await provider.close();
  });
  const eventOf = async (response: Response) => {
    const id = response.headers.get("x-penstock-call-id");
    await expect.poll(() => node.usageEvents().find(({ callId }) => callId === id)).toBeTruthy();
    return node.usageEvents().find(({ callId }) => callId === id);
  };

  it("gives base64 to the SDK that asked for it although the backend only knows floats, and keeps what it does not know", async () => {
    const { data } = await openai.embeddings.create({ model: "vectors", input: ["a", "b"] });
    expect(data.map(({ embedding }) => [...embedding])).toEqual([
      [0.5, -0.25, 0],
      [0.5, -0.25, 1],
    ]);
    const response = await node.post("/v1/embeddings", { model: "vectors", input: "a", encoding_format: "float", x_new: "kept" });
    const text = await response.text();
    expect(text).toContain('"x_unknown":{"kept":true}');
    expect(JSON.parse(text)).toMatchObject({ model: "vectors" });
    expect(provider.bodies.at(-1)?.body).toMatchObject({ model: "embed-9", x_new: "kept" });
  });

  it("ranks, and counts what the ranker says it used", async () => {
    const response = await node.post("/v1/rerank", { model: "vectors", query: "water", documents: ["a", "b"], top_n: 1 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ results: [{ index: 0 }, { index: 1 }] });
    expect((await eventOf(response))?.usage).toMatchObject({ inputTokens: 21n, estimated: false });
    expect((await node.post("/v1/rerank", { model: "vectors", query: "water", documents: [] })).status).toBe(400);
  });

  it("speaks: the sound comes as it was made", async () => {
    const speech = await openai.audio.speech.create({ model: "voice", voice: "alloy", input: "hello" });
    expect(speech.headers.get("content-type")).toBe("audio/mpeg");
    expect((await speech.arrayBuffer()).byteLength).toBe(1500);
    expect(provider.bodies.at(-1)?.body).toMatchObject({ model: "tts-9", voice: "alloy" });
  });

  it("ends half a sound as half a sound", async () => {
    provider.failWith("cut");
    try {
      const speech = await openai.audio.speech.create({ model: "voice", voice: "alloy", input: "hello" });
      await expect(speech.arrayBuffer()).rejects.toThrow();
    } finally {
      provider.failWith(undefined);
    }
  });

  it("hears: the file goes through under its own name, with the backend's model and the provider's credential", async () => {
    const sound = randomBytes(3_000_000);
    const { data, response } = await openai.audio.transcriptions
      .create({ file: await toFile(sound, 'a "b".wav', { type: "audio/wav" }), model: "ears", language: "en" })
      .withResponse();
    expect(data.text).toBe("heard 3000000 bytes");
    const form = provider.forms.at(-1);
    expect(form?.fields).toEqual({ model: "whisper-9", language: "en" });
    expect(form?.files[0]).toMatchObject({
      name: "file",
      mediaType: "audio/wav",
      sha256: createHash("sha256").update(sound).digest("hex"),
    });
    expect(form?.authorization).toBe("Bearer sk-upstream-secret-of-the-provider");
    const event = await eventOf(response);
    expect(event).toMatchObject({ ingress: "openai-audio-transcriptions", routeName: "ears" });
    expect(event?.usage).toMatchObject({ inputTokens: 14n, outputTokens: 45n });
  });

  it("hears in plain text, in a stream, and tells of a stream that broke off", async () => {
    const file = await toFile(Buffer.from("abc"), "a.wav");
    expect(await openai.audio.transcriptions.create({ file, model: "ears", response_format: "text" })).toBe("heard 3 bytes\n");
    const events = await Array.fromAsync(await openai.audio.transcriptions.create({ file, model: "ears", stream: true }));
    expect(events.map(({ type }) => type)).toEqual(["transcript.text.delta", "transcript.text.done"]);
    await expect.poll(() => node.usageEvents().at(-1)?.usage?.outputTokens).toBe(45n);
    provider.failWith("cut");
    try {
      const cut = openai.audio.transcriptions.create({ file, model: "ears", stream: true });
      await expect(cut.then((stream) => Array.fromAsync(stream))).rejects.toThrow();
    } finally {
      provider.failWith(undefined);
    }
  });

  it("streams an upload: its first bytes are at the provider while its last are not yet sent", async () => {
    const boundary = "b0undary";
    let release: () => void = () => {};
    const seen = new Promise<void>((resolve) => {
      release = resolve;
    });
    const before = provider.forms.length;
    const body = (async function* () {
      yield Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\nears\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n`,
      );
      yield Buffer.alloc(200_000, 1);
      await seen;
      yield Buffer.alloc(100, 2);
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    })();
    const answer = fetch(`${node.restUrl}/v1/audio/transcriptions`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.apiKey}`, "content-type": `multipart/form-data; boundary=${boundary}` },
      body: body as never,
      duplex: "half",
    } as RequestInit);
    await expect.poll(() => provider.receiving()).toBe(1);
    release();
    expect(await (await answer).json()).toMatchObject({ text: "heard 200100 bytes" });
    expect(provider.forms.length).toBe(before + 1);
  });

  it("translates what it hears, and says what it cost", async () => {
    const { data, response } = await openai.audio.translations
      .create({ file: await toFile(Buffer.from("abc"), "a.wav"), model: "ears", prompt: "dams" })
      .withResponse();
    expect(data.text).toBe("heard 3 bytes");
    expect(provider.forms.at(-1)).toMatchObject({ path: "/audio/translations", fields: { model: "whisper-9", prompt: "dams" } });
    expect(Number(response.headers.get("x-penstock-cost-usd"))).toBeGreaterThan(0);
    expect((await eventOf(response))?.ingress).toBe("openai-audio-translations");
    expect(
      await openai.audio.translations.create({ file: await toFile(Buffer.from("abc"), "a.wav"), model: "ears", response_format: "text" }),
    ).toBe("heard 3 bytes\n");
    await expect(
      openai.audio.translations.create({ file: await toFile(Buffer.from("abc"), "a.wav"), model: "none" }),
    ).rejects.toMatchObject({
      status: 404,
    });
  });

  it.each([
    ["no model", '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n', "model"],
    ["a field that steers", '--b\r\ncontent-disposition: form-data; name="api_base"\r\n\r\nx\r\n--b--\r\n', "api_base"],
    ["a body that breaks off", '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc', null],
  ])("refuses a form with %s", async (_what, body, param) => {
    const response = await node.post("/v1/audio/transcriptions", body, { "content-type": "multipart/form-data; boundary=b" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it("draws, and edits a picture that comes as JSON or as a form", async () => {
    const drawn = await openai.images.generate({ model: "brush", prompt: "a dam" });
    expect(drawn.data?.[0]?.b64_json).toHaveLength(40_000);
    const edited = await openai.images.edit({
      model: "brush",
      prompt: "blue",
      image: [await toFile(Buffer.from("png"), "a.png"), await toFile(Buffer.from("png2"), "b.png")],
    });
    expect(edited.usage?.output_tokens).toBe(50);
    expect(provider.forms.at(-1)).toMatchObject({
      fields: { model: "image-9", prompt: "blue" },
      files: [{ filename: "a.png" }, { filename: "b.png" }],
    });
  });

  it("varies a picture, and refuses one that names no model", async () => {
    const image = await toFile(Buffer.from("png"), "a.png", { type: "image/png" });
    const { data, response } = await openai.images.createVariation({ model: "brush", image, n: 2 }).withResponse();
    expect(data.data?.[0]?.b64_json).toHaveLength(40_000);
    expect(provider.forms.at(-1)).toMatchObject({
      path: "/images/variations",
      fields: { model: "image-9", n: "2" },
      files: [{ name: "image", filename: "a.png", mediaType: "image/png" }],
    });
    expect((await eventOf(response))?.ingress).toBe("openai-images-variations");
    await expect(openai.images.createVariation({ image })).rejects.toMatchObject({ status: 400, param: "model" });
  });

  it("tries again where the backend failed and the body can be said again, and only then", async () => {
    provider.failWith({ status: 500, times: 1 });
    const again = await node.post("/v1/rerank", { model: "pair", query: "q", documents: ["a"] });
    expect([again.status, again.headers.get("x-penstock-attempts")]).toEqual([200, "2"]);
    provider.failWith({ status: 500, times: 1 });
    const heard = openai.audio.transcriptions.create({ file: await toFile(Buffer.from("abc"), "a.wav"), model: "pair" });
    await expect(heard).rejects.toMatchObject({ status: 502 });
    provider.failWith({ status: 500, times: 0 });
    expect((await openai.audio.transcriptions.create({ file: await toFile(Buffer.from("abc"), "a.wav"), model: "pair" })).text).toBe(
      "heard 3 bytes",
    );
    provider.failWith(undefined);
  });
});

it("a provider that does not read its upload stops the caller: the node holds nothing but what is on its way", async () => {
  const pieceBytes = 1024 * 1024;
  const pieces = 64;
  let read: () => void = () => {};
  const slow = createServer((request, response) => {
    let bytes = 0;
    read = () => request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ text: `heard ${bytes > pieces * pieceBytes}` }));
    });
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/v1`;
  await using node = await startTestNode({ baseUrl, resources: routeOver("ears") });
  let sent = 0;
  const body = (async function* () {
    const name = "content-disposition: form-data; name=";
    yield Buffer.from(`--b\r\n${name}"model"\r\n\r\nears\r\n--b\r\n${name}"file"; filename="a.wav"\r\n\r\n`);
    for (; sent < pieces; sent++) yield Buffer.alloc(pieceBytes, 7);
    yield Buffer.from("\r\n--b--\r\n");
  })();
  const answer = fetch(`${node.restUrl}/v1/audio/transcriptions`, {
    method: "POST",
    headers: { authorization: `Bearer ${node.apiKey}`, "content-type": "multipart/form-data; boundary=b" },
    body: body as never,
    duplex: "half",
  } as RequestInit);
  // Nothing moves any more: what lies in the sockets is all there is.
  let before = -1;
  const standsStill = () => {
    const still = sent > 0 && sent === before;
    before = sent;
    return still;
  };
  await expect.poll(standsStill, { interval: 200, timeout: 20_000 }).toBe(true);
  expect(sent).toBeLessThan(pieces / 2);
  read();
  expect(await (await answer).json()).toMatchObject({ text: "heard true" });
  slow.close();
}, 60_000);
