/** Alert rules from end to end: made over GraphQL, looked at from sums, told once by alert, webhook and e-mail, listed as an incident. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { evaluateRules } from "../../control-plane/alert-rules/evaluate-rules.ts";
import { Alert } from "../../control-plane/database/entities/alert.ts";
import { AlertRuleState } from "../../control-plane/database/entities/alert-rule.ts";
import { AuditEntry } from "../../control-plane/database/entities/audit-entry.ts";
import { WebhookDelivery } from "../../control-plane/database/entities/webhook.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, makeThing, mutate, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { recordCalls } from "../money/ledger-calls.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

const minuteMs = 60_000;
const smtp = { url: "smtp://127.0.0.1:1", from: "Penstock <alerts@example.com>" };
const rule = { name: "Too many errors", metric: "ERROR_RATE", comparison: "ABOVE", threshold: 0.1, windowMinutes: 5 };

describe.each(["PostgreSQL", "PGlite"])("alert rules on %s", (database) => {
  let services: TestServices;
  let client: GraphqlClient;
  let organisations = 0;
  let organisationId: string;
  let admin: string;
  /** In the past, so that whole days are kept; each test has its own organisation. */
  let now: Date;

  beforeAll(async () => {
    services = await openTestServices(database === "PostgreSQL" ? await postgres.createDatabase() : undefined, { smtp });
    client = await serveGraphql(services);
  });
  afterAll(async () => {
    await client.close();
    await services.close();
  });
  beforeEach(async () => {
    await services.database.system((em) => em.execute("update alert_rule set archived_at = now() where archived_at is null"));
    organisationId = await makeOrganisation(services, `o${++organisations}`);
    admin = await tokenFor(services, organisationId, "admin");
    now = new Date(Date.now() - 60 * minuteMs);
  });

  const make = (input: object = {}, token = admin) =>
    mutate(client, token, "createAlertRule", { ...rule, ...input }, "alertRule { id revision scope unit status state { firing } }");
  const calls = (count: number, failed: number, at = now, more: object = {}) =>
    recordCalls(
      services.database,
      Array.from({ length: count }, (_, index) => ({
        organisationId,
        at,
        durationMs: 200,
        outcome: index < failed ? Outcome.UPSTREAM_ERROR : Outcome.OK,
        ...more,
      })),
    );
  const look = async (afterMinutes = 0) => {
    now = new Date(now.getTime() + afterMinutes * minuteMs);
    return evaluateRules(services, now);
  };
  const alerts = () =>
    services.database.tenant(organisationId, (em) => em.find(Alert, {}, { orderBy: { id: "asc" }, disableIdentityMap: true }));
  const read = async (id: string, token = admin) => {
    const { data, errors } = await client.ask(
      token,
      `query($id: ID!) { alertRule(id: $id) { name revision status emails mutedUntil webhooks { name } state { firing value calls turningSince }
         messages { to webhookId state error isTest } } incidents { kind subjectId name says severe } }`,
      { id },
    );
    expect(errors).toEqual([]);
    return { rule: data.alertRule, incidents: data.incidents.filter(({ kind }: { kind: string }) => kind === "ALERT_RULE_FIRING") };
  };

  it("fires once and is over once: alert, the webhooks it names, an e-mail for each address, an incident meanwhile", async () => {
    const webhook = async (name: string): Promise<string> => {
      const { data } = await client.ask(
        admin,
        `mutation { createWebhook(input: { name: "${name}", url: "http://127.0.0.1:9/${name}" }) { ... on WebhookSecretPayload { webhook { id } } } }`,
      );
      return data.createWebhook.webhook.id;
    };
    const told = await webhook("told");
    await webhook("untold");
    const { alertRule } = await make({ webhookIds: [told], emails: ["ops@example.com", "boss@example.com"] });
    expect(alertRule).toMatchObject({ revision: 1, scope: "the whole organisation", unit: "SHARE", status: "NO_DATA", state: null });

    await calls(10, 1);
    expect(await look()).toBe(0);
    expect(await read(alertRule.id)).toMatchObject({
      rule: { status: "OK", state: { firing: false, value: 0.1, calls: "10" } },
      incidents: [],
    });
    await calls(10, 9);
    expect(await look(1)).toBe(1);
    expect(await look(1)).toBe(0);
    const fired = await read(alertRule.id);
    expect(fired.rule).toMatchObject({ status: "FIRING", state: { firing: true, value: 0.5, calls: "20" } });
    expect(fired.incidents).toEqual([
      {
        kind: "ALERT_RULE_FIRING",
        subjectId: alertRule.id,
        name: "Too many errors",
        says: "fires: error rate 50% over the last 5 minutes, told above 10%",
        severe: true,
      },
    ]);
    const deliveries = await services.database.tenant(organisationId, (em) => em.find(WebhookDelivery, {}));
    expect(deliveries.map(({ webhookId, type }) => [webhookId, type])).toEqual([[told, "alert_rule.fired"]]);
    expect(JSON.parse(deliveries[0]?.body ?? "")).toMatchObject({
      type: "alert_rule.fired",
      data: {
        alertRuleId: alertRule.id,
        says: "Error rate of the whole organisation: 50% over the last 5 minutes, above 10%.",
        value: 0.5,
        threshold: 0.1,
        calls: "20",
      },
    });
    expect(fired.rule.messages.map(({ to, state }: { to: string; state: string }) => [to, state]).sort()).toEqual([
      ["boss@example.com", "WAITING"],
      ["ops@example.com", "WAITING"],
      ["told", "WAITING"],
    ]);

    // The failures leave the window, and nobody calls; five minutes later it is over.
    expect(await look(5)).toBe(0);
    for (let minutes = 0; minutes < 4; minutes++) expect(await look(1)).toBe(0);
    expect(await look(1)).toBe(1);
    expect(await read(alertRule.id)).toMatchObject({ rule: { status: "NO_DATA" }, incidents: [] });
    expect((await alerts()).map(({ type }) => type)).toEqual(["alert_rule.fired", "alert_rule.resolved"]);
  });

  it("tells once though two believe that they lead, and though one of them died over it", async () => {
    await make();
    await calls(10, 10);
    const leaders = Array.from({ length: 8 }, (_, index) => evaluateRules(services, new Date(now.getTime() + index)));
    const told = await Promise.all(leaders);
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(1);
    expect(await alerts()).toHaveLength(1);

    const dying = { ...services.database, system: services.database.system };
    let deaths = 0;
    // It dies when all is written and nothing is committed yet.
    const failing: TestServices["database"]["system"] = (work) =>
      services.database.system(async (em) => {
        const result = await work(em);
        if (result === true && deaths++ === 0) throw new Error("the process is gone");
        return result;
      });
    await services.database.system((em) => em.execute("delete from alert_rule_state"));
    now = new Date(now.getTime() + minuteMs);
    expect(await evaluateRules({ ...services, database: { ...dying, system: failing } }, now)).toBe(0);
    expect([deaths, (await alerts()).length]).toEqual([1, 1]);
    expect(await look(1)).toBe(1);
    expect(await look(1)).toBe(0);
    expect(await alerts()).toHaveLength(2);
  });

  it("says nothing while it is muted, is listed all the same, and tells afterwards what still holds", async () => {
    const { alertRule } = await make();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const muted = await mutate(client, admin, "muteAlertRule", { id: alertRule.id, until }, "alertRule { status mutedUntil }");
    expect(muted.alertRule).toEqual({ status: "MUTED", mutedUntil: until });
    await calls(10, 10);
    expect(await look()).toBe(0);
    const { rule: seen, incidents } = await read(alertRule.id);
    expect([seen.status, seen.state.firing]).toEqual(["MUTED", true]);
    expect(incidents).toMatchObject([{ severe: false, says: expect.stringContaining("fires, muted:") }]);
    await mutate(client, admin, "unmuteAlertRule", { id: alertRule.id }, "alertRule { status }");
    expect(await look(1)).toBe(1);
    const past = new Date(Date.now() - 1000).toISOString();
    expect(await mutate(client, admin, "muteAlertRule", { id: alertRule.id, until: past }, "alertRule { status }")).toMatchObject({
      issues: [{ path: "until" }],
    });
  });

  it("is muted while it fires, and tells all the same when that is over", async () => {
    const { alertRule } = await make();
    await calls(10, 10);
    expect(await look()).toBe(1);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    await mutate(client, admin, "muteAlertRule", { id: alertRule.id, until }, "alertRule { status }");
    await calls(990, 0);
    for (let minute = 1; minute <= 5; minute++) expect(await look(1)).toBe(0);
    expect(await look(1)).toBe(1);
    expect((await alerts()).map(({ type }) => type)).toEqual(["alert_rule.fired", "alert_rule.resolved"]);
  });

  it("heeds the calls that it is about and no others", async () => {
    const projectId = await makeThing(client, admin, "Project", { key: "p", name: "P" });
    const { alertRule } = await make({ filter: { projectId } });
    await calls(10, 10);
    await calls(10, 0, now, { projectId });
    expect(await look()).toBe(0);
    expect(await read(alertRule.id)).toMatchObject({ rule: { state: { value: 0, calls: "10" } } });
    await calls(30, 30, now, { projectId });
    expect(await look(1)).toBe(1);
    expect((await alerts())[0]?.data).toMatchObject({ scope: "project P", projectId, value: 0.75 });
  });

  it.each([
    ["UPSTREAM_ERROR_RATE", 0.25],
    ["DENIAL_RATE", 0],
    ["CALLS", 8],
    ["FAILED_CALLS", 2],
    ["TOTAL_TOKENS", 880],
    ["COST", 8_000],
    ["DURATION_P95", 202],
    ["TIME_TO_FIRST_TOKEN_P95", 40.5],
  ])("measures %s", async (metric, value) => {
    const { alertRule } = await make({ metric, threshold: 0.9 });
    await calls(8, 2, now, { costNanodollars: 1000n, timeToFirstTokenMs: 40 });
    await look();
    const found = (await read(alertRule.id)).rule.state.value;
    expect(Math.abs(found - value)).toBeLessThanOrEqual(value * 0.05);
  });

  it("of what is below, waits until the calls can have come; then a route that nobody calls is told of", async () => {
    await make({ metric: "CALLS", comparison: "BELOW", threshold: 5, windowMinutes: 5 });
    for (const minutesAgo of [0, 1, 2, 3]) await calls(4, 0, new Date(now.getTime() - minutesAgo * minuteMs));
    expect(await look()).toBe(0);
    expect(await look(5)).toBe(0);
    expect(await look(1)).toBe(1);
    expect((await alerts())[0]?.data).toMatchObject({ value: 4, comparison: "below" });
  });

  it("previews the last day and proposes a threshold", async () => {
    const base = Math.floor(Date.now() / minuteMs) * minuteMs;
    const at = (hours: number) => new Date(base - hours * 3_600_000);
    for (let hours = 2; hours < 12; hours++) await calls(20, 1, at(hours));
    await calls(20, 20, at(6.5));
    const ask = async (more: object) => {
      const { data, errors } = await client.ask(
        admin,
        `query($input: PreviewAlertRuleInput!) { previewAlertRule(input: $input) { __typename
           ... on AlertRulePreview { proposedThreshold points { value } firings { since until worst } }
           ... on ValidationError { issues { path message } } } }`,
        { input: { metric: "ERROR_RATE", comparison: "ABOVE", windowMinutes: 60, span: "DAY", ...more } },
      );
      expect(errors).toEqual([]);
      return data.previewAlertRule;
    };
    const preview = await ask({ threshold: 0.3 });
    expect(preview.firings).toMatchObject([{ worst: 0.525, until: expect.any(String) }]);
    expect(preview.points).toHaveLength(288);
    expect(Math.max(...preview.points.map(({ value }: { value: number | null }) => value ?? 0))).toBe(0.525);
    const week = await ask({ span: "WEEK" });
    expect(week.proposedThreshold).toBeGreaterThan(0.05);
    expect(await ask({ windowMinutes: 4 })).toMatchObject({ issues: [{ path: "windowMinutes", message: "must be from 5 to 1440" }] });
  });

  it.each([
    [{ name: " " }, "name"],
    [{ threshold: 5 }, "threshold"],
    [{ threshold: -1 }, "threshold"],
    [{ comparison: "BELOW", threshold: 0 }, "threshold"],
    [{ windowMinutes: 1441 }, "windowMinutes"],
    [{ holdMinutes: -1 }, "holdMinutes"],
    [{ callsMin: -1 }, "callsMin"],
    [{ emails: ["a@b\nbcc: c@d"] }, "emails[0]"],
    [{ webhookIds: ["018f0000-0000-7000-8000-000000000000"] }, "webhookIds"],
    [{ filter: { routeId: "018f0000-0000-7000-8000-000000000000" } }, "filter.routeId"],
    [{ filter: { routeId: "018f0000-0000-7000-8000-000000000000", backendId: "018f0000-0000-7000-8000-000000000000" } }, "filter"],
    [{ metric: "DENIAL_RATE", filter: { routeId: "018f0000-0000-7000-8000-000000000000" } }, "filter"],
  ])("refuses %j", async (input, path) => {
    expect(await make(input)).toMatchObject({ __typename: "ValidationError", issues: [{ path }] });
  });

  it("is one organisation's, changed by operators, with each change in the audit log", async () => {
    const { alertRule } = await make();
    expect(await make()).toMatchObject({ issues: [{ path: "name", message: "is another rule's already" }] });
    expect(await make({}, await tokenFor(services, organisationId, "developer"))).toMatchObject({ code: "FORBIDDEN" });
    const stranger = await tokenFor(services, await makeOrganisation(services, `o${++organisations}`), "admin");
    expect((await read(alertRule.id, stranger)).rule).toBeNull();
    const { id } = alertRule;
    expect(await mutate(client, stranger, "archiveAlertRule", { id, expectedRevision: 1 }, "alertRule { id }")).toMatchObject({
      code: "NOT_FOUND",
    });
    const changed = await mutate(
      client,
      admin,
      "updateAlertRule",
      { id, expectedRevision: 1, threshold: 0.2, name: "Errors" },
      "alertRule { name threshold revision windowMinutes }",
    );
    expect(changed.alertRule).toEqual({ name: "Errors", threshold: 0.2, revision: 2, windowMinutes: 5 });
    expect(await mutate(client, admin, "updateAlertRule", { id, expectedRevision: 1, threshold: 0.3 }, "alertRule { id }")).toMatchObject({
      currentRevision: 2,
    });
    await mutate(client, admin, "archiveAlertRule", { id, expectedRevision: 2 }, "alertRule { id }");
    const entries = await services.database.tenant(organisationId, (em) =>
      em.find(AuditEntry, { targetKind: "alert_rule" }, { orderBy: { id: "asc" } }),
    );
    expect(entries.map(({ action }) => action)).toEqual(["alert_rule.create", "alert_rule.update", "alert_rule.archive"]);
    await calls(10, 10);
    expect(await look()).toBe(0);
    expect(await services.database.tenant(organisationId, (em) => em.count(AlertRuleState, {}))).toBe(0);
  });
});
