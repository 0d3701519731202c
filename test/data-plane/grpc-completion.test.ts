/** The typed edge over real gRPC: what a completion says, what a failure says, health and reflection. */
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, QuotaFailureSchema, RetryInfoSchema } from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "#proto/grpc/health/v1/health_pb.ts";
import {
  CompletionService,
  FinishReason,
  Role,
  type StreamCompleteResponse,
  ToolChoiceMode,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import { FeedbackService } from "#proto/penstock/inference/v1/feedback_pb.ts";
import { ModelService } from "#proto/penstock/inference/v1/model_pb.ts";
import { type Connection, connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, routeOver, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
let connection: Connection;
const never = new AbortController().signal;
const call = (extra: Record<string, string> = {}) => ({
  signal: never,
  timeoutMs: 10_000,
  metadata: { authorization: `Bearer ${node.apiKey}`, ...extra },
});
const user = (text: string) => [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text } } }] }];

beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routeOver("sim-instant"),
      ...routeOver("sim-reasoning"),
      ...routeOver("sim-fault-cut-rst"),
      ...routeOver("sim-fault-error-500"),
      ...routeOver("sim-slow"),
      ...routeOver("sim-fast"),
      {
        case: "quota",
        value: {
          id: "0193-q",
          organisationId: ids.organisation,
          key: "spent",
          scope: { case: "routeId", value: "none" },
          resource: "requests",
          window: "minute",
          limit: 1n,
          enforcement: "hard",
        },
      },
    ],
  });
  connection = connectGrpc(node.grpcAddress);
});
afterAll(async () => {
  connection.close();
  await node[Symbol.asyncDispose]();
});

const completions = () => connection.client(CompletionService);

async function failureOf(act: () => Promise<unknown>) {
  const error = (await act().then(
    () => expect.unreachable("it should have failed"),
    (reason: unknown) => reason,
  )) as ServiceError;
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details = fromBinary(StatusSchema, bytes as Buffer).details;
  const find = <Schema extends Parameters<typeof anyUnpack>[1]>(schema: Schema) =>
    details.map((any) => anyUnpack(any, schema)).find((detail) => detail !== undefined);
  return {
    code: error.code,
    details: error.details,
    metadata: error.metadata,
    info: find(ErrorInfoSchema) as { reason: string; domain: string } | undefined,
    badRequest: find(BadRequestSchema),
    retry: find(RetryInfoSchema),
    quota: find(QuotaFailureSchema),
  };
}

