/** How quotas stand now, over GraphQL: which bind a key, what the ledger says of them, and what cannot be made. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { readQuotaUse } from "../../control-plane/usage/quota-use.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { usageRecord } from "../money/ledger-calls.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let admin: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin");
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const make = async (type: string, input: object, fields: string) => {
  const answer = await client.ask(
    admin,
    `mutation($input: Create${type}Input!) { create${type}(input: $input) { ... on Create${type}Payload { ${fields} } ... on ValidationError { issues { path message } } } }`,
    { input },
  );
  expect(answer.errors).toEqual([]);
  return answer.data[`create${type}`];
};
const quota = (key: string, more: object) =>
  make(
    "Quota",
    { key, scopeKind: "ORGANISATION", resource: "TOKENS", window: "MONTH", limit: "1000", enforcement: "HARD", ...more },
    "quota { id key within { kind id } timeZone burst level { source used remaining windowEnd } }",
  );

it("the chain of a key's limits goes from the organisation down, with combinations, and each says how it stands", async () => {
  const project = (await make("Project", { key: "one", name: "One" }, "project { id }")).project.id as string;
  const other = (await make("Project", { key: "two", name: "Two" }, "project { id }")).project.id as string;
  const key = (await make("ApiKey", { projectId: project, name: "key", environment: "test" }, "apiKey { id }")).apiKey.id as string;
  await quota("of-key-in-project", { scopeKind: "API_KEY", scopeId: key, within: [{ kind: "PROJECT", id: project }] });
  await quota("elsewhere", { scopeKind: "PROJECT", scopeId: other });
  await quota("of-project", { scopeKind: "PROJECT", scopeId: project, window: "WEEK", timeZone: "Europe/Berlin" });
  const whole = await quota("whole", {});
  expect(whole.quota).toMatchObject({ within: [], timeZone: "UTC", burst: "0", level: { source: "LEDGER", used: "0", remaining: "1000" } });
  const { data } = await client.ask(
    admin,
    "query($id: ID!) { effectiveQuotas(apiKeyId: $id) { key scope level { used forecast holders { nodeId } } } }",
    {
      id: key,
    },
  );
  expect(data.effectiveQuotas.map((one: { key: string }) => one.key)).toEqual(["whole", "of-project", "of-key-in-project"]);
  expect(data.effectiveQuotas.map((one: { scope: string }) => one.scope)).toEqual([
    "the whole organisation",
    "project One",
    "key key on project One",
  ]);
  const ofProject = await client.ask(admin, "query($id: ID!) { effectiveQuotas(projectId: $id) { key } }", { id: project });
  expect(ofProject.data.effectiveQuotas.map((one: { key: string }) => one.key)).toEqual(["whole", "of-project"]);
  const ofNobody = await client.ask(admin, "{ effectiveQuotas { key } }");
  expect(ofNobody.errors[0]?.message).toContain("a key or a project");
});

it.each([
  ["window", { resource: "CONCURRENT_CALLS" }],
  ["window", { window: "NONE" }],
  ["burst", { burst: "5" }],
  ["burst", { window: "MINUTE", burst: "1001" }],
  ["timeZone", { timeZone: "Mars/Olympus" }],
  ["limit", { limit: "9007199254740992" }],
  ["within[0].kind", { within: [{ kind: "ORGANISATION" }] }],
  ["within[0].id", { within: [{ kind: "ROUTE" }] }],
  ["within[0].id", { within: [{ kind: "BACKEND", id: randomUUID() }] }],
])("a quota that cannot be counted is refused at %s: %j", async (path, more) => {
  const refused = await quota("refused", more);
  expect(refused.issues.map((issue: { path: string }) => issue.path)).toContain(path);
});

it("the ledger knows what was used: by calls that ended well, were cut half-way or lost with their node, and not by refused or cached ones", async () => {
  const organisationId = await makeOrganisation(services, "counted");
  const token = await tokenFor(services, organisationId, "admin");
  const input = { key: "all", scopeKind: "ORGANISATION", resource: "TOKENS", window: "LIFETIME", limit: "1000", enforcement: "HARD" };
  const made = await client.ask(
    token,
    "mutation($input: CreateQuotaInput!) { createQuota(input: $input) { ... on CreateQuotaPayload { quota { id } } } }",
    { input },
  );
  const usage = { inputTokens: 10n, outputTokens: 20n };
  const at = new Date();
  const refused = usageRecord({ organisationId, at, outcome: Outcome.DENIED });
  if (refused.record.case === "usage") delete refused.record.value.usage;
  await recordUsage(services.database, [
    usageRecord({ organisationId, at, usage }),
    usageRecord({ organisationId, at, usage, outcome: Outcome.DENIED }),
    usageRecord({ organisationId, at, usage: { ...usage, estimated: true }, outcome: Outcome.NODE_LOST }),
    usageRecord({ organisationId, at, usage, cache: "hit" }),
    refused,
  ]);
  const id = made.data.createQuota.quota.id as string;
  expect(await readQuotaUse(services.database, organisationId, at)).toMatchObject([{ quotaId: id, used: 90n }]);
});
