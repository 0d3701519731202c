/** Quotas over three real nodes, Redis, PostgreSQL and GraphQL: who is let through, who is not, and what is seen of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type QuotaInstallation, quotaInstallation } from "./quota-installation.ts";

const names = ["a", "b", "c"] as const;
let penstock: QuotaInstallation;
beforeAll(async () => {
  penstock = await quotaInstallation(names);
}, 120_000);
afterAll(() => penstock?.close());

/** Calls one node after the other until one is refused, at most so often. */
async function grantedOf(
  model: string,
  max: number,
  more: object = {},
  credential?: string,
): Promise<{ granted: number; refused?: Response }> {
  for (let granted = 0; granted < max; granted++) {
    const response = await penstock.call(names[granted % 3] ?? "a", model, more, credential);
    if (response.status !== 200) return { granted, refused: response };
    await response.arrayBuffer();
  }
  return { granted: max };
}
const messageOf = async (response = new Response('{"error":{}}')) =>
  ((await response.json()) as { error: { message: string; code: string } }).error;
const stream = { stream: true, max_tokens: 2000, messages: [{ role: "user", content: `echo: ${"word ".repeat(1500)}` }] };

interface Reservation {
  readonly callId: string;
  readonly nodeId: string;
  readonly apiKeyId: string;
  readonly routeName: string;
  readonly holds: readonly { readonly quotaKey: string; readonly amount: string; readonly quota: { readonly key: string } | null }[];
}
const reservations = async (quotaId: string) =>
  (
    await penstock.graphql<{ liveReservations: Reservation[] }>(
      "query($id: ID!) { liveReservations(quotaId: $id) { callId nodeId apiKeyId routeName since reportedAt holds { quotaKey amount quota { key } } } }",
      { id: quotaId },
    )
  ).liveReservations;

describe("concurrent calls", () => {
  it("are counted over all nodes, seen while they run, and free on every way out", { timeout: 60_000 }, async () => {
    const { routeId } = await penstock.route("held", "sim-slow");
    const quotaId = await penstock.quota({
      key: "two-at-once",
      scopeKind: "ROUTE",
      scopeId: routeId,
      resource: "CONCURRENT_CALLS",
      window: "NONE",
      limit: "2",
    });
    const leaving = new AbortController();
    const first = await penstock.call("a", "held", stream, undefined, leaving.signal);
    const second = await penstock.call("b", "held", { ...stream, max_tokens: 30 });
    expect([first.status, second.status]).toEqual([200, 200]);
    const refused = await penstock.call("c", "held", stream);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-should-retry")).toBe("true");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await messageOf(refused)).message).toMatch(/^quota "two-at-once" \(2 concurrent calls, on route:.*\) is in use/);
    await expect.poll(() => reservations(quotaId).then((live) => live.length), { timeout: 6000 }).toBe(2);
    const live = await reservations(quotaId);
    expect(live[0]).toMatchObject({
      callId: first.headers.get("x-penstock-call-id"),
      routeName: "held",
      holds: [{ quotaKey: "two-at-once", amount: "1", quota: { key: "two-at-once" } }],
    });
    expect(new Set(live.map(({ nodeId }) => nodeId)).size).toBe(2);
    // One caller leaves, the other's answer ends.
    leaving.abort();
    await second.arrayBuffer();
    const free = async () => {
      const response = await penstock.call("c", "held", { max_tokens: 1 });
      await response.arrayBuffer();
      return response.status;
    };
    await expect.poll(free, { timeout: 5000 }).toBe(200);
    await expect.poll(() => reservations(quotaId).then((left) => left.length), { timeout: 6000 }).toBe(0);
  });

  it("free where backends die, in each of their ways", { timeout: 60_000 }, async () => {
    for (const fault of ["cut-rst", "cut-fin", "error-500", "refuse", "garbage"]) {
      const { routeId } = await penstock.route(`dies-${fault}`, `sim-fault-${fault}`);
      const about = { scopeKind: "ROUTE", scopeId: routeId, resource: "CONCURRENT_CALLS", window: "NONE", limit: "1" };
      await penstock.quota({ key: `one-${fault}`, ...about });
      for (let call = 0; call < 4; call++) {
        let response = await penstock.call(names[call % 3] ?? "a", `dies-${fault}`, { stream: true });
        // The place is given back at once, and another node hears of it with its next question.
        for (let again = 0; again < 50 && response.status === 429; again++) {
          await response.arrayBuffer();
          response = await penstock.call(names[call % 3] ?? "a", `dies-${fault}`, { stream: true });
        }
        expect(response.status, `${fault}, call ${call}`).not.toBe(429);
        await response.arrayBuffer().catch(() => undefined);
      }
    }
  });
});

