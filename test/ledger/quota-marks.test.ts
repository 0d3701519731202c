/** What quotas did to calls, in the ledger: with each call, summed by quota, and told where a soft quota is passed. */
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { findPassedQuotas } from "../../control-plane/alerts/find-passed-quotas.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { recordCalls, usageRecord } from "../money/ledger-calls.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let organisationId: string;
let admin: string;
let stranger: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  organisationId = await makeOrganisation(services, "ours");
  admin = await tokenFor(services, organisationId, "admin");
  stranger = await tokenFor(services, await makeOrganisation(services, "theirs"), "admin");
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const mark = (quotaId: string, effect: string, enforcement = "hard") => ({
  quotaId,
  quotaKey: `key-of-${quotaId}`,
  scope: "organisation",
  resource: "requests",
  window: "day",
  enforcement,
  effect,
});
const at = new Date("2026-11-20T10:30:00Z");
const query = `query($range: UsageRange!, $effects: [QuotaEffect!], $quotaId: ID) { denials(range: $range, effects: $effects, quotaId: $quotaId) {
  ... on QueryDenialsSuccess { quotas { quotaId quotaKey enforcement calls firstAt lastAt quota { key } effects { effect calls } keys { apiKeyId calls } } }
  ... on ValidationError { issues { path } } } }`;
const denials = async (more: object = {}, token = admin) => {
  const { data, errors } = await client.ask(token, query, {
    range: { since: "2026-11-20T10:00:00Z", until: "2026-11-20T12:00:00Z" },
    ...more,
  });
  expect(errors).toEqual([]);
  return data.denials.quotas ?? data.denials;
};

it("denials are summed by quota, each call once, with the keys that met them", async () => {
  const denied = (quotaId: string, apiKeyId: string, minutes = 0) =>
    usageRecord({
      organisationId,
      at: new Date(at.getTime() + minutes * 60_000),
      apiKeyId,
      outcome: Outcome.DENIED,
      quotaMarks: [mark(quotaId, "denied")],
    });
  const records = [denied("q1", "a"), denied("q1", "a", 45), denied("q1", "b", 1), denied("q2", "a"), denied("q2", "a", -120)];
  await recordUsage(services.database, records);
  await recordUsage(services.database, records);
  await recordCalls(services.database, [
    { organisationId, at, quotaMarks: [mark("q1", "passed_over"), mark("q3", "passed", "soft")] },
    { organisationId, at },
  ]);
  expect(await denials()).toEqual([
    {
      quotaId: "q1",
      quotaKey: "key-of-q1",
      enforcement: "hard",
      calls: "4",
      firstAt: at.toISOString(),
      lastAt: "2026-11-20T11:15:00.000Z",
      quota: null,
      effects: [
        { effect: "DENIED", calls: "3" },
        { effect: "PASSED_OVER", calls: "1" },
      ],
      keys: [
        { apiKeyId: "a", calls: "2" },
        { apiKeyId: "b", calls: "1" },
        { apiKeyId: "key", calls: "1" },
      ],
    },
    expect.objectContaining({ quotaId: "q2", calls: "1" }),
  ]);
  expect(await denials({ effects: ["PASSED"] })).toMatchObject([{ quotaId: "q3", enforcement: "soft", calls: "1" }]);
  expect(await denials({ quotaId: "q2" })).toMatchObject([{ quotaId: "q2" }]);
  expect(await denials({}, stranger)).toEqual([]);
  expect(await denials({ range: { since: "2026-11-20T10:00:00Z", until: "2026-11-20T10:00:00Z" } })).toMatchObject({
    issues: [{ path: "range.until" }],
  });
});

it("calls say which quotas did what, and are found by them", async () => {
  const { data } = await client.ask(
    admin,
    `{ usageEvents(filter: { quotaId: "q3" }) { edges { node { outcome quotaMarks { quotaId effect enforcement scope } } } } }`,
  );
  expect(data.usageEvents.edges).toEqual([
    {
      node: {
        outcome: "OK",
        quotaMarks: [
          { quotaId: "q1", effect: "passed_over", enforcement: "hard", scope: "organisation" },
          { quotaId: "q3", effect: "passed", enforcement: "soft", scope: "organisation" },
        ],
      },
    },
  ]);
});

it("a soft quota that is passed is told once in its window; a shadow quota is not", async () => {
  const make = async (key: string, enforcement: string) => {
    const input = { key, scopeKind: "ORGANISATION", resource: "REQUESTS", window: "DAY", timeZone: "Asia/Tokyo", limit: "5", enforcement };
    const { data } = await client.ask(
      admin,
      "mutation($input: CreateQuotaInput!) { createQuota(input: $input) { ... on CreateQuotaPayload { quota { id } } } }",
      { input },
    );
    return data.createQuota.quota.id as string;
  };
  const [soft, shadow] = [await make("soft", "SOFT"), await make("shadow", "SHADOW")];
  const passed = (minutes: number) => ({
    organisationId,
    at: new Date(at.getTime() + minutes * 60_000),
    quotaMarks: [
      mark(soft, "passed", "soft"),
      mark(shadow, "passed", "shadow"),
      mark(v7(), "passed", "soft"),
      mark("no uuid", "passed", "soft"),
    ],
  });
  const look = (minutes: number) => services.database.system((em) => findPassedQuotas(em, new Date(at.getTime() + minutes * 60_000)));
  await recordCalls(services.database, [passed(0), passed(1)]);
  expect(await look(2)).toBe(1);
  expect(await look(3)).toBe(0);
  await recordCalls(services.database, [passed(60)]);
  expect(await look(61)).toBe(0);
  // In Tokyo the next day begins at 15:00 UTC.
  await recordCalls(services.database, [passed(4.5 * 60)]);
  expect(await look(4.5 * 60 + 1)).toBe(1);
  const { data } = await client.ask(admin, "{ alerts(type: QUOTA_PASSED) { edges { node { data } } } }");
  expect(data.alerts.edges.map((edge: { node: { data: object } }) => edge.node.data)).toMatchObject([
    { quotaId: soft, windowStart: "2026-11-20T15:00:00.000Z" },
    {
      quotaId: soft,
      quotaKey: "soft",
      limit: "5",
      windowStart: "2026-11-19T15:00:00.000Z",
      windowEnd: "2026-11-20T15:00:00.000Z",
      calls: "2",
    },
  ]);
});
