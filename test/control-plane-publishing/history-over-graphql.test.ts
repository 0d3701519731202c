/** History as an administrator sees it: revisions, what differs between two, and the way back to one. */
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { signerOf } from "#agreements/signature.ts";
import { openAlertFeed } from "../../control-plane/alerts/alert-feed.ts";
import { openDatabase } from "../../control-plane/database/orm.ts";
import { type Distribution, startDistribution } from "../../control-plane/distribution.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { committedSignal, type Services } from "../../control-plane/services.ts";
import { readControlPlaneSettings } from "../../control-plane/settings.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

const logger = openLogger("silent");
const secret = "07".repeat(32);
let postgres: PostgresServer;
let services: Services;
let distribution: Distribution;
let graphql: GraphqlClient;
let token: string;
let stranger: string;

beforeAll(async () => {
  postgres = await startPostgres();
  const settings = readControlPlaneSettings({
    PENSTOCK_CONTROL_PORT: "0",
    PENSTOCK_CONFIG_PORT: "0",
    PENSTOCK_PEPPER: "a pepper for tests",
    PENSTOCK_SEALING_KEY: secret,
    PENSTOCK_SIGNING_KEY: secret,
    PENSTOCK_DATABASE_URL: await postgres.createDatabase(),
    PENSTOCK_PRIVATE_ADDRESSES: "127.0.0.1",
  });
  const database = await openDatabase(settings, logger);
  const core = { settings, logger, database, signer: signerOf(settings.signingKey), committed: committedSignal(logger) };
  distribution = await startDistribution(core);
  services = { ...core, ...distribution, alerts: openAlertFeed(database, logger) };
  token = await tokenFor(services, await organisation("one"), "admin");
  stranger = await tokenFor(services, await organisation("two"), "admin");
  graphql = await serveGraphql(services);
});
afterAll(async () => {
  await graphql.close();
  await distribution.close();
  await services.alerts.close();
  await services.database.close();
  await postgres.close();
});

async function organisation(key: string): Promise<string> {
  const organisationId = v7();
  await changeConfiguration(services, { actor: "test", organisationId }, { action: "test", summary: key }, async (change) => {
    change.create("organisation", { id: organisationId, key, name: key });
  });
  return organisationId;
}

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
async function ask(query: string, variables: object = {}, by = token): Promise<any> {
  const answer = await graphql.ask(by, query, variables);
  expect(answer.errors).toEqual([]);
  return answer.data;
}

const payload = "configRevision { epoch number hash } propagation { nodeId applied }";
const errors = "... on UserError { __typename code message }";

async function createProject(key: string) {
  const data = await ask(
    `mutation ($key: String!) { createProject(input: { key: $key, name: "First" }) { ${errors} ... on CreateProjectPayload { project { id revision } ${payload} } } }`,
    { key },
  );
  return data.createProject;
}

async function rename(id: string, expectedRevision: number, name: string) {
  const data = await ask(
    `mutation ($id: ID!, $expectedRevision: Int!, $name: String!) {
      updateProject(input: { id: $id, expectedRevision: $expectedRevision, name: $name }) { ${errors} ... on UpdateProjectPayload { project { revision } ${payload} } } }`,
    { id, expectedRevision, name },
  );
  return data.updateProject;
}

const restore = async (number: string, by = token) =>
  (
    await ask(
      `mutation ($number: BigInt!) { restoreRevision(input: { number: $number }, waitForPropagation: true) {
        ${errors} ... on RestoreRevisionPayload { restoredCount ${payload} } } }`,
      { number },
      by,
    )
  ).restoreRevision;

const projectOf = async (id: string) => (await ask("query ($id: ID!) { project(id: $id) { name revision archivedAt } }", { id })).project;