describe("scopes", () => {
  it("a key on a route: neither the key elsewhere nor another key there", { timeout: 60_000 }, async () => {
    const [{ routeId }] = await Promise.all([penstock.route("narrow", "sim-instant"), penstock.route("elsewhere", "sim-instant")]);
    const [ours, other] = [await penstock.key("ours"), await penstock.key("other")];
    await penstock.quota({
      key: "key-on-route",
      scopeKind: "API_KEY",
      scopeId: ours.id,
      within: [{ kind: "ROUTE", id: routeId }],
      resource: "REQUESTS",
      window: "DAY",
      limit: "5",
    });
    const { granted, refused } = await grantedOf("narrow", 8, {}, ours.credential);
    expect(granted).toBe(5);
    expect(refused?.headers.get("x-should-retry")).toBe("false");
    expect(await messageOf(refused)).toMatchObject({ code: "insufficient_quota" });
    expect((await grantedOf("narrow", 8, {}, other.credential)).granted).toBe(8);
    expect((await grantedOf("elsewhere", 8, {}, ours.credential)).granted).toBe(8);
  });

  it("each end user by itself, over all nodes", { timeout: 60_000 }, async () => {
    const { routeId } = await penstock.route("people", "sim-instant");
    const about = { scopeKind: "END_USER", within: [{ kind: "ROUTE", id: routeId }], resource: "REQUESTS", window: "HOUR", limit: "4" };
    await penstock.quota({ key: "each-user", ...about });
    expect((await grantedOf("people", 6, { user: "ann" })).granted).toBe(4);
    expect((await grantedOf("people", 6, { user: "ben" })).granted).toBe(4);
    expect((await grantedOf("people", 6)).granted).toBe(6);
  });

  it("a backend's: another backend of the route answers", { timeout: 60_000 }, async () => {
    const { backendId: first } = await penstock.route("first-only", "sim-instant");
    const { backendId: second } = await penstock.route("second-only", "sim-instant");
    await penstock.make("Route", {
      name: "both",
      tiers: [first, second].map((backendId) => ({ targets: [{ backendId, weight: 1 }] })),
    });
    await penstock.quota({ key: "of-first", scopeKind: "BACKEND", scopeId: first, resource: "REQUESTS", window: "DAY", limit: "2" });
    const backends = [];
    for (let call = 0; call < 4; call++) {
      const response = await penstock.call("a", "both");
      backends.push(response.headers.get("x-penstock-backend"));
      await response.arrayBuffer();
    }
    expect(backends).toEqual(["of-first-only", "of-first-only", "of-second-only", "of-second-only"]);
  });
});

it("cost: calls are let through while there is money, and the refusal says how much there was", { timeout: 60_000 }, async () => {
  const { routeId, backendId } = await penstock.route("paid", "sim-instant");
  const { updateBackend } = await penstock.graphql<{ updateBackend: { backend: { id: string } } }>(
    `mutation($input: UpdateBackendInput!) { updateBackend(input: $input, waitForPropagation: true) { __typename
      ... on UpdateBackendPayload { backend { id } } ... on ValidationError { issues { path message } } ... on ConflictError { message } } }`,
    {
      input: {
        id: backendId,
        expectedRevision: 1,
        price: { inputNanodollarsPerMillion: "0", outputNanodollarsPerMillion: "1000000000000" },
      },
    },
  );
  expect(updateBackend.backend.id).toBe(backendId);
  await penstock.quota({ key: "a-cent", scopeKind: "ROUTE", scopeId: routeId, resource: "COST", window: "MONTH", limit: "100000000" });
  const { granted, refused } = await grantedOf("paid", 200, {
    max_tokens: 10,
    messages: [{ role: "user", content: "echo: one two three" }],
  });
  // A tenth of a dollar at a thousandth for each token: what answers came to, and never what ten tokens each would.
  expect(granted).toBeGreaterThan(12);
  expect(granted).toBeLessThanOrEqual(100);
  expect(await messageOf(refused)).toMatchObject({ message: expect.stringContaining('"a-cent" (0.1 US dollars a month') });
});

it("changing a quota keeps what was used, up and down", { timeout: 60_000 }, async () => {
  const { routeId } = await penstock.route("changed", "sim-instant");
  const about = { key: "changed", scopeKind: "ROUTE", scopeId: routeId, resource: "REQUESTS", window: "DAY", limit: "4" };
  const id = await penstock.quota(about);
  const change = (limit: string, expectedRevision: number) =>
    penstock.graphql(
      `mutation($input: UpdateQuotaInput!) { updateQuota(input: $input, waitForPropagation: true) { __typename ... on UpdateQuotaPayload { quota { limit } } } }`,
      { input: { id, expectedRevision, limit } },
    );
  expect((await grantedOf("changed", 10)).granted).toBe(4);
  await change("7", 1);
  expect((await grantedOf("changed", 10)).granted).toBe(3);
  await change("5", 2);
  expect((await grantedOf("changed", 10)).granted).toBe(0);
  const { quota } = await penstock.graphql<{ quota: { level: { used: string; remaining: string } } }>(
    "query($id: ID!) { quota(id: $id) { level { used remaining } } }",
    { id },
  );
  expect(quota.level).toEqual({ used: "7", remaining: "0" });
});

