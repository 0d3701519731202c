/** The models that a key may call, as the official SDKs of both dialects list them. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ModelService } from "#proto/penstock/inference/v1/model_pb.ts";
import { connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

const names = Array.from({ length: 25 }, (_, i) => `model-${String(i).padStart(2, "0")}`);
let node: TestNode;
let anthropic: Anthropic;
let openai: OpenAI;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      { case: "catalogueModel", value: { id: "m-1", organisationId: ids.organisation, key: "anthropic/long", outputTokensMax: 64_000 } },
      ...names.flatMap((name, i) => routeOver("sim-instant", { name }, { key: name, catalogueModelId: i === 0 ? "m-1" : "" })),
    ],
  });
  anthropic = new Anthropic({ apiKey: node.apiKey, baseURL: node.restUrl, maxRetries: 0 });
  openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
});
afterAll(() => node[Symbol.asyncDispose]());

it("the Anthropic SDK walks all pages, forwards and back", async () => {
  const first = await anthropic.models.list();
  expect(first.data.map(({ id }) => id)).toEqual(names.slice(0, 20));
  expect(first).toMatchObject({ has_more: true, first_id: "model-00", last_id: "model-19" });
  expect((await Array.fromAsync(anthropic.models.list({ limit: 10 }))).map(({ id }) => id)).toEqual(names);
  const before = await anthropic.models.list({ limit: 2, before_id: "model-05" });
  expect(before.data.map(({ id }) => id)).toEqual(["model-03", "model-04"]);
  expect(before.has_more).toBe(true);
  expect((await anthropic.models.list({ after_id: "model-99" })).data).toEqual([]);
});

it("the Anthropic SDK gets one model in its own shape, with what the catalogue knows", async () => {
  expect(await anthropic.models.retrieve("model-00")).toEqual({
    type: "model",
    id: "model-00",
    display_name: "model-00",
    created_at: "2023-11-14T22:13:20.000Z",
    lifecycle: "active",
    line: null,
    deprecated_at: null,
    retires_at: null,
    capabilities: null,
    max_input_tokens: null,
    max_tokens: 64_000,
  });
  expect((await anthropic.models.retrieve("model-01")).max_tokens).toBeNull();
});

it("the Anthropic SDK is told what is wrong in its own shape", async () => {
  await expect(anthropic.models.retrieve("none")).rejects.toMatchObject({
    status: 404,
    error: { type: "error", error: { type: "not_found_error" } },
  });
  await expect(anthropic.models.list({ limit: 0 })).rejects.toMatchObject({
    status: 400,
    error: { error: { details: { param: "limit" } } },
  });
  const stranger = new Anthropic({ apiKey: "psk_none", baseURL: node.restUrl, maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, error: { error: { type: "authentication_error" } } });
});

it("any other caller gets OpenAI's shape", async () => {
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toEqual(names);
  expect(await openai.models.retrieve("model-03")).toEqual({ id: "model-03", object: "model", created: 1_700_000_000, owned_by: "acme" });
  await expect(openai.models.retrieve("none")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});

it("gRPC has them in pages too", async () => {
  const connection = connectGrpc(node.grpcAddress);
  const options = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
  const service = connection.client(ModelService);
  const listed: string[] = [];
  let pageToken = "";
  do {
    const page = await service.listModels({ pageSize: 10, pageToken }, options);
    listed.push(...page.models.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(listed).toEqual(names);
  expect((await service.getModel({ name: "model-03" }, options)).model).toMatchObject({ name: "model-03", ownedBy: "acme" });
  await expect(service.getModel({ name: "none" }, options)).rejects.toMatchObject({ code: 5 });
  await expect(service.listModels({ pageSize: -1 }, options)).rejects.toMatchObject({ code: 3 });
  connection.close();
});