describe("Complete", () => {
  it("answers with message, usage and what made it", async () => {
    const answer = await completions().complete({ input: { model: "sim-instant", messages: user("echo: good morning") } }, call());
    expect(answer.choices[0]?.message?.content[0]?.part).toMatchObject({ case: "text", value: { text: "good morning" } });
    expect(answer.choices[0]?.finishReason).toBe(FinishReason.STOP);
    expect(answer.usage?.outputTokens).toBeGreaterThan(0n);
    expect(answer.report).toMatchObject({ route: "sim-instant", backend: "sim-instant", attempts: 1, revision: "epoch-1-1", cache: "off" });
    expect(answer.report?.costNanodollars).toBeUndefined();
  });

  it("says everything that the OpenAI chat API can say", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    await completions().complete(
      {
        input: {
          model: "sim-instant",
          messages: [
            { role: Role.SYSTEM, content: [{ part: { case: "text", value: { text: "be brief" } } }] },
            {
              role: Role.USER,
              name: "ada",
              content: [
                { part: { case: "text", value: { text: "look" } } },
                {
                  part: {
                    case: "image",
                    value: { source: { case: "inline", value: { data: bytes, mediaType: "image/png" } }, detail: "low" },
                  },
                },
                { part: { case: "image", value: { source: { case: "url", value: "https://example.org/a.png" } } } },
                { part: { case: "audio", value: { data: bytes, format: "wav" } } },
                { part: { case: "file", value: { source: { case: "fileId", value: "file-1" }, filename: "a.pdf" } } },
              ],
            },
            {
              role: Role.ASSISTANT,
              toolCalls: [{ id: "call_1", call: { case: "function", value: { name: "weather", arguments: '{"city":"Bern"}' } } }],
            },
            { role: Role.TOOL, toolCallId: "call_1", content: [{ part: { case: "text", value: { text: "rain" } } }] },
          ],
          sampling: {
            outputTokensMax: 50,
            temperature: 0.5,
            topP: 0.9,
            frequencyPenalty: 1,
            presencePenalty: -1,
            stop: ["END"],
            n: 2,
            seed: 7n,
            logprobs: true,
            topLogprobs: 3,
            logitBias: { "50256": -100 },
          },
          tools: [{ tool: { case: "function", value: { name: "weather", description: "tells it", parameters: schema, strict: true } } }],
          toolChoice: { choice: { case: "mode", value: ToolChoiceMode.NONE } },
          parallelToolCalls: false,
          responseFormat: { format: { case: "jsonSchema", value: { name: "place", schema, strict: true } } },
          metadata: { team: "search" },
          endUserId: "user-1",
          reasoningEffort: "low",
          serviceTier: "default",
          backendExtensions: { min_p: 0.1 },
        },
      },
      call(),
    );
    const sent = JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}");
    expect(sent).toEqual({
      model: "sim-instant",
      stream: false,
      messages: [
        { role: "system", content: "be brief" },
        {
          role: "user",
          name: "ada",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AQID", detail: "low" } },
            { type: "image_url", image_url: { url: "https://example.org/a.png" } },
            { type: "input_audio", input_audio: { data: "AQID", format: "wav" } },
            { type: "file", file: { file_id: "file-1", filename: "a.pdf" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "rain" },
      ],
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      frequency_penalty: 1,
      presence_penalty: -1,
      stop: ["END"],
      n: 2,
      seed: 7,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { "50256": -100 },
      tools: [{ type: "function", function: { name: "weather", description: "tells it", parameters: schema, strict: true } }],
      tool_choice: "none",
      parallel_tool_calls: false,
      response_format: { type: "json_schema", json_schema: { name: "place", schema, strict: true } },
      metadata: { team: "search" },
      user: "user-1",
      reasoning_effort: "low",
      service_tier: "default",
      min_p: 0.1,
    });
  });

  it("gives tool calls and reasoning typed", async () => {
    const tools = [
      {
        tool: {
          case: "function" as const,
          value: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
        },
      },
    ];
    const called = await completions().complete(
      {
        input: {
          model: "sim-instant",
          messages: user("weather?"),
          tools,
          toolChoice: { choice: { case: "functionName", value: "weather" } },
        },
      },
      call(),
    );
    const made = called.choices[0]?.message?.toolCalls[0]?.call;
    expect(made?.case).toBe("function");
    expect(made?.value).toMatchObject({ name: "weather", arguments: expect.stringContaining('"city"') });
    const reasoned = await completions().complete({ input: { model: "sim-reasoning", messages: user("think") } }, call());
    expect(reasoned.choices[0]?.message?.reasoning).not.toBe("");
  });
});

describe("StreamComplete", () => {
  it("numbers its events from 1, begins with started, ends with usage and finished", async () => {
    const events: StreamCompleteResponse[] = await Array.fromAsync(
      completions().streamComplete({ input: { model: "sim-fast", messages: user("tell me of rivers") } }, call()),
    );
    expect(events.map(({ sequenceNumber }) => Number(sequenceNumber))).toEqual(events.map((_, i) => i + 1));
    const cases = events.map(({ event }) => event.case);
    expect(cases[0]).toBe("started");
    expect(cases.slice(-3)).toEqual(["choiceFinished", "usage", "finished"]);
    expect(cases.filter((name) => name === "contentDelta").length).toBeGreaterThan(3);
    const whole = await completions().complete({ input: { model: "sim-fast", messages: user("tell me of rivers") } }, call());
    const text = events.map(({ event }) => (event.case === "contentDelta" ? event.value.text : "")).join("");
    expect(whole.choices[0]?.message?.content[0]?.part.value).toMatchObject({ text });
  });

  it("fails with what came before and a status, never an end, when the backend dies", async () => {
    const seen: string[] = [];
    const failure = await failureOf(async () => {
      for await (const { event } of completions().streamComplete(
        { input: { model: "sim-fault-cut-rst", messages: user("tell me of rivers and weirs") } },
        call(),
      ))
        seen.push(event.case ?? "");
    });
    expect(failure.code).toBe(status.UNAVAILABLE);
    expect(seen).toContain("contentDelta");
    expect(seen).not.toContain("finished");
  });

  it("ends at the caller's deadline with DEADLINE_EXCEEDED, and the backend is left", async () => {
    const failure = (await Array.fromAsync(
      completions().streamComplete({ input: { model: "sim-slow", messages: user("a long answer please") } }, { ...call(), timeoutMs: 200 }),
    ).catch((reason: unknown) => reason)) as ServiceError;
    expect(failure.code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => node.usageEvents().find(({ errorReason }) => errorReason === "DEADLINE_EXCEEDED")?.outcome).toBe(5);
  });
});