it("denials are told by quota", { timeout: 60_000 }, async () => {
  const range = { since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 3_600_000) };
  const read = async () =>
    (
      await penstock.graphql<{ denials: { quotas: { quotaKey: string; calls: string; effects: object[] }[] } }>(
        "query($range: UsageRange!) { denials(range: $range) { __typename ... on QueryDenialsSuccess { quotas { quotaKey calls effects { effect calls } } } } }",
        { range },
      )
    ).denials.quotas;
  await expect.poll(async () => (await read()).find(({ quotaKey }) => quotaKey === "key-on-route")?.calls, { timeout: 10_000 }).toBe("1");
  await expect
    .poll(async () => (await read()).find(({ quotaKey }) => quotaKey === "of-first")?.effects, { timeout: 10_000 })
    .toEqual([{ effect: "PASSED_OVER", calls: "2" }]);
});

it("counters that Redis has lost come back from the ledger, also where no node remembers", { timeout: 90_000 }, async () => {
  const { routeId } = await penstock.route("remembered", "sim-instant");
  const about = { scopeKind: "ROUTE", scopeId: routeId, resource: "REQUESTS", limit: "12" };
  await penstock.quota({ key: "remembered-month", window: "MONTH", timeZone: "America/New_York", ...about });
  await penstock.quota({ key: "remembered-ever", window: "LIFETIME", ...about });
  let last: Response | undefined;
  for (let call = 0; call < 8; call++) {
    last = await penstock.call(names[call % 3] ?? "a", "remembered");
    await last.arrayBuffer();
  }
  // One consumer writes in order, but each node has a log of its own.
  await expect
    .poll(
      async () => {
        const { usage } = await penstock.graphql<{ usage: { total: { figures: { calls: string } } } }>(
          `query($range: UsageRange!) { usage(range: $range, filter: { routeName: ["remembered"] }) { __typename ... on UsageReport { total { figures { calls } } } } }`,
          { range: { since: new Date(Date.now() - 600_000), until: new Date(Date.now() + 600_000) } },
        );
        return usage.total.figures.calls;
      },
      { timeout: 15_000 },
    )
    .toBe("8");
  await Promise.all(names.map((name) => penstock.kill(name)));
  await penstock.redis.restart();
  await Promise.all(names.map((name) => penstock.restart(name)));
  const { granted, refused } = await grantedOf("remembered", 12);
  expect(granted).toBe(4);
  expect((await messageOf(refused)).message).toMatch(/remembered-(month|ever)/);
});

it("without Redis each node gives its share of a rate, by the nodes that live, and no budget; then all is counted", {
  timeout: 60_000,
}, async () => {
  const { routeId } = await penstock.route("shared", "sim-instant");
  const { routeId: budgeted } = await penstock.route("budgeted", "sim-instant");
  const rate = await penstock.quota({
    key: "rate",
    scopeKind: "ROUTE",
    scopeId: routeId,
    resource: "REQUESTS",
    window: "HOUR",
    limit: "30",
  });
  await penstock.quota({ key: "budget", scopeKind: "ROUTE", scopeId: budgeted, resource: "REQUESTS", window: "MONTH", limit: "30" });
  for (const name of names) await expect.poll(() => penstock.liveNodes(name), { timeout: 10_000 }).toBe(3);
  await penstock.redis.kill("SIGKILL");
  const shares = await Promise.all(
    names.map(async (name) => {
      let granted = 0;
      for (let call = 0; call < 30; call++) {
        const response = await penstock.call(name, "shared");
        await response.arrayBuffer();
        if (response.status === 200) granted++;
      }
      return granted;
    }),
  );
  expect(shares).toEqual([10, 10, 10]);
  const refused = await penstock.call("a", "budgeted");
  expect(refused.status).toBe(429);
  expect(await messageOf(refused)).toMatchObject({ code: "quota_unavailable" });
  await penstock.redis.restart();
  const answered = async () => {
    const response = await penstock.call("a", "budgeted");
    await response.arrayBuffer();
    return response.status;
  };
  await expect.poll(answered, { timeout: 10_000 }).toBe(200);
  // As each node comes back it tells what it gave.
  const used = async () =>
    (await penstock.graphql<{ quota: { level: { used: string } } }>("query($id: ID!) { quota(id: $id) { level { used } } }", { id: rate }))
      .quota.level.used;
  await expect.poll(used, { timeout: 10_000 }).toBe("30");
  expect((await grantedOf("shared", 3)).granted).toBe(0);
});