describe("history", () => {
  it("lists revisions newest first with what each changed, and shows no secret", async () => {
    const made = await createProject("listed");
    const key = await ask(
      `mutation ($id: ID!) { createApiKey(input: { projectId: $id, name: "k", environment: "test" }) { ${errors} ... on CreateApiKeyPayload { apiKey { id } } } }`,
      { id: made.project.id },
    );
    const { revisions } = await ask(
      "{ revisions(first: 2) { edges { cursor node { number actor summary changes { kind entityId operation columns references { kind id name } before after } } } pageInfo { hasNextPage endCursor } } }",
    );
    const [newest, before] = revisions.edges.map((edge: { node: unknown }) => edge.node);
    expect(newest.changes).toMatchObject([{ kind: "api_key", entityId: key.createApiKey.apiKey.id, operation: "create", before: null }]);
    // That the hash was made is no secret; what the id of the project stands for is read with it.
    expect(newest.changes[0].columns).toContain("API_KEY_HASH");
    expect(newest.changes[0].columns).not.toContain("API_KEY_REVOKED_AT");
    expect(newest.changes[0].references).toEqual([{ kind: "project", id: made.project.id, name: "First" }]);
    expect(Object.keys(newest.changes[0].after)).not.toContain("hash");
    expect(Object.keys(newest.changes[0].after)).toContain("lastFour");
    expect(before.number).toBe(made.configRevision.number);
    const next = await ask("query ($after: String) { revisions(first: 2, after: $after) { edges { node { number } } } }", {
      after: revisions.pageInfo.endCursor,
    });
    expect(Number(next.revisions.edges[0].node.number)).toBeLessThan(Number(before.number));
    // Another organisation sees nothing of it.
    const others = await ask("{ revisions(first: 100) { edges { node { number } } } }", {}, stranger);
    expect(others.revisions.edges.map((edge: { node: { number: string } }) => edge.node.number)).not.toContain(before.number);
  });

  it("tells what differs between two revisions, in either direction", async () => {
    const made = await createProject("compared");
    await rename(made.project.id, 1, "Second");
    const last = await rename(made.project.id, 2, "Third");
    const compare = async (from: string, to: string, by = token) =>
      (
        await ask(
          `query ($from: BigInt!, $to: BigInt!) { compareRevisions(from: $from, to: $to) { ${errors} ... on ComparedRevisions { changesCount changes { kind entityId operation changedPaths columns before after } } } }`,
          { from, to },
          by,
        )
      ).compareRevisions;
    const [first, second] = [made.configRevision.number, last.configRevision.number];
    expect(await compare(first, second)).toMatchObject({
      changesCount: 1,
      changes: [
        {
          kind: "project",
          entityId: made.project.id,
          operation: "update",
          changedPaths: ["name"],
          columns: ["PROJECT_NAME"],
          before: { name: "First" },
          after: { name: "Third" },
        },
      ],
    });
    expect(await compare(second, first)).toMatchObject({
      changes: [{ operation: "update", before: { name: "Third" }, after: { name: "First" } }],
    });
    expect(await compare(first, "999999")).toMatchObject({ __typename: "NotFoundError" });
    expect(await compare(first, second, stranger)).toMatchObject({ __typename: "NotFoundError" });
  });

  it("restores a revision as a new one: images come back, what came later is archived, keys are left alone", async () => {
    const kept = await createProject("kept");
    const key = (
      await ask(
        `mutation ($id: ID!) { createApiKey(input: { projectId: $id, name: "k", environment: "test" }) { ${errors} ... on CreateApiKeyPayload { apiKey { id } ${payload} } } }`,
        { id: kept.project.id },
      )
    ).createApiKey;
    const target = key.configRevision.number;
    await rename(kept.project.id, 1, "Renamed");
    const later = await createProject("later");
    const revoked = await ask(
      `mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { ${errors} ... on RevokeApiKeyPayload { apiKey { revokedAt } ${payload} } } }`,
      { id: key.apiKey.id },
    );
    expect(revoked.revokeApiKey.apiKey?.revokedAt).toBeTruthy();

    const restored = await restore(target);
    expect(restored).toMatchObject({ restoredCount: 2, propagation: [] });
    expect(BigInt(restored.configRevision.number)).toBe(BigInt(revoked.revokeApiKey.configRevision.number) + 1n);
    expect(await projectOf(kept.project.id)).toMatchObject({ name: "First", revision: 3, archivedAt: null });
    expect((await projectOf(later.project.id)).archivedAt).toBeTruthy();
    const { apiKey } = await ask("query ($id: ID!) { apiKey(id: $id) { revokedAt } }", { id: key.apiKey.id });
    expect(apiKey.revokedAt).toBeTruthy();

    // And forward again: the restore is a revision like any other.
    await restore(revoked.revokeApiKey.configRevision.number);
    expect(await projectOf(kept.project.id)).toMatchObject({ name: "Renamed" });
    expect((await projectOf(later.project.id)).archivedAt).toBeNull();
  });

  it("refuses to restore what would not hold together, or another organisation's revision, and changes nothing", async () => {
    const before = await createProject("before");
    const project = await createProject("needed-by-a-key");
    await ask(
      `mutation ($id: ID!) { createApiKey(input: { projectId: $id, name: "k", environment: "test" }) { ${errors} ... on CreateApiKeyPayload { apiKey { id } } } }`,
      { id: project.project.id },
    );
    expect(await restore(before.configRevision.number)).toMatchObject({ __typename: "ValidationError" });
    expect((await projectOf(project.project.id)).archivedAt).toBeNull();
    expect(await restore(before.configRevision.number, stranger)).toMatchObject({ __typename: "NotFoundError" });
    expect(await restore("123456789")).toMatchObject({ __typename: "NotFoundError" });
  });
});

