/** Files, batches and jobs as the official SDK sees them: kept by the provider that took them, owned by the project that made them. */
import { create } from "@bufbuild/protobuf";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashCredential, makeCredential } from "#agreements/api-key-format.ts";
import { ApiKeySchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ids, pepper, routeOver, startTestNode, type TestNode } from "../harness/node.ts";
import { startWholeProvider } from "../harness/whole-provider.ts";

let node: TestNode;
let provider: Awaited<ReturnType<typeof startWholeProvider>>;
let second: Awaited<ReturnType<typeof startWholeProvider>>;
let ours: OpenAI;
let theirs: OpenAI;

beforeAll(async () => {
  provider = await startWholeProvider();
  second = await startWholeProvider();
  const other = makeCredential("psk", "test");
  const both = makeCredential("psk", "test");
  const key = (id: string, projectId: string, { credential, publicId }: typeof other, allowedRoutes: string[]) =>
    ({
      case: "apiKey",
      value: create(ApiKeySchema, {
        id,
        organisationId: ids.organisation,
        projectId,
        publicId,
        hash: hashCredential(pepper, credential),
        allowedRoutes,
      }),
    }) as const;
  node = await startTestNode({
    baseUrl: provider.baseUrl,
    key: { allowedRoutes: ["chat", "mini"] },
    resources: [
      { case: "project", value: { id: "0193-other", organisationId: ids.organisation, key: "other" } },
      key("0193-key-other", "0193-other", other, ["chat"]),
      key("0193-key-both", ids.project, both, ["chat", "far"]),
      {
        case: "provider",
        value: {
          id: "0193-second",
          organisationId: ids.organisation,
          key: "second",
          kind: "openai",
          baseUrl: second.baseUrl,
          privateAddressAllowed: true,
        },
      },
      ...routeOver("chat", {}, { model: "gpt-9" }),
      ...routeOver("mini", {}, { model: "gpt-9-mini" }),
      ...routeOver("far", {}, { model: "gpt-9", providerId: "0193-second" }),
    ],
  });
  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  ours = client(node.apiKey);
  theirs = client(other.credential);
  everywhere = client(both.credential);
});
let everywhere: OpenAI;
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await provider.close();
  await second.close();
});

const lines = (...models: string[]) =>
  toFile(
    Buffer.from(
      models
        .map(
          (model, i) =>
            `${JSON.stringify({ custom_id: `c${i}`, method: "POST", url: "/v1/chat/completions", body: { messages: [], model, x: "é" } })}\n`,
        )
        .join(""),
    ),
    "input.jsonl",
  );

