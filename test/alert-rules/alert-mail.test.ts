/** E-mail of alert rules, to a real SMTP server: one to each address, tried again, given up, and what went wrong seen on the rule. */
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, expect, it } from "vitest";
import { evaluateRules } from "../../control-plane/alert-rules/evaluate-rules.ts";
import { deliverMails } from "../../control-plane/mail/deliver-mails.ts";
import { type Mailer, openMailer } from "../../control-plane/mail/mailer.ts";
import { readControlPlaneSettings } from "../../control-plane/settings.ts";
import { makeOrganisation, openTestServices } from "../harness/control-plane.ts";
import { mutate, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { startPostgres } from "../harness/postgres.ts";

const from = "Penstock <alerts@gateway.example>";
const postgres = await startPostgres();
const services = await openTestServices(await postgres.createDatabase(), { smtp: { url: "smtp://127.0.0.1:1", from } });
const client = await serveGraphql(services);
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});
let organisations = 0;
const operator = async () => tokenFor(services, await makeOrganisation(services, `o${++organisations}`), "operator");

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  // What is left must not be the next test's.
  await services.database.system(async (em) => {
    await em.execute("update alert_rule set archived_at = now() where archived_at is null");
    await em.execute("update alert_mail set state = 'failed' where state = 'waiting'");
  });
});

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

async function mailServer(options: Partial<SMTPServerOptions> = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    // Names of addresses are nobody's business here, and may take seconds.
    disableReverseLookup: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString("utf8"),
        });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { received, url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
}

/** A rule that tells these, and a way to see what became of it. */
async function told(emails: readonly string[], mailer: Mailer | undefined) {
  const token = await operator();
  const rule = { name: "Nobody calls", metric: "CALLS", comparison: "BELOW", threshold: 1, windowMinutes: 5, emails };
  const { alertRule } = await mutate(client, token, "createAlertRule", rule, "alertRule { id }");
  const fire = async () => expect(await evaluateRules(services, new Date())).toBe(1);
  const test = () => mutate(client, token, "testAlertRule", { id: alertRule.id }, "messages");
  const deliver = (laterMs = 0) => deliverMails(services, mailer, new Date(Date.now() + laterMs));
  const messages = async () => {
    const { data } = await client.ask(
      token,
      `{ alertRule(id: "${alertRule.id}") { messages { to webhookId isTest state attempts error } } }`,
    );
    return data.alertRule.messages;
  };
  return { fire, test, deliver, messages };
}
const mailerOf = (url: string) => {
  const mailer = openMailer({ url, from });
  if (mailer === undefined) throw new Error("there is no mailer");
  closers.push(mailer.close);
  return mailer;
};

it("sends one to each address, from the operator's, with the same id for the same news", async () => {
  const server = await mailServer();
  const { fire, deliver, messages } = await told(["ops@example.com", "boss@example.com"], mailerOf(server.url));
  await fire();
  expect([await deliver(), await deliver(3_600_000)]).toEqual([2, 0]);
  expect(server.received.map(({ to }) => to).sort()).toEqual([["boss@example.com"], ["ops@example.com"]]);
  const [mail] = server.received;
  expect(mail?.from).toBe("alerts@gateway.example");
  expect(mail?.text).toMatch(/^From: Penstock <alerts@gateway\.example>\r$/m);
  expect(mail?.text).toMatch(/^Subject: Alert: Nobody calls\r$/m);
  expect(mail?.text).toMatch(/^Message-ID: <[\w-]+@gateway\.example>\r$/m);
  expect(mail?.text.replaceAll("=\r\n", "")).toContain("\r\n\r\nCalls of the whole organisation: 0 over the last 5 minutes, below 1.");
  expect(await messages()).toMatchObject([
    { state: "DELIVERED", attempts: 1, error: null, webhookId: null, isTest: false },
    { state: "DELIVERED", attempts: 1 },
  ]);
});

it("tries again what the server cannot take now, and shows why; then gives up", async () => {
  let refusals = 0;
  const server = await mailServer({
    onRcptTo: (_address, _session, callback) =>
      refusals++ < 1 ? callback(Object.assign(new Error("the disk is full"), { responseCode: 452 })) : callback(),
  });
  const { test, deliver, messages } = await told(["ops@example.com"], mailerOf(server.url));
  expect(await test()).toMatchObject({ messages: 1 });
  await deliver();
  expect(await messages()).toMatchObject([{ isTest: true, state: "WAITING", attempts: 1, error: expect.stringContaining("disk is full") }]);
  expect([await deliver(9_000), await deliver(11_000)]).toEqual([0, 1]);
  expect(await messages()).toMatchObject([{ state: "DELIVERED", attempts: 2, error: null }]);
  expect(server.received[0]?.text).toContain("Subject: Test: Nobody calls");
  refusals = Number.NEGATIVE_INFINITY;
  await test();
  let tried = 0;
  for (let hours = 0; hours < 24; hours++) tried += await deliver(hours * 3 * 3_600_000);
  expect(tried).toBe(6);
  expect((await messages())[0]).toMatchObject({ state: "FAILED", attempts: 6 });
});

it("does not try again what the server refuses for good", async () => {
  const server = await mailServer({
    onRcptTo: (_address, _session, callback) => callback(Object.assign(new Error("no such mailbox"), { responseCode: 550 })),
  });
  const { fire, deliver, messages } = await told(["nobody@example.com"], mailerOf(server.url));
  await fire();
  await deliver();
  expect(await messages()).toMatchObject([{ state: "FAILED", attempts: 1, error: expect.stringContaining("no such mailbox") }]);
});

it.each([
  ["a server that is not there", "smtp://127.0.0.1:1", /ECONNREFUSED|connect/i],
  ["nothing set up", undefined, /PENSTOCK_SMTP_URL/],
])("shows %s on the rule", async (_, url, error) => {
  const { fire, deliver, messages } = await told(["ops@example.com"], url === undefined ? undefined : mailerOf(url));
  await fire();
  await deliver();
  expect((await messages())[0].error).toMatch(error);
});

it("says what is wrong with the settings, and refuses addresses where there is no server", async () => {
  const key = "0".repeat(64);
  const base = { PENSTOCK_PEPPER: "p", PENSTOCK_SEALING_KEY: key, PENSTOCK_SIGNING_KEY: key };
  const read = (more: Record<string, string>) => readControlPlaneSettings({ ...base, ...more }).smtp;
  expect(read({})).toBeUndefined();
  expect(read({ PENSTOCK_SMTP_URL: "smtp://mail:587", PENSTOCK_SMTP_FROM: from })).toEqual({ url: "smtp://mail:587", from });
  expect(() => read({ PENSTOCK_SMTP_URL: "mail.example.com" })).toThrow(/no URL of a mail server/);
  expect(() => read({ PENSTOCK_SMTP_URL: "smtp://mail:587" })).toThrow(/PENSTOCK_SMTP_FROM must be/);
  const without = await serveGraphql({ ...services, settings: { ...services.settings, smtp: undefined } });
  closers.push(without.close);
  const rule = { name: "r", metric: "CALLS", comparison: "ABOVE", threshold: 1, windowMinutes: 5, emails: ["a@example.com"] };
  expect(await mutate(without, await operator(), "createAlertRule", rule, "alertRule { id }")).toMatchObject({
    issues: [{ path: "emails", message: expect.stringContaining("PENSTOCK_SMTP_URL") }],
  });
});
