/** The control plane as it runs: a budget that is reached is heard of by webhook and by subscription, and the test button works. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { type ControlPlane, startControlPlane } from "../../control-plane/main.ts";
import { readControlPlaneSettings } from "../../control-plane/settings.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { recordCalls } from "./ledger-calls.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const logger = openLogger("silent");
let postgres: PostgresServer;
let receiver: WebhookReceiver;
let plane: ControlPlane;
let dataDir: string;
let databaseUrl: string;
let token: string;

beforeAll(async () => {
  postgres = await startPostgres();
  receiver = await startReceiver();
  databaseUrl = await postgres.createDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "penstock-money-"));
  const secret = () => randomBytes(32).toString("hex");
  const settings = readControlPlaneSettings({
    PENSTOCK_CONTROL_PORT: "0",
    PENSTOCK_CONFIG_PORT: "0",
    PENSTOCK_DATA_DIR: dataDir,
    PENSTOCK_DATABASE_URL: databaseUrl,
    PENSTOCK_PEPPER: secret(),
    PENSTOCK_SEALING_KEY: secret(),
    PENSTOCK_SIGNING_KEY: secret(),
    PENSTOCK_PRIVATE_ADDRESSES: "127.0.0.1",
  });
  plane = await startControlPlane(settings, logger);
  token = (JSON.parse(readFileSync(join(dataDir, "credentials.json"), "utf8")) as { adminToken: string }).adminToken;
});
afterAll(async () => {
  await plane.close();
  await receiver.close();
  await postgres.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const url = () => `http://127.0.0.1:${plane.graphqlPort}/graphql`;
const headers = () => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });
const ask = async (query: string, variables: object = {}) => {
  const answer = await fetch(url(), { method: "POST", headers: headers(), body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await answer.json()) as { data: Record<string, Record<string, Record<string, string>>>; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
};
/** Each webhook's secret is its own; here there is one. */
const heard = (secret: string, type: string) =>
  receiver.received
    .map(
      ({ body, headers }) =>
        new Verifier(secret).verify(body, headers as Record<string, string>) as { type: string; data: Record<string, unknown> },
    )
    .filter((message) => message.type === type);

it("tells of a budget within seconds, and delivers what the test button sends", async () => {
  const made = await ask(
    "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { ... on WebhookSecretPayload { secret webhook { id } } } }",
    {
      input: { name: "finance", url: receiver.url },
    },
  );
  const { secret, webhook } = made["createWebhook"] as unknown as { secret: string; webhook: { id: string } };
  await ask("mutation($input: TestWebhookInput!) { testWebhook(input: $input) { __typename } }", { input: { id: webhook.id } });
  await expect.poll(() => heard(secret, "webhook.test").length, { timeout: 20_000 }).toBe(1);

  const leaving = new AbortController();
  const news = await fetch(url(), {
    method: "POST",
    headers: { ...headers(), accept: "text/event-stream" },
    body: JSON.stringify({ query: "subscription { news { nodes { id } alert { type data } } }" }),
    signal: leaving.signal,
  });
  let told = "";
  const reading = (async () => {
    for await (const chunk of news.body ?? []) told += Buffer.from(chunk).toString("utf8");
  })().catch(() => undefined);

  await ask("mutation($input: CreateBudgetInput!) { createBudget(input: $input) { __typename } }", {
    input: { key: "tiny", scopeKind: "ORGANISATION", limitNanodollars: "100", period: "DAY", thresholdPercents: [80] },
  });
  const { organisation } = await ask("{ organisation { id } }");
  const ledger = await openDatabase({ databaseUrl, dataDir }, logger);
  try {
    await recordCalls(ledger, [{ organisationId: String(organisation?.["id"]), at: new Date(), costNanodollars: 85n }]);
  } finally {
    await ledger.close();
  }
  await expect
    .poll(() => heard(secret, "budget.threshold_reached").map(({ data }) => data["budgetKey"]), { timeout: 25_000 })
    .toEqual(["tiny"]);
  await expect.poll(() => told, { timeout: 10_000 }).toContain("BUDGET_THRESHOLD_REACHED");
  expect(told).toContain('"news":{"nodes":[],"alert":null}');
  leaving.abort();
  await reading;
}, 60_000);
