/** Which quotas a call falls under, what is held for it, what headers tell, and how a denial reads. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { QuotaSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { estimateCall } from "../../data-plane/pipeline/estimate-tokens.ts";
import type { QuotaDecision, QuotaGrant, QuotaHold, QuotaLedger, QuotaLevel } from "../../data-plane/pipeline/quota-ledger.ts";
import { reserveQuota } from "../../data-plane/pipeline/reserve-quota.ts";
import { backendNamed, organisationId, type ResourceInit, sampleCaller, sampleRequest, snapshotOf } from "./sample-call.ts";

type QuotaInit = MessageInitShape<typeof QuotaSchema>;

const quota = (id: string, scope: QuotaInit["scope"], more: QuotaInit = {}): ResourceInit => ({
  case: "quota",
  value: {
    id,
    organisationId,
    key: id,
    resource: "requests",
    window: "minute",
    limit: 10n,
    enforcement: "hard",
    ...(scope === undefined ? {} : { scope }),
    ...more,
  },
});
const whole: QuotaInit["scope"] = { case: "organisation", value: true };

interface Asked {
  readonly quotas: readonly ResourceInit[];
  readonly endUserHash?: string;
  readonly body?: Record<string, unknown>;
  readonly levels?: readonly QuotaLevel[];
  readonly extend?: QuotaGrant["extend"];
  readonly decide?: (holds: readonly QuotaHold[]) => QuotaDecision | Promise<QuotaDecision>;
}

/** The stage over a ledger that says what the test wants it to, and the holds it was asked for. */
async function reserve({ quotas, endUserHash = "", body = {}, levels, decide, extend = () => undefined }: Asked) {
  const snapshot = snapshotOf([
    ...backendNamed("a"),
    {
      case: "route",
      value: { id: "route-1", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
    },
    ...quotas,
  ]);
  const route = snapshot.route(organisationId, "chat");
  if (route === undefined) throw new Error("the route was not compiled");
  const asked: QuotaHold[][] = [];
  const settled: unknown[] = [];
  const ledger: QuotaLedger = {
    reserve: (callId, holds) => {
      expect(callId).toBe(sampleRequest().callId);
      asked.push([...holds]);
      return (
        decide?.(holds) ?? {
          granted: true,
          levels: levels ?? holds.map(() => ({ remaining: 5, resetMs: 1000, exceeded: false })),
          amounts: () => holds.map(({ amount }) => amount),
          settle: (actual) => void settled.push(actual),
          extend: (used) => extend(used),
        }
      );
    },
    levels: () => [],
    close: async () => {},
  };
  const request = sampleRequest(body);
  const estimate = (precision: "guessed" | "counted") =>
    estimateCall(request, route, { replacements: new Map(), messages: [], prompt: undefined }, precision);
  const subject = { snapshot, caller: sampleCaller(), route, tiers: route.tiers, request, estimate, endUserHash };
  const reservation = await reserveQuota(ledger, subject, new AbortController().signal);
  return { reservation, holds: asked[0] ?? [], calls: asked.length, settled };
}

const scopes = [
  quota("a-whole", whole),
  quota("b-project", { case: "projectId", value: "project-1" }),
  quota("c-key", { case: "apiKeyId", value: "key-1" }),
  quota("d-route", { case: "routeId", value: "route-1" }),
  quota("e-user", { case: "endUser", value: true }),
];

test("a call falls under the quotas of its organisation, project, key, route and end user, in this order", async () => {
  const { holds } = await reserve({ quotas: [...scopes].reverse(), endUserHash: "hash" });
  expect(holds.map(({ quota: { id }, subject }) => [id, subject])).toEqual([
    ["a-whole", ""],
    ["b-project", ""],
    ["c-key", ""],
    ["d-route", ""],
    ["e-user", "hash"],
  ]);
});

test("another project's, key's, route's or organisation's quotas are no business of it", async () => {
  const others = [
    quota("p", { case: "projectId", value: "project-2" }),
    quota("k", { case: "apiKeyId", value: "key-2" }),
    quota("r", { case: "routeId", value: "route-2" }),
    quota("o", whole, { organisationId: "org-2" }),
    quota("i", { case: "projectId", value: "key-1" }),
  ];
  const { holds, calls, reservation } = await reserve({ quotas: others });
  expect(holds).toEqual([]);
  // Without a quota nobody is asked, and settling is harmless.
  expect(calls).toBe(0);
  reservation.settle("unknown");
});

test("end users are counted each by themselves, and a call without one is not", async () => {
  for (const endUserHash of ["ada", "bob"])
    expect((await reserve({ quotas: scopes, endUserHash })).holds.at(-1)).toMatchObject({ quota: { id: "e-user" }, subject: endUserHash });
  expect((await reserve({ quotas: scopes })).holds.map(({ quota: { id } }) => id)).not.toContain("e-user");
});

test("a request is held as 1, tokens as the input and the most that may be answered", async () => {
  const quotas = [
    quota("requests", whole),
    quota("tokens", whole, { resource: "tokens", window: "day", limit: 1000n, enforcement: "soft" }),
  ];
  const { holds } = await reserve({ quotas, body: { max_tokens: 100, n: 3 } });
  // "Hi" is one token, and a message's frame four.
  expect(holds).toMatchObject([
    { quota: { id: "requests", window: "minute", limit: 10, enforcement: "hard" }, subject: "", amount: 1 },
    { quota: { id: "tokens", window: "day", limit: 1000, enforcement: "soft" }, subject: "", amount: 5 + 300 },
  ]);
});

test.each([
  [{}, 1024],
  [{ max_tokens: 10 }, 10],
  [{ max_completion_tokens: 20 }, 20],
  [{ max_tokens: 10, max_completion_tokens: 20 }, 20],
  [{ n: 2 }, 2048],
  [{ max_tokens: null, n: null }, 1024],
])("of %j as many tokens as %i are held for the answer", async (body, output) => {
  const { holds } = await reserve({ quotas: [quota("tokens", whole, { resource: "tokens" })], body });
  expect(holds[0]?.amount).toBe(5 + output);
});

test("settling goes to the ledger as it is said", async () => {
  const { reservation, settled } = await reserve({ quotas: scopes });
  const used = { requests: 1, inputTokens: 3, outputTokens: 4, costNanodollars: undefined };
  reservation.settle(used);
  expect(settled).toEqual([used]);
});

test("headers tell the tightest of each resource, and never of a quota that only counts", async () => {
  const quotas = [
    quota("a", whole, { limit: 100n }),
    quota("b", whole, { limit: 20n, enforcement: "soft" }),
    quota("c", whole, { limit: 1n, enforcement: "shadow" }),
    quota("d", whole, { resource: "tokens", limit: 5000n }),
  ];
  const levels = [
    { remaining: 60, resetMs: 1, exceeded: false },
    { remaining: 15, resetMs: 2, exceeded: false },
    { remaining: 0, resetMs: 3, exceeded: false },
    { remaining: 4000, resetMs: 4, exceeded: false },
  ];
  const { reservation } = await reserve({ quotas, levels });
  expect(reservation.limits).toMatchObject({
    requests: { limit: 20, remaining: 15, resetMs: 2 },
    tokens: { limit: 5000, remaining: 4000, resetMs: 4 },
  });
});

test("headers tell nothing of a resource that no quota is laid on", async () => {
  expect((await reserve({ quotas: [quota("a", whole)] })).reservation.limits.tokens).toBeUndefined();
  expect((await reserve({ quotas: [quota("a", whole, { enforcement: "shadow" })] })).reservation.limits.requests).toBeUndefined();
  expect((await reserve({ quotas: [] })).reservation.limits).toMatchObject({ requests: undefined, tokens: undefined });
});

describe("a denial", () => {
  const denial = (hold: number, reason: "exhausted" | "unavailable", retryAfterMs = 1500) =>
    ({ granted: false, hold, reason, levels: [], retryAfterMs }) as const;
  test.each([
    ["second", "exhausted", "RATE_LIMITED"],
    ["minute", "exhausted", "RATE_LIMITED"],
    ["hour", "exhausted", "RATE_LIMITED"],
    ["day", "exhausted", "BUDGET_EXHAUSTED"],
    ["month", "exhausted", "BUDGET_EXHAUSTED"],
    ["minute", "unavailable", "QUOTA_UNAVAILABLE"],
    ["month", "unavailable", "QUOTA_UNAVAILABLE"],
  ] as const)("of a quota a %s that is %s is %s", async (window, reason, kind) => {
    await expect(reserve({ quotas: [quota("q", whole, { window })], decide: () => denial(0, reason) })).rejects.toMatchObject({
      kind,
      details: { retryAfterMs: 1500 },
    });
  });

  test("names the binding quota, its scope and when it frees", async () => {
    await expect(reserve({ quotas: scopes, endUserHash: "hash", decide: () => denial(2, "exhausted") })).rejects.toMatchObject({
      message: 'quota "c-key" (10 requests in any minute, on api_key:key-1) is used up; it frees in 2 s',
      details: { quota: { quotaId: "c-key", quotaKey: "c-key", subject: "api_key:key-1", resource: "requests", limit: 10 } },
    });
    await expect(reserve({ quotas: scopes, endUserHash: "hash", decide: () => denial(4, "exhausted", 0) })).rejects.toMatchObject({
      message: 'quota "e-user" (10 requests in any minute, on end_user) is used up; it frees in 1 s',
      details: { quota: { subject: "end_user" } },
    });
  });

  test("that comes as a promise is a denial too", async () => {
    await expect(reserve({ quotas: scopes, decide: async () => denial(0, "exhausted") })).rejects.toMatchObject({ kind: "RATE_LIMITED" });
  });

  test("of a hold that was never asked for is our mistake", async () => {
    await expect(reserve({ quotas: scopes, decide: () => denial(9, "exhausted") })).rejects.toMatchObject({ kind: "INTERNAL" });
  });
});
