/** Every answer says what is left of the caller's limits, however it ends; what quotas did stands in the call's record. Over a real node and the simulator. */
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QuotaFailureSchema } from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { CompletionService, Role } from "#proto/penstock/inference/v1/completion_pb.ts";
import { type Connection, connectGrpc } from "../../proto/transport/grpc-client.ts";
import { ids, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

const organisationId = ids.organisation;
const quota = (key: string, route: readonly ResourceInit[], value: object): ResourceInit =>
  ({
    case: "quota",
    value: {
      id: `quota-${key}`,
      organisationId,
      key,
      scope: { case: "routeId", value: route.find((one) => one.case === "route")?.value?.id ?? "" },
      resource: "requests",
      window: "hour",
      limit: 100n,
      enforcement: "hard",
      ...value,
    },
  }) as ResourceInit;

const models = {
  "sim-instant": {},
  "sim-fault-error-500": {},
  "sim-fault-error-400": {},
  "sim-fault-rate-limit-seconds": {},
  "sim-fault-cut-rst": {},
  "sim-fault-hang": { timeouts: { firstByteMs: 200 } },
  "sim-slow": { timeouts: { totalMs: 300 } },
  "sim-embed": {},
};
const routes = Object.entries(models).map(([model, route]) => routeOver(model, route));
const strict = routeOver("sim-instant", { name: "strict" });
const warned = routeOver("sim-instant", { name: "warned" });
const cut = routeOver("sim-instant", { name: "cut" });

let node: TestNode;
let connection: Connection;
beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...routes.flatMap((route, index) => [...route, quota(`wide-${index}`, route, {})]),
      ...strict,
      quota("strict", strict, { limit: 1n }),
      ...warned,
      quota("soft", warned, { limit: 1n, enforcement: "soft", resource: "requests", window: "day" }),
      quota("counted", warned, { limit: 1n, enforcement: "shadow", resource: "tokens", window: "month" }),
      ...cut,
      quota("cut", cut, { resource: "output_tokens", window: "day", limit: 1100n }),
    ],
  });
  connection = connectGrpc(node.grpcAddress);
});
afterAll(async () => {
  connection.close();
  await node[Symbol.asyncDispose]();
});

const chat = (model: string, more: object = {}) => node.post("/v1/chat/completions", { model, messages: say("hi"), ...more });
const eventOf = (callId: string | null) =>
  expect.poll(() => node.usageEvents().find((event) => event.callId === callId), { timeout: 5000 });
const idOf = (response: Response) => response.headers.get("x-penstock-call-id");

describe("what is left of the limits is said", () => {
  it.each([
    ["on an answer", () => chat("sim-instant"), 200],
    ["on a streamed one", () => chat("sim-instant", { stream: true }), 200],
    ["where the backend fails", () => chat("sim-fault-error-500"), 502],
    ["where it fails under a streamed answer", () => chat("sim-fault-error-500", { stream: true }), 502],
    ["where it refuses", () => chat("sim-fault-error-400"), 400],
    ["where it has limits of its own", () => chat("sim-fault-rate-limit-seconds"), 429],
    ["where it says nothing", () => chat("sim-fault-hang"), 504],
    ["where the route's clock runs out", () => chat("sim-slow"), 504],
    ["where the call is wrong before anything is held", () => chat("sim-instant", { prompt: { name: "no such prompt" } }), 404],
    ["on an operation", () => node.post("/v1/embeddings", { model: "sim-embed", input: "hi" }), 200],
  ])("%s", async (_where, ask, status) => {
    const response = await ask();
    await response.arrayBuffer();
    expect(response.status).toBe(status);
    expect(response.headers.get("x-ratelimit-limit-requests")).toBe("100");
    expect(Number(response.headers.get("x-ratelimit-remaining-requests"))).toBeGreaterThan(80);
    expect(response.headers.get("x-ratelimit-reset-requests")).toMatch(/^(\d+h)?(\d+m)?\d+m?s$/);
    if (status >= 400) expect(response.headers.get("x-should-retry")).toBe(String(status === 429));
    if (status === 429) expect(Number(response.headers.get("retry-after-ms"))).toBeGreaterThan(0);
  });

  it("in Anthropic's names to its callers, also where the backend fails", async () => {
    for (const model of ["sim-instant", "sim-fault-error-500"]) {
      const response = await node.post("/v1/messages", { model, max_tokens: 10, messages: say("hi") });
      expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("100");
      await response.arrayBuffer();
    }
  });

  it("over gRPC, before an answer and with a failure", async () => {
    const failure = await grpc("sim-fault-error-500").catch((reason: unknown) => reason as ServiceError);
    expect((failure as ServiceError).metadata.get("x-ratelimit-limit-requests")).toEqual(["100"]);
  });
});

const grpc = async (model: string, text = "hi") => {
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text } } }] }];
  const call = { signal: new AbortController().signal, timeoutMs: 10_000, metadata: { authorization: `Bearer ${node.apiKey}` } };
  let said = "";
  try {
    for await (const { event } of connection.client(CompletionService).streamComplete({ input: { model, messages } }, call))
      if (event.case === "contentDelta") said += event.value.text;
  } catch (error) {
    throw Object.assign(error as ServiceError, { said });
  }
  return said;
};

describe("what a quota did stands in the call's record", () => {
  it("where it refused", async () => {
    await (await chat("strict")).arrayBuffer();
    const refused = await chat("strict");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-should-retry")).toBe("true");
    expect(((await refused.json()) as { error: { message: string } }).error.message).toMatch(
      /^quota "strict" \(1 requests in any hour, on route:.*\) is used up; it frees in \d+ s$/,
    );
    await eventOf(idOf(refused)).toMatchObject({
      outcome: 3,
      quotaMarks: [
        { quotaId: "quota-strict", quotaKey: "strict", resource: "requests", window: "hour", enforcement: "hard", effect: "denied" },
      ],
    });
  });

  it("where soft and shadow quotas were passed, and not where they were not", async () => {
    const first = await chat("warned");
    const second = await chat("warned");
    await Promise.all([first.arrayBuffer(), second.arrayBuffer()]);
    expect(first.headers.get("x-penstock-quota-warning")).toBeNull();
    expect(second.headers.get("x-penstock-quota-warning")).toBe("soft");
    await eventOf(idOf(second)).toMatchObject({
      outcome: 1,
      quotaMarks: [
        { quotaKey: "counted", enforcement: "shadow", effect: "passed", resource: "tokens" },
        { quotaKey: "soft", enforcement: "soft", effect: "passed" },
      ],
    });
    await eventOf(idOf(first)).toMatchObject({ quotaMarks: [{ quotaKey: "counted" }] });
  });

  it("where it ended an answer half-way, which gRPC callers are told in the status of the stream", async () => {
    const failure = (await grpc("cut", `echo: ${"one word after another ".repeat(600)}`).catch(
      (reason: unknown) => reason,
    )) as ServiceError & {
      said: string;
    };
    expect(failure.said.length).toBeGreaterThan(100);
    expect(failure.details).toContain("the answer ends here");
    const [bytes] = failure.metadata.get("grpc-status-details-bin");
    const violations = fromBinary(StatusSchema, bytes as Buffer).details.map((any) => anyUnpack(any, QuotaFailureSchema));
    expect(violations.find((one) => one !== undefined)).toMatchObject({ violations: [{ quotaId: "cut", quotaMetric: "output_tokens" }] });
    const [callId] = failure.metadata.get("x-penstock-call-id");
    await eventOf(String(callId)).toMatchObject({ quotaMarks: [{ quotaKey: "cut", effect: "cut" }] });
  });
});