describe("a file", () => {
  it("is kept under an id of its own, read again, and deleted", async () => {
    const file = await ours.files.create({ file: await toFile(Buffer.from("hello"), "greeting.txt"), purpose: "user_data" });
    expect(file).toMatchObject({ object: "file", filename: "greeting.txt", purpose: "user_data", bytes: 5 });
    expect(file.id).toMatch(/^file-[\w-]{60,}$/);
    expect(provider.files.has(file.id)).toBe(false);
    expect(await ours.files.retrieve(file.id)).toEqual(file);
    expect(await (await ours.files.content(file.id)).text()).toBe("hello");
    expect(await ours.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true });
    await expect(ours.files.retrieve(file.id)).rejects.toMatchObject({ status: 404, code: "not_found" });
  });

  it("is not there for another project, by no id that anybody can make up, and in no list", async () => {
    const file = await ours.files.create({ file: await toFile(Buffer.from("secret"), "secret.txt"), purpose: "user_data" });
    await expect(theirs.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(theirs.files.content(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(theirs.files.delete(file.id)).rejects.toMatchObject({ status: 404 });
    const [upstreamId = ""] = [...provider.files.keys()].slice(-1);
    await expect(ours.files.retrieve(upstreamId)).rejects.toMatchObject({ status: 404 });
    const forged = file.id.slice(0, -2) + (file.id.endsWith("A") ? "BB" : "AA");
    await expect(ours.files.retrieve(forged)).rejects.toMatchObject({ status: 404 });
    const seen = await Array.fromAsync(theirs.files.list());
    expect(seen).toEqual([]);
    await ours.files.delete(file.id);
  });

  it("is listed with the project's others, page by page, whatever else the account holds", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      made.push((await ours.files.create({ file: await toFile(Buffer.from("x"), `f${i}.txt`), purpose: "user_data" })).id);
      await theirs.files.create({ file: await toFile(Buffer.from("y"), `g${i}.txt`), purpose: "user_data" });
    }
    const listed: string[] = [];
    for await (const file of ours.files.list({ limit: 2 })) listed.push(file.id);
    expect(listed).toEqual(made);
    const page = await ours.files.list({ limit: 2 });
    expect(page.data.map(({ filename }) => filename)).toEqual(["f0.txt", "f1.txt"]);
    expect(page.has_more).toBe(true);
    for (const id of made) await ours.files.delete(id);
  });

  it("goes where the caller says, when its models stand at several providers, and is found there", async () => {
    const upload = { file: await toFile(Buffer.from("z"), "far.txt"), purpose: "user_data" as const };
    await expect(everywhere.files.create(upload)).rejects.toMatchObject({ status: 400, param: "x-penstock-route" });
    const far = await everywhere.files.create(
      { ...upload, file: await toFile(Buffer.from("z"), "far.txt") },
      { headers: { "x-penstock-route": "far" } },
    );
    expect(second.files.size).toBe(1);
    expect(await everywhere.files.retrieve(far.id)).toMatchObject({ filename: "far.txt" });
    // Same project, but the key may call no model at that provider.
    await expect(ours.files.retrieve(far.id)).rejects.toMatchObject({ status: 404 });
    const near = await everywhere.files.create(
      { file: await toFile(Buffer.from("z"), "near.txt"), purpose: "user_data" },
      { headers: { "x-penstock-route": "chat" } },
    );
    const all = await Array.fromAsync(everywhere.files.list({ limit: 1 }));
    expect(all.map(({ id }) => id).sort()).toEqual([far.id, near.id].sort());
    await everywhere.files.delete(near.id);
  });

  it("is recorded, and told what is missing", async () => {
    const response = await node.post(
      "/v1/files",
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n',
      { "content-type": "multipart/form-data; boundary=b" },
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "purpose" } });
    const { response: listed } = (await ours.files.retrieve("file-none").catch(() => ours.files.list().withResponse())) as {
      response: Response;
    };
    expect(listed.status).toBe(200);
    await expect.poll(() => node.usageEvents().some(({ ingress, outcome }) => ingress === "openai-files" && outcome === 1)).toBe(true);
    const event = node.usageEvents().find(({ ingress }) => ingress === "openai-files");
    expect(event?.usage).toMatchObject({ inputTokens: 0n, outputTokens: 0n, estimated: false });
  });
});

describe("a batch", () => {
  it("calls the models of the key's routes and no others", async () => {
    const file = await ours.files.create({ file: await lines("chat", "mini"), purpose: "batch" });
    const kept = [...provider.files.values()].at(-1)?.content ?? "";
    expect(
      kept
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { body: unknown }).body),
    ).toEqual([
      { messages: [], model: "gpt-9", x: "é" },
      { messages: [], model: "gpt-9-mini", x: "é" },
    ]);
    await expect(ours.files.create({ file: await lines("chat", "far"), purpose: "batch" })).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining("line 2"),
    });
    await expect(ours.files.create({ file: await toFile(Buffer.from("{}\n"), "a.jsonl"), purpose: "batch" })).rejects.toMatchObject({
      status: 400,
      param: "file",
    });

    const batch = await ours.batches.create({
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata: { team: "a" },
    });
    expect(batch).toMatchObject({ object: "batch", input_file_id: file.id, metadata: { team: "a" }, output_file_id: null });
    expect(await ours.batches.retrieve(batch.id)).toEqual(batch);
    const [upstream] = [...provider.jobs.values()];
    if (upstream !== undefined) upstream["output_file_id"] = [...provider.files.keys()].at(-1);
    const done = await ours.batches.retrieve(batch.id);
    expect(await (await ours.files.content(done.output_file_id ?? "")).text()).toContain("gpt-9");
    expect((await Array.fromAsync(ours.batches.list())).map(({ id }) => id)).toEqual([batch.id]);
    expect(await Array.fromAsync(theirs.batches.list())).toEqual([]);
    await expect(theirs.batches.cancel(batch.id)).rejects.toMatchObject({ status: 404 });
    expect((await ours.batches.cancel(batch.id)).status).toBe("cancelling");
    await expect(
      theirs.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" }),
    ).rejects.toMatchObject({ status: 404, param: "input_file_id" });
  });
});

