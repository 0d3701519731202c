/** The ledger's record of a call: what happened by its true name, nothing of the caller's own ids, and unknown kept apart from zero. */
import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { ErrorReason } from "#proto/penstock/inference/v1/error_pb.ts";
import { Outcome, type UsageEvent, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { GatewayError, type GatewayErrorKind } from "../../data-plane/gateway-error.ts";
import { answerMeter } from "../../data-plane/pipeline/answer-meter.ts";
import type { Attempt } from "../../data-plane/pipeline/call-backend.ts";
import { type CallState, callState } from "../../data-plane/pipeline/call-state.ts";
import { outcomeOf, usageRecordBytes } from "../../data-plane/pipeline/usage-record.ts";
import { backendNamed, organisationId, sampleCaller, sampleRequest, snapshotOf } from "./sample-call.ts";

const snapshot = snapshotOf(
  [
    ...backendNamed("a"),
    ...backendNamed("b"),
    {
      case: "route",
      value: {
        id: "route-1",
        organisationId,
        name: "chat",
        tiers: ["a", "b"].map((name) => ({ targets: [{ backendId: `backend-${name}`, weight: 1 }] })),
      },
    },
  ],
  7n,
);
const route = snapshot.route(organisationId, "chat");
const [a, b] = (route?.tiers ?? []).map((tier) => tier.targets[0]?.backend);
if (a === undefined || b === undefined) throw new Error("the route was not compiled");

const context = { nodeId: "node-1", nowMs: 1_000_500, pseudonym: (id: string) => `hmac(${id})` };
const attempt = (backend: typeof a, result: string, httpStatus: number): Attempt => ({
  backend,
  startedAtMs: 1_000_100,
  result,
  httpStatus,
  endedAtMs: 1_000_300,
  dropped: [],
});
const usage = {
  inputTokens: 10,
  outputTokens: 20,
  cacheReadTokens: 4,
  cacheWriteTokens: 2,
  reasoningTokens: 5,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: '{"prompt_tokens":10}',
};

function state(more: Partial<CallState> = {}, request = sampleRequest()): CallState {
  return { ...callState(request, answerMeter(request)), caller: sampleCaller(), snapshot, route, ...more };
}

function recordOf(of: CallState): UsageEvent {
  const bytes = usageRecordBytes(of, context);
  if (bytes === undefined) throw new Error("there is no record");
  const { record } = fromBinary(UsageRecordSchema, bytes);
  if (record.case !== "usage") throw new Error("it is no usage event");
  return record.value;
}

const outcomes = {
  CLIENT_ERROR: [
    "API_KEY_INVALID",
    "API_KEY_EXPIRED",
    "API_KEY_REVOKED",
    "API_KEY_FORBIDDEN",
    "ROUTE_FORBIDDEN",
    "MODEL_NOT_FOUND",
    "INVALID_ARGUMENT",
    "UNSUPPORTED_PARAMETER",
    "UNSUPPORTED_ENDPOINT",
    "CONTEXT_LENGTH_EXCEEDED",
    "PAYLOAD_TOO_LARGE",
    "PROMPT_NOT_FOUND",
    "RESOURCE_NOT_FOUND",
    "UPSTREAM_REJECTED",
  ],
  DENIED: ["RATE_LIMITED", "BUDGET_EXHAUSTED", "QUOTA_UNAVAILABLE", "GUARD_BLOCKED", "OVERLOADED"],
  UPSTREAM_ERROR: ["UPSTREAM_RATE_LIMITED", "UPSTREAM_UNAVAILABLE", "UPSTREAM_PROTOCOL", "UPSTREAM_TRUNCATED"],
  TIMEOUT: ["UPSTREAM_TIMEOUT", "DEADLINE_EXCEEDED"],
  CANCELLED: ["CALLER_STALLED", "CANCELLED"],
  INTERNAL_ERROR: ["NOT_READY", "SHUTTING_DOWN", "INTERNAL"],
} satisfies Partial<Record<keyof typeof Outcome, GatewayErrorKind[]>>;

describe("the outcome", () => {
  test.each(Object.entries(outcomes).flatMap(([outcome, kinds]) => kinds.map((kind) => [kind, outcome as keyof typeof outcomes] as const)))(
    "of %s is %s, and its reason is kept",
    (kind, outcome) => {
      const failure = new GatewayError(kind, "…");
      expect(outcomeOf(failure)).toBe(Outcome[outcome]);
      expect(recordOf(state({ failure }))).toMatchObject({ outcome: Outcome[outcome], errorReason: kind });
    },
  );
  test("is known for every kind of error that there is", () => {
    const kinds = Object.keys(ErrorReason).filter((name) => /^[A-Z]/.test(name) && name !== "UNSPECIFIED");
    expect(Object.values(outcomes).flat().sort()).toEqual(kinds.sort());
  });
  test("of a call that went well is OK, without a reason", () => {
    expect(recordOf(state())).toMatchObject({ outcome: Outcome.OK, errorReason: "" });
  });
});

test("nobody recognised, no record", () => {
  expect(usageRecordBytes(state({ caller: undefined, failure: new GatewayError("API_KEY_INVALID", "…") }), context)).toBeUndefined();
});

test("who, what, where and how long", () => {
  const request = sampleRequest({ stream: true }, { sessionId: "session-1", tags: { team: "search" }, endUserId: "ada@example.com" });
  const of = state({ attempts: [attempt(a, "UPSTREAM_UNAVAILABLE", 500), attempt(b, "ok", 200)], usage, costNanodollars: 0n }, request);
  const record = recordOf(of);
  expect(record).toMatchObject({
    callId: request.callId,
    nodeId: "node-1",
    organisationId,
    projectId: "project-1",
    apiKeyId: "key-1",
    endUserHash: "hmac(ada@example.com)",
    sessionHash: "hmac(session-1)",
    routeId: "route-1",
    routeName: "chat",
    ingress: "openai-chat",
    streamed: true,
    backendId: "backend-b",
    providerId: "provider-b",
    modelAsked: "chat",
    attempts: [
      { backendId: "backend-a", result: "UPSTREAM_UNAVAILABLE", durationMs: 200, httpStatus: 500 },
      { backendId: "backend-b", result: "ok", durationMs: 200, httpStatus: 200 },
    ],
    usage: {
      inputTokens: 10n,
      outputTokens: 20n,
      cacheReadTokens: 4n,
      cacheWriteTokens: 2n,
      reasoningTokens: 5n,
      estimated: false,
      raw: '{"prompt_tokens":10}',
    },
    costNanodollars: 0n,
    durationMs: 500,
    configEpoch: "epoch",
    configNumber: 7n,
    tags: { team: "search" },
    cache: "off",
  });
  expect(record.startedAt === undefined ? 0 : timestampMs(record.startedAt)).toBe(1_000_000);
});

test("an end user's and a unit's own ids are nowhere in the bytes", () => {
  const request = sampleRequest({}, { endUserId: "ada@example.com", sessionId: "secret-session" });
  const assignment = {
    experiment: {
      id: "e",
      key: "e",
      seed: "s",
      hashVersion: 3,
      phase: 4,
      unit: "session",
      fallbackUnit: "",
      ranges: [],
      variants: [],
      namespace: undefined,
      holdout: undefined,
      targeting: undefined,
      sticky: true,
      bucketVersion: 1,
      bucketVersionMin: 0,
    },
    variant: { key: "v", label: "e:v", prompt: undefined, tiers: undefined, parameters: undefined },
    unitType: "session",
    unit: "secret-session",
    bucket: 0.25,
    forced: false,
    sticky: true,
    holdout: "compared" as const,
  };
  const bytes = usageRecordBytes(state({ assignment }, request), { ...context, pseudonym: () => "0123abcd" });
  expect(Buffer.from(bytes ?? []).toString("latin1")).not.toMatch(/ada@example|secret-session/);
  expect(recordOf(state({ assignment }, request)).exposure).toMatchObject({
    experimentId: "e",
    variantKey: "v",
    unitType: "session",
    unitHash: "hmac(secret-session)",
    bucket: 0.25,
    hashVersion: 3,
    forced: false,
    phase: 4,
    sticky: true,
    holdout: "compared",
  });
});

test("unknown is absent and not zero", () => {
  const record = recordOf(state({ attempts: [attempt(a, "UPSTREAM_TIMEOUT", 0)] }));
  for (const name of ["usage", "costNanodollars", "timeToFirstTokenMs", "exposure"] as const) expect(record[name]).toBeUndefined();
  expect(record).toMatchObject({ backendId: "", providerId: "", endUserHash: "", priceVersion: 0n });
});

test("a call that failed in its first stages has a record all the same", () => {
  expect(recordOf(state({ snapshot: undefined, route: undefined, failure: new GatewayError("MODEL_NOT_FOUND", "…") }))).toMatchObject({
    routeId: "",
    configEpoch: "",
    configNumber: 0n,
    attempts: [],
  });
});

test("an attempt that is still running, and a clock that was set back, have no negative duration", () => {
  const running = { ...attempt(a, "", 0), endedAtMs: 0 };
  const early = { ...attempt(a, "ok", 200), endedAtMs: 999_000 };
  const record = recordOf(state({ attempts: [running, early] }));
  expect(record.attempts.map(({ durationMs }) => durationMs)).toEqual([400, 0]);
});

test("what a caller wrote cannot keep the record from being written", () => {
  const model = `${"m".repeat(255)}🚰${"m".repeat(1000)}`;
  const record = recordOf(state({}, sampleRequest({ model }, { tags: { "\ud800": "\udc00" } })));
  expect(record.modelAsked.startsWith("m".repeat(255))).toBe(true);
  expect(record.modelAsked.length).toBeLessThanOrEqual(256);
});
