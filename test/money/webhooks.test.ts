/** Webhooks: signed as the specification's own library reads them, tried again, never sent where nobody may call. */
import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { raiseAlert } from "../../control-plane/alerts/raise-alert.ts";
import { WebhookDelivery } from "../../control-plane/database/entities/webhook.ts";
import { deliverWebhooks } from "../../control-plane/webhooks/deliver-webhooks.ts";
import { type WebhookPoster, webhookPoster } from "../../control-plane/webhooks/post-webhook.ts";
import { newSecret, signatureHeaders } from "../../control-plane/webhooks/webhook-signature.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

let services: TestServices;
let client: GraphqlClient;
let receiver: WebhookReceiver;
let poster: WebhookPoster;
let organisations = 0;
let organisationId: string;
let admin: string;

beforeAll(async () => {
  services = await openTestServices(undefined);
  client = await serveGraphql(services);
});
afterAll(async () => {
  await client.close();
  await services.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
  poster = webhookPoster(services.settings.privateAddresses);
  organisationId = await makeOrganisation(services, `o${++organisations}`);
  admin = await tokenFor(services, organisationId, "admin");
});
afterEach(async () => {
  await poster.close();
  await receiver.close();
  // What is left waiting must not be the next test's.
  await services.database.system((em) => em.execute("update webhook_delivery set state = 'failed' where state = 'waiting'"));
});