describe("a batch that has ended", () => {
  const usage = {
    input_tokens: 1500,
    input_tokens_details: { cached_tokens: 1024 },
    output_tokens: 500,
    output_tokens_details: { reasoning_tokens: 300 },
    total_tokens: 2000,
  };

  it("has its tokens recorded once, under the model's route and at no price, and asking for it uses none", async () => {
    const file = await ours.files.create({ file: await lines("mini"), purpose: "batch" });
    const made = await ours.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
    const upstream = [...provider.jobs.values()].at(-1) ?? {};
    Object.assign(upstream, { status: "in_progress", in_progress_at: 1_700_000_100, usage });
    await ours.batches.retrieve(made.id);
    const recorded = () => node.usageEvents().filter(({ ingress }) => ingress === "openai-batch");
    Object.assign(upstream, { status: "completed", completed_at: 1_700_000_700, model: "gpt-9-mini-2026-01-01" });
    for (let i = 0; i < 3; i++) await ours.batches.retrieve(made.id);
    await expect.poll(() => recorded().length).toBe(1);
    const [event] = recorded();
    expect(event).toMatchObject({ routeName: "mini", modelServed: "gpt-9-mini-2026-01-01", outcome: 1, durationMs: 600_000 });
    expect(event?.usage).toMatchObject({ inputTokens: 1500n, cacheReadTokens: 1024n, outputTokens: 500n, reasoningTokens: 300n });
    expect(event?.costNanodollars).toBeUndefined();
    // What any other node would call it too.
    expect(Number.parseInt(event?.callId.slice(0, 13).replace("-", "") ?? "", 16)).toBe(1_700_000_700_000);
    const asking = () => node.usageEvents().filter(({ ingress }) => ingress === "openai-batches");
    await expect.poll(() => asking().length).toBeGreaterThan(3);
    expect(asking().every(({ usage: used }) => used?.inputTokens === 0n)).toBe(true);
  });
});

describe("a fine-tuning job", () => {
  it("is made from the project's files over one of its models, followed and cancelled", async () => {
    const file = await ours.files.create({ file: await toFile(Buffer.from("{}\n"), "train.jsonl"), purpose: "fine-tune" });
    const job = await ours.fineTuning.jobs.create({ model: "mini", training_file: file.id });
    expect(job).toMatchObject({ object: "fine_tuning.job", training_file: file.id, status: "queued" });
    expect([...provider.jobs.values()].at(-1)).toMatchObject({ model: "gpt-9-mini" });
    expect((await Array.fromAsync(ours.fineTuning.jobs.list())).map(({ id }) => id)).toEqual([job.id]);
    expect((await Array.fromAsync(ours.fineTuning.jobs.listEvents(job.id))).map(({ message }) => message)).toEqual(["queued"]);
    expect((await ours.fineTuning.jobs.cancel(job.id)).status).toBe("cancelled");
    await expect(theirs.fineTuning.jobs.retrieve(job.id)).rejects.toMatchObject({ status: 404 });
    await expect(ours.fineTuning.jobs.create({ model: "none", training_file: file.id })).rejects.toMatchObject({ status: 404 });
  });
});