describe("a failure", () => {
  const asks = (input: Parameters<ReturnType<typeof completions>["complete"]>[0]["input"], metadata = {}) =>
    failureOf(() => completions().complete(input === undefined ? {} : { input }, call(metadata)));

  it.each([
    ["no key", { authorization: "" }, status.UNAUTHENTICATED, "API_KEY_INVALID"],
    ["a mistyped key", { authorization: "Bearer psk_test_nope" }, status.UNAUTHENTICATED, "API_KEY_INVALID"],
  ])("of %s is %#", async (_, metadata, code, reason) => {
    const failure = await asks({ model: "sim-instant", messages: user("hi") }, metadata);
    expect(failure).toMatchObject({ code, info: { reason, domain: "penstock" } });
  });

  it.each([
    ["an unknown model", { model: "none", messages: user("hi") }, status.NOT_FOUND, "MODEL_NOT_FOUND"],
    ["no input", undefined, status.INVALID_ARGUMENT, "INVALID_ARGUMENT"],
    ["no messages", { model: "sim-instant" }, status.INVALID_ARGUMENT, "INVALID_ARGUMENT"],
    ["an unset role", { model: "sim-instant", messages: [{ content: [] }] }, status.INVALID_ARGUMENT, "INVALID_ARGUMENT"],
    [
      "a temperature of 9",
      { model: "sim-instant", messages: user("hi"), sampling: { temperature: 9 } },
      status.INVALID_ARGUMENT,
      "INVALID_ARGUMENT",
    ],
    [
      "an extension that says a field again",
      { model: "sim-instant", messages: user("hi"), backendExtensions: { model: "other" } },
      status.INVALID_ARGUMENT,
      "INVALID_ARGUMENT",
    ],
    [
      "an extension that steers",
      { model: "sim-instant", messages: user("hi"), backendExtensions: { api_base: "http://evil" } },
      status.INVALID_ARGUMENT,
      "UNSUPPORTED_PARAMETER",
    ],
    ["a failing backend", { model: "sim-fault-error-500", messages: user("hi") }, status.UNAVAILABLE, "UPSTREAM_UNAVAILABLE"],
  ])("of %s has its own status and reason", async (_, input, code, reason) => {
    const failure = await asks(input);
    expect(failure).toMatchObject({ code, info: { reason, domain: "penstock" } });
    if (reason === "INVALID_ARGUMENT") expect(failure.badRequest).toBeTruthy();
    expect(failure.metadata.get("x-request-id")[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("of a quota names the quota and when it frees", async () => {
    node.publish([
      {
        case: "quota",
        value: {
          id: "0193-q",
          organisationId: ids.organisation,
          key: "one-a-minute",
          scope: { case: "apiKeyId", value: ids.apiKey },
          resource: "requests",
          window: "minute",
          limit: 1n,
          enforcement: "hard",
        },
      },
    ]);
    const input = { model: "sim-instant", messages: user("hi") };
    let failure: Awaited<ReturnType<typeof failureOf>> | undefined;
    await expect
      .poll(async () => {
        const answer = await completions()
          .complete({ input }, call())
          .then(
            () => undefined,
            (reason: unknown) => Promise.reject(reason) as Promise<never>,
          )
          .catch(async (reason: unknown) => failureOf(() => Promise.reject(reason) as Promise<never>));
        failure = answer;
        return answer?.code;
      })
      .toBe(status.RESOURCE_EXHAUSTED);
    expect(failure?.info?.reason).toBe("RATE_LIMITED");
    expect(failure?.details).toContain("one-a-minute");
    expect(failure?.quota).toMatchObject({ violations: [{ quotaId: "one-a-minute", quotaMetric: "requests", quotaValue: 1n }] });
    expect(failure?.retry).toBeTruthy();
    node.publish([
      {
        case: "quota",
        value: {
          id: "0193-q",
          organisationId: ids.organisation,
          key: "one-a-minute",
          scope: { case: "routeId", value: "none" },
          resource: "requests",
          window: "minute",
          limit: 1n,
          enforcement: "hard",
        },
      },
    ]);
  });

  it("never carries more than 2 KB of details, whatever the text was", async () => {
    const failure = await asks({ model: "x".repeat(100_000), messages: user("hi") });
    expect(failure.code).toBe(status.NOT_FOUND);
    expect((failure.metadata.get("grpc-status-details-bin")[0] as Buffer).length).toBeLessThanOrEqual(2048);
  });
});

describe("models, feedback, health and reflection", () => {
  it("lists models page by page", async () => {
    const models = connection.client(ModelService);
    const first = await models.listModels({ pageSize: 2 }, call());
    expect(first.models.length).toBe(2);
    const names = first.models.map(({ name }) => name);
    let token = first.nextPageToken;
    while (token !== "") {
      const page = await models.listModels({ pageSize: 2, pageToken: token }, call());
      names.push(...page.models.map(({ name }) => name));
      token = page.nextPageToken;
    }
    expect(names).toEqual([...names].sort());
    expect(names).toContain("sim-instant");
    expect((await models.getModel({ name: "sim-instant" }, call())).model).toMatchObject({ name: "sim-instant", ownedBy: "acme" });
    await expect(models.listModels({ pageSize: -1 }, call())).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it("takes feedback on its way to the ledger", async () => {
    const { feedbackId } = await connection
      .client(FeedbackService)
      .recordFeedback(
        { requestId: "0198c0de-0000-7000-8000-000000000001", metric: "helpful", value: { case: "boolean", value: true } },
        call(),
      );
    await expect
      .poll(() => node.controlPlane.records.find(({ record }) => record.case === "feedback")?.record.value)
      .toMatchObject({
        feedbackId,
        metric: "helpful",
        callId: "0198c0de-0000-7000-8000-000000000001",
        value: { case: "boolean", value: true },
      });
    await expect(
      connection.client(FeedbackService).recordFeedback({ requestId: "0198c0de-0000-7000-8000-000000000001", metric: "Not Good" }, call()),
    ).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });

  it("tells the health of the node and of each service", async () => {
    const health = connection.client(Health);
    expect((await health.check({ service: "" }, call())).status).toBe(ServingStatus.SERVING);
    expect((await health.check({ service: CompletionService.typeName }, call())).status).toBe(ServingStatus.SERVING);
    await expect(health.check({ service: "nobody" }, call())).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(Object.keys((await health.list({}, call())).statuses)).toContain(ModelService.typeName);
    for await (const { status: now } of health.watch({ service: "" }, call())) {
      expect(now).toBe(ServingStatus.SERVING);
      break;
    }
  });

  it.each(["v1", "v1alpha"])("reflects its services in %s", async (version) => {
    const { ServerReflectionRequestSchema: Request, ServerReflectionResponseSchema: Response } = await import(
      `#proto/grpc/reflection/${version}/reflection_pb.ts`
    );
    const { create, fromBinary: read, toBinary } = await import("@bufbuild/protobuf");
    const client = new Client(node.grpcAddress, credentials.createInsecure());
    const stream = client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (message: never) => Buffer.from(toBinary(Request, create(Request, message))),
      (bytes) =>
        read(Response, bytes) as unknown as {
          messageResponse: { case: string; value: { service: { name: string }[]; fileDescriptorProto: Uint8Array[] } };
        },
      new Metadata(),
    );
    const answers = stream[Symbol.asyncIterator]();
    stream.write({ messageRequest: { case: "listServices", value: "" } } as never);
    const listed = (await answers.next()).value;
    expect(listed.messageResponse.value.service.map(({ name }: { name: string }) => name)).toContain(
      "penstock.inference.v1.CompletionService",
    );
    stream.write({ messageRequest: { case: "fileContainingSymbol", value: "penstock.inference.v1.CompletionService" } } as never);
    expect((await answers.next()).value.messageResponse.value.fileDescriptorProto.length).toBeGreaterThan(1);
    stream.end();
    client.close();
  });
});