const change = async (name: string, input: object, fields: string, token = admin) => {
  const type =
    { rotateWebhookSecret: "WebhookRevision", archiveWebhook: "WebhookRevision" }[name] ??
    `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const payload =
    {
      createWebhook: "WebhookSecretPayload",
      rotateWebhookSecret: "WebhookSecretPayload",
      testWebhook: "WebhookDeliveryPayload",
      redeliverWebhook: "WebhookDeliveryPayload",
    }[name] ?? "WebhookPayload";
  const { data, errors } = await client.ask(
    token,
    `mutation($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${payload} { ${fields} } ... on ValidationError { issues { path message } } ... on UserError { code } } }`,
    { input },
  );
  expect(errors).toEqual([]);
  return data[name];
};
const hook = (more: object = {}) =>
  change("createWebhook", { name: "finance", url: `${receiver.url}/hook/?key=a%20b`, ...more }, "secret webhook { id revision url host }");
const alert = (occasion: string, data: object = { budgetKey: "b" }) =>
  services.database.system((em) =>
    raiseAlert(em, { organisationId, at: new Date("2026-11-21T12:00:00Z"), type: "budget.threshold_reached", occasion, data: { ...data } }),
  );
const deliveries = () =>
  services.database.tenant(organisationId, (em) => em.find(WebhookDelivery, {}, { orderBy: { id: "asc" }, disableIdentityMap: true }));
const later = (ms: number) => new Date(Date.now() + ms);

it("sends an alert once, signed so that the specification's own library takes it", async () => {
  const { secret, webhook } = await hook();
  expect([webhook.host, webhook.url]).toEqual([new URL(receiver.url).host, `${receiver.url}/hook/?key=a%20b`]);
  expect(await alert("once")).toBeDefined();
  expect(await alert("once")).toBeUndefined();
  expect(await deliverWebhooks(services, poster, new Date())).toBe(1);
  expect(await deliverWebhooks(services, poster, new Date())).toBe(0);
  const [message] = receiver.received;
  expect(message?.path).toBe("/hook/?key=a%20b");
  const headers = message?.headers as Record<string, string>;
  expect(new Verifier(secret).verify(message?.body ?? "", headers)).toEqual({
    type: "budget.threshold_reached",
    timestamp: "2026-11-21T12:00:00.000Z",
    data: { budgetKey: "b" },
  });
  expect(() => new Verifier(newSecret()).verify(message?.body ?? "", headers)).toThrow();
  expect(() => new Verifier(secret).verify(`${message?.body} `, headers)).toThrow();
  const [delivery] = await deliveries();
  expect(delivery).toMatchObject({ id: headers["webhook-id"], state: "delivered", attempts: [{ httpStatus: 204, error: null }] });
});

it("tries again after a growing pause, by the same id, and fails after the last", async () => {
  await hook();
  receiver.answers.push({ status: 500 }, { status: 503 });
  await alert("again");
  await deliverWebhooks(services, poster, new Date());
  expect(await deliverWebhooks(services, poster, later(3_000))).toBe(0);
  expect(await deliverWebhooks(services, poster, later(6_000))).toBe(1);
  expect(await deliverWebhooks(services, poster, later(50_000))).toBe(0);
  expect(await deliverWebhooks(services, poster, later(70_000))).toBe(1);
  const [delivery] = await deliveries();
  expect(delivery?.state).toBe("delivered");
  expect(delivery?.attempts.map(({ httpStatus }) => httpStatus)).toEqual([500, 503, 204]);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);

  receiver.answers.push(...Array.from({ length: 20 }, () => ({ status: 500 })));
  await alert("never");
  let posted = 0;
  for (let hours = 0; hours < 60; hours++) posted += await deliverWebhooks(services, poster, later(hours * 20 * 3_600_000));
  expect(posted).toBe(9);
  expect((await deliveries())[1]).toMatchObject({ state: "failed", finishedAt: expect.any(Date) });
});

it.each([
  ["a redirect, which nobody follows", { status: 302, location: "http://169.254.169.254/latest/meta-data" }, /redirects/, "waiting"],
  ["410: it wants no more", { status: 410 }, /410/, "failed"],
])("%s", async (_, answer, error, state) => {
  await hook();
  receiver.answers.push(answer);
  await alert("answered");
  await deliverWebhooks(services, poster, new Date());
  expect(await deliveries()).toMatchObject([{ state, attempts: [{ httpStatus: answer.status, error: expect.stringMatching(error) }] }]);
  expect(receiver.received.length).toBe(1);
});

it("a receiver that is away, and one that may not be called any more, are attempts that failed", async () => {
  await hook();
  await receiver.close();
  await alert("away");
  await deliverWebhooks(services, poster, new Date());
  const strict = webhookPoster([]);
  receiver = await startReceiver();
  await change("createWebhook", { name: "second", url: receiver.url }, "secret");
  await alert("refused");
  for (let round = 0; round < 2; round++) await deliverWebhooks(services, strict, later(round * 10_000));
  expect(receiver.received).toEqual([]);
  const errors = (await deliveries()).flatMap(({ attempts }) => attempts.map((attempt) => attempt.error));
  expect(errors[0]).toMatch(/ECONNREFUSED/);
  expect(errors.at(-1)).toMatch(/may not call/);
});

it.each([
  ["http://169.254.169.254/latest", /metadata|linkLocal/],
  ["http://10.0.0.1/hook", /PENSTOCK_PRIVATE_ADDRESSES/],
  ["ftp://127.0.0.1/", /http/],
  ["http://user:pass@127.0.0.1/", /user name/],
  ["http://127.0.0.1/#part", /fragment/],
  ["nonsense", /URL/],
])("refuses %s when it is saved", async (url, message) => {
  const refused = await change("createWebhook", { name: "x", url }, "secret");
  expect(refused).toMatchObject({ __typename: "ValidationError", issues: [{ path: "url", message: expect.stringMatching(message) }] });
});

it("a new secret and the one before it sign together for a day", async () => {
  const { secret, webhook } = await hook();
  const { secret: next } = await change(
    "rotateWebhookSecret",
    { id: webhook.id, expectedRevision: 1 },
    "secret webhook { previousSecretUntil }",
  );
  await alert("rotated");
  await deliverWebhooks(services, poster, new Date());
  const [message] = receiver.received;
  for (const each of [secret, next]) new Verifier(each).verify(message?.body ?? "", message?.headers as Record<string, string>);
  await services.database.system((em) => em.execute("update webhook set previous_secret_until = now() - interval '1 second'"));
  await alert("a day later");
  await deliverWebhooks(services, poster, new Date());
  const last = receiver.received[1];
  new Verifier(next).verify(last?.body ?? "", last?.headers as Record<string, string>);
  expect(() => new Verifier(secret).verify(last?.body ?? "", last?.headers as Record<string, string>)).toThrow();
});

it("the test button sends a message whose delivery can be read, and one that failed can be sent again", async () => {
  const { webhook } = await hook({ alertTypes: ["PRICE_MISSING"] });
  await alert("not wanted");
  receiver.answers.push({ status: 410 });
  const { delivery } = await change("testWebhook", { id: webhook.id }, "delivery { id state type alertId }");
  expect(delivery).toEqual({ id: expect.any(String), state: "WAITING", type: "WEBHOOK_TEST", alertId: null });
  expect(await deliverWebhooks(services, poster, later(1_000))).toBe(1);
  await change("redeliverWebhook", { deliveryId: delivery.id }, "delivery { state }");
  await deliverWebhooks(services, poster, later(1_000));
  const { data } = await client.ask(
    admin,
    "query($id: ID) { webhookDeliveries(webhookId: $id) { edges { node { id state nextAttemptAt attempts { httpStatus error } } } } }",
    { id: webhook.id },
  );
  expect(data.webhookDeliveries.edges).toEqual([
    {
      node: {
        id: delivery.id,
        state: "DELIVERED",
        nextAttemptAt: null,
        attempts: [
          { httpStatus: 410, error: "status 410" },
          { httpStatus: 204, error: null },
        ],
      },
    },
  ]);
});

it("switched off or archived, nothing goes out any more, not even what waited", async () => {
  const { webhook } = await hook();
  await alert("waiting");
  await change("updateWebhook", { id: webhook.id, expectedRevision: 1, enabled: false }, "webhook { enabled }");
  await deliverWebhooks(services, poster, new Date());
  await alert("later");
  expect(await deliverWebhooks(services, poster, later(100_000))).toBe(0);
  expect(receiver.received).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: "failed", attempts: [{ error: expect.stringMatching(/switched off/) }] }]);
  expect(await change("archiveWebhook", { id: webhook.id, expectedRevision: 1 }, "webhook { id }")).toMatchObject({ code: "CONFLICT" });
  await change("archiveWebhook", { id: webhook.id, expectedRevision: 2 }, "webhook { id }");
  const { data } = await client.ask(
    admin,
    '{ webhooks { edges { node { id } } } auditEntries(first: 5, filter: { kind: WEBHOOK }) { edges { node { action details } } } none: auditEntries(first: 5, filter: { kind: WEBHOOK, targetKind: "route" }) { edges { node { action } } } }',
  );
  expect(data.webhooks.edges).toEqual([]);
  expect(data.none.edges).toEqual([]);
  expect(data.auditEntries.edges.slice(0, 3).map(({ node }: { node: { action: string } }) => node.action)).toEqual([
    "webhook.archive",
    "webhook.update",
    "webhook.create",
  ]);
});

it("secrets stand nowhere in the open, viewers do not see URLs, and strangers see nothing", async () => {
  const { secret, webhook } = await hook();
  await change("rotateWebhookSecret", { id: webhook.id, expectedRevision: 1 }, "secret");
  const tables = await services.database.system((em) =>
    em.execute<{ name: string }[]>("select table_name as name from information_schema.tables where table_schema = current_schema()"),
  );
  for (const { name } of tables)
    expect(
      await services.database.system((em) => em.execute(`select 1 from "${name}" t where t::text like '%${secret.slice(6, 40)}%'`)),
      name,
    ).toEqual([]);
  const viewer = await tokenFor(services, organisationId, "viewer");
  const seen = await client.ask(viewer, "query($id: ID!) { webhook(id: $id) { host url } }", { id: webhook.id });
  expect(seen.data.webhook).toEqual({ host: new URL(receiver.url).host, url: null });
  expect(await change("testWebhook", { id: webhook.id }, "delivery { id }", viewer)).toMatchObject({ code: "FORBIDDEN" });
  const stranger = await tokenFor(services, await makeOrganisation(services, `s${organisations}`), "admin");
  expect((await client.ask(stranger, "query($id: ID!) { webhook(id: $id) { id } }", { id: webhook.id })).data.webhook).toBeNull();
  expect(await change("testWebhook", { id: webhook.id }, "delivery { id }", stranger)).toMatchObject({ code: "NOT_FOUND" });
});

it("an alert reaches those who listen, of its own organisation alone", async () => {
  const stranger = await makeOrganisation(services, `l${organisations}`);
  const heard: string[] = [];
  const stopStranger = services.alerts.listen(stranger, () => heard.push("stranger"));
  const stop = services.alerts.listen(organisationId, ({ type }) => heard.push(type));
  await alert("heard");
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["budget.threshold_reached"]);
  stop();
  stopStranger();
});

it("an empty or foreign secret signs nothing", () => {
  for (const secret of ["", "whsec_", "whsec_c2hvcnQ=", newSecret().slice(6)])
    expect(() => signatureHeaders({ id: "msg", at: new Date(), body: "{}" }, [secret])).toThrow("not the secret");
});