describe("news of the configuration", () => {
  it("come over server-sent events at once and after each change, and closing lets the listener go", async () => {
    let listeners = 0;
    const { onChange } = services.propagation;
    const counting: Services = {
      ...services,
      propagation: {
        ...services.propagation,
        onChange: (listener) => {
          const stop = onChange(listener);
          listeners++;
          return () => {
            listeners--;
            stop();
          };
        },
      },
    };
    const server = await serveGraphql(counting);
    onTestFinished(() => server.close());
    const made = await createProject("seen-in-the-news");
    await expect.poll(() => services.propagation.current()?.number.toString()).toBe(made.configRevision.number);
    const closing = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: "subscription { configRevision { epoch number hash } }" }),
      signal: closing.signal,
    });
    expect(response.status).toBe(200);
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => {});
    await expect.poll(() => text, { timeout: 5000 }).toContain(`"number":"${made.configRevision.number}"`);
    expect(listeners).toBe(1);
    const next = await createProject("news");
    await expect.poll(() => text, { timeout: 5000 }).toContain(`"number":"${next.configRevision.number}"`);
    closing.abort();
    await reading;
    await expect.poll(() => listeners, { timeout: 5000 }).toBe(0);
  });
});

describe("the ledger and the nodes", () => {
  it("answer over GraphQL", async () => {
    const data = await ask(`{
      nodes { id state revisionsBehind }
      usageEvents(first: 5, filter: { outcome: OK }) { edges { node { callId costNanodollars } } pageInfo { hasNextPage } }
      usageEvent(callId: "0198c0de-0000-7000-8000-000000000000") { callId }
      usageSummary(range: { since: "2027-01-01T00:00:00Z", until: "2027-02-01T00:00:00Z" }, groupBy: ROUTE) {
        ... on UserError { message } ... on QueryUsageSummarySuccess { groups { group requests } } }
    }`);
    expect(data).toMatchObject({ nodes: [], usageEvents: { edges: [] }, usageEvent: null });
    const refused = await graphql.ask(undefined, "{ nodes { id } }");
    expect(refused.errors.length).toBeGreaterThan(0);
  });
});
