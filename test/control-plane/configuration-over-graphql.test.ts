import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentialMatches, publicIdOf } from "#agreements/api-key-format.ts";
import { openSecret } from "#agreements/sealed-secret.ts";
import { ApiKey } from "../../control-plane/database/entities/api-key.ts";
import { Provider } from "../../control-plane/database/entities/provider.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, mutate as mutateAs, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let databaseUrl: string;
let services: TestServices;
let client: GraphqlClient;
let organisationId: string;
let admin: string;

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  services = await openTestServices(databaseUrl);
  client = await serveGraphql(services);
  organisationId = await makeOrganisation(services, "ours");
  admin = await tokenFor(services, organisationId, "admin");
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const mutate = (name: string, input: object, fields: string) => mutateAs(client, admin, name, input, fields);
const projectId = async (key: string) => (await mutate("createProject", { key, name: key }, "project { id }")).project.id as string;
const provider = (key: string, more: object = {}) =>
  mutate(
    "createProvider",
    { key, kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1", ...more },
    "provider { id revision hasCredential baseUrl privateAddressAllowed }",
  );
const backendId = async (key: string) => {
  const made = await provider(`${key}-provider`);
  return (await mutate("createBackend", { key, providerId: made.provider.id, model: "m" }, "backend { id }")).backend.id as string;
};
let backends = 0;
const routeNamed = async (name: string, more: object = {}) =>
  mutate(
    "createRoute",
    { name, tiers: [{ targets: [{ backendId: await backendId(`backend-${++backends}`), weight: 1 }] }], ...more },
    "route { id revision } configRevision { number } propagation { nodeId }",
  );

describe("API keys", () => {
  it("are shown once, stored as an HMAC, and nowhere else in the database", async () => {
    const made = await mutate(
      "createApiKey",
      { projectId: await projectId("keys"), name: "k" },
      "credential apiKey { id publicId lastFour }",
    );
    expect(publicIdOf(made.credential, "psk")).toBe(made.apiKey.publicId);
    expect(made.apiKey.lastFour).toBe(made.credential.slice(-4));
    const row = await services.database.tenant(organisationId, (em) => em.findOneOrFail(ApiKey, { id: made.apiKey.id }));
    expect(credentialMatches(services.settings.pepper, made.credential, row.hash)).toBe(true);
    const secret = made.credential.split("_")[3];
    const tables = await services.database.system((em) =>
      em.execute<{ name: string }[]>("select table_name as name from information_schema.tables where table_schema = current_schema()"),
    );
    for (const { name } of tables) {
      const found = await services.database.system((em) => em.execute(`select 1 from "${name}" t where t::text like '%${secret}%'`));
      expect(found, name).toEqual([]);
    }
  });

  it("rotate with an overlap, and a revoked one does not", async () => {
    const made = await mutate("createApiKey", { projectId: await projectId("rotating"), name: "r", environment: "dev" }, "apiKey { id }");
    const rotated = await mutate(
      "rotateApiKey",
      { id: made.apiKey.id, overlapSeconds: 60 },
      "credential apiKey { id rotatedFromId environment }",
    );
    expect(rotated.apiKey).toMatchObject({ rotatedFromId: made.apiKey.id, environment: "dev" });
    const old = await client.ask(admin, `query($id: ID!) { apiKey(id: $id) { expiresAt revokedAt } }`, { id: made.apiKey.id });
    const leftMs = new Date(old.data.apiKey.expiresAt).getTime() - Date.now();
    expect(leftMs).toBeGreaterThan(30_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    const revoked = await mutate("revokeApiKey", { id: made.apiKey.id }, "apiKey { revokedAt }");
    expect(revoked.apiKey.revokedAt).not.toBeNull();
    expect((await mutate("rotateApiKey", { id: made.apiKey.id, overlapSeconds: 60 }, "credential")).__typename).toBe("ValidationError");
  });

  it("say who answers for them and what they are narrowed to, and a rotated one says the same", async () => {
    const fields = "apiKey { id owner allowedMethods allowedNetworks lastUsedAt }";
    const narrowed = { owner: "ada", allowedMethods: ["CHAT", "EMBEDDINGS"], allowedNetworks: ["10.0.0.0/8", "2001:db8::1"] };
    const made = await mutate("createApiKey", { projectId: await projectId("narrow"), name: "k", ...narrowed }, fields);
    expect(made.apiKey).toMatchObject({ ...narrowed, lastUsedAt: null });
    const rotated = await mutate("rotateApiKey", { id: made.apiKey.id, overlapSeconds: 60 }, fields);
    expect(rotated.apiKey).toMatchObject(narrowed);
    const { data } = await client.ask(admin, "query($id: ID!) { apiKey(id: $id) { revision } }", { id: rotated.apiKey.id });
    const widened = await mutate(
      "updateApiKey",
      { id: rotated.apiKey.id, expectedRevision: data.apiKey.revision, owner: "", allowedMethods: [], allowedNetworks: ["192.0.2.7"] },
      fields,
    );
    expect(widened.apiKey).toMatchObject({ owner: "", allowedMethods: [], allowedNetworks: ["192.0.2.7"] });
  });

  it("may not be made for routes that do not exist, for the past, or with a strange environment", async () => {
    const project = await projectId("strict");
    const refused = async (more: object) =>
      (await mutate("createApiKey", { projectId: project, name: "k", ...more }, "credential")).issues[0].path;
    expect(await refused({ allowedRoutes: ["nowhere"] })).toBe("allowedRoutes");
    expect(await refused({ expiresAt: "2020-01-01T00:00:00Z" })).toBe("expiresAt");
    expect(await refused({ environment: "Live!" })).toBe("environment");
    expect(await refused({ allowedNetworks: ["10.0.0.0/8", "office"] })).toBe("allowedNetworks[1]");
    expect(await refused({ allowedMethods: ["CHAT", "CHAT"] })).toBe("allowedMethods");
    expect(await refused({ name: " " })).toBe("name");
  });
});

describe("providers", () => {
  it("seal their credential for this organisation, row and base URL, and never show it", async () => {
    const made = await provider("sealed", { credential: "sk-planted-secret" });
    expect(made.provider.hasCredential).toBe(true);
    const row = await services.database.tenant(organisationId, (em) => em.findOneOrFail(Provider, { id: made.provider.id }));
    const place = { organisationId, rowId: row.id, baseUrl: row.baseUrl };
    expect(openSecret(services.settings.sealingKey, place, row.sealedCredential)).toBe("sk-planted-secret");
    expect(() =>
      openSecret(services.settings.sealingKey, { ...place, baseUrl: "https://evil.example/v1" }, row.sealedCredential),
    ).toThrow();
    const everything = await services.database.system((em) =>
      em.execute(
        "select 1 from revision_change where after::text like '%planted%' union select 1 from audit_entry where details::text like '%planted%'",
      ),
    );
    expect(everything).toEqual([]);
  });

  it("take white space off the ends of a credential, and refuse one that no header can carry", async () => {
    const sealed = async (id: string) => {
      const row = await services.database.tenant(organisationId, (em) => em.findOneOrFail(Provider, { id }));
      return openSecret(services.settings.sealingKey, { organisationId, rowId: id, baseUrl: row.baseUrl }, row.sealedCredential);
    };
    const { id } = (await provider("pasted", { credential: " sk-one\r\n" })).provider;
    expect(await sealed(id)).toBe("sk-one");
    for (const credential of [
      "sk-one\r\nx-evil: 1",
      "sk\none",
      "sk\tone",
      "sk\u007f",
      "sk\0one",
      "sk-\u00e9",
      "sk-\u2026",
      "\ud800",
      " \n ",
    ]) {
      const made = await provider("unsendable", { credential });
      expect(
        made.issues?.map((issue: { path: string }) => issue.path),
        JSON.stringify(credential),
      ).toEqual(["credential"]);
      const changed = await mutate("updateProvider", { id, expectedRevision: 1, credential }, "provider { id }");
      expect(
        changed.issues?.map((issue: { path: string }) => issue.path),
        JSON.stringify(credential),
      ).toEqual(["credential"]);
    }
    expect(await sealed(id)).toBe("sk-one");
  });

  it("ask for the credential again when the base URL changes", async () => {
    const made = await provider("moving", { credential: "sk-one" });
    const { id } = made.provider;
    const moved = await mutate("updateProvider", { id, expectedRevision: 1, baseUrl: "http://127.0.0.1:10/v1" }, "provider { id }");
    expect(moved.issues).toEqual([{ path: "credential", message: "must be given again when the base URL changes" }]);
    const again = await mutate(
      "updateProvider",
      { id, expectedRevision: 1, baseUrl: "http://127.0.0.1:10/v1/", credential: "sk-one" },
      "provider { baseUrl hasCredential }",
    );
    expect(again.provider).toEqual({ baseUrl: "http://127.0.0.1:10/v1", hasCredential: true });
    const renamed = await mutate("updateProvider", { id, expectedRevision: 2, key: "moved" }, "provider { hasCredential }");
    expect(renamed.provider.hasCredential).toBe(true);
  });

  it.each([
    ["http://169.254.169.254/latest", /linkLocal|link-local/],
    ["http://10.0.0.7/v1", /PENSTOCK_PRIVATE_ADDRESSES/],
    ["http://2130706434/", /PENSTOCK_PRIVATE_ADDRESSES/],
    ["http://0x7f000002/", /PENSTOCK_PRIVATE_ADDRESSES/],
    ["http://[::ffff:10.0.0.1]/", /PENSTOCK_PRIVATE_ADDRESSES/],
    ["http://[::1]:80/", /PENSTOCK_PRIVATE_ADDRESSES/],
    ["http://0.0.0.0/", /no provider may stand there/],
    ["ftp://example.com/", /https/],
    ["https://user:password@example.com/", /user name/],
    ["https://does-not-exist.invalid/", /no address|not resolved/],
  ])("may not stand at %s", async (baseUrl, message) => {
    const refused = await provider("refused", { baseUrl });
    expect(refused.issues[0]).toMatchObject({ path: "baseUrl", message: expect.stringMatching(message) });
  });

  it.each(["OPENAI", "ANTHROPIC", "GEMINI", "BEDROCK", "COHERE", "OPENAI_COMPATIBLE", "SIMULATED"])(
    "may be of the kind %s",
    async (kind) => {
      expect((await provider(`is-${kind.toLowerCase().replace("_", "-")}`, { kind })).__typename).toBe("CreateProviderPayload");
    },
  );

  it("may stand at a private address that the operator has named", async () => {
    expect((await provider("private")).provider.privateAddressAllowed).toBe(true);
  });
});

describe("routes", () => {
  it("have unique names, weights that carry calls, and backends that exist", async () => {
    const made = await routeNamed("chat/main");
    expect(made.route.revision).toBe(1);
    const backend = await backendId("strict-backend");
    const refused = async (input: object) =>
      (await mutate("createRoute", { name: "strict", tiers: [{ targets: [{ backendId: backend, weight: 1 }] }], ...input }, "route { id }"))
        .issues;
    expect(await refused({ name: "chat/main" })).toEqual([{ path: "name", message: "another route has this name already" }]);
    expect((await refused({ name: "no spaces" }))[0].path).toBe("name");
    expect((await refused({ tiers: [] }))[0].path).toBe("tiers");
    expect((await refused({ tiers: [{ targets: [{ backendId: backend, weight: 0 }] }] }))[0].message).toMatch(/no calls/);
    expect((await refused({ tiers: [{ targets: [{ backendId: "nonsense", weight: 1 }] }] }))[0].path).toBe("tiers[0].targets[0].backendId");
    expect((await refused({ attemptsMax: 11 }))[0].path).toBe("attemptsMax");
    expect((await refused({ timeouts: { totalMs: -1 } }))[0].path).toBe("timeouts.totalMs");
    expect((await refused({ defaultParameters: [1] }))[0].path).toBe("defaultParameters");
    expect((await refused({ defaultParameters: { model: "other" } }))[0].path).toBe("defaultParameters.model");
    expect((await refused({ dropParameters: ["seed", "messages"] }))[0].path).toBe("dropParameters[1]");
    expect((await refused({ dropParameters: ["messages[0].name"] }))[0].path).toBe("dropParameters[0]");
    expect((await refused({ dropParameters: ["seed", "seed"] }))[0].path).toBe("dropParameters[1]");
  });

  it("say which fields of a call may be left out", async () => {
    const { route } = await routeNamed("lenient", { dropParameters: ["seed", "messages.name"] });
    const changed = await mutate(
      "updateRoute",
      { id: route.id, expectedRevision: 1, dropParameters: ["logit_bias"] },
      "route { dropParameters }",
    );
    expect(changed.route.dropParameters).toEqual(["logit_bias"]);
    const kept = await mutate("updateRoute", { id: route.id, expectedRevision: 2, description: "x" }, "route { dropParameters }");
    expect(kept.route.dropParameters).toEqual(["logit_bias"]);
  });

  it("say for how long an answer is good", async () => {
    const { route } = await routeNamed("remembering");
    const set = async (cacheTtlSeconds: number | null, expectedRevision: number) =>
      mutate("updateRoute", { id: route.id, expectedRevision, cacheTtlSeconds }, "route { cache cacheTtlSeconds }");
    for (const bad of [0, -1, 604_801]) expect((await set(bad, 1)).issues[0].path).toBe("cacheTtlSeconds");
    expect((await set(60, 1)).route).toEqual({ cache: "exact", cacheTtlSeconds: 60 });
    expect((await set(null, 2)).route).toEqual({ cache: "off", cacheTtlSeconds: null });
  });

  it("change only for who has read the newest, and are known by their new name at once", async () => {
    const { route } = await routeNamed("before");
    const changed = await mutate(
      "updateRoute",
      { id: route.id, expectedRevision: 1, name: "after", timeouts: { idleMs: 5 } },
      "route { name revision timeouts { idleMs totalMs } }",
    );
    expect(changed.route).toEqual({ name: "after", revision: 2, timeouts: { idleMs: 5, totalMs: 0 } });
    const late = await mutate("updateRoute", { id: route.id, expectedRevision: 1, name: "late" }, "route { name }");
    expect(late).toMatchObject({ __typename: "ConflictError", currentRevision: 2 });
    expect((await routeNamed("before")).__typename).toBe("CreateRoutePayload");
  });

  it("come in pages that miss nothing and repeat nothing", async () => {
    for (const name of ["page-1", "page-2", "page-3"]) await routeNamed(name);
    const all = await client.ask(admin, "{ routes(first: 100) { edges { node { name } } } }");
    const names = all.data.routes.edges.map((edge: { node: { name: string } }) => edge.node.name);
    const paged: string[] = [];
    let after: string | null = null;
    do {
      const page = await client.ask(
        admin,
        "query($after: String) { routes(first: 2, after: $after) { edges { node { name } } pageInfo { hasNextPage endCursor } } }",
        { after },
      );
      paged.push(...page.data.routes.edges.map((edge: { node: { name: string } }) => edge.node.name));
      after = page.data.routes.pageInfo.hasNextPage ? page.data.routes.pageInfo.endCursor : null;
    } while (after !== null);
    expect(paged).toEqual(names);
    expect(names.length).toBeGreaterThanOrEqual(5);
  });
});

describe("quotas and prices", () => {
  it("take limits beyond 32 bits and refuse negative ones and scopes that do not exist", async () => {
    const base = {
      key: "big",
      scopeKind: "ORGANISATION",
      resource: "TOKENS",
      window: "MONTH",
      limit: "9000000000000",
      enforcement: "HARD",
    };
    const made = await mutate("createQuota", base, "quota { limit revision id }");
    expect(made.quota.limit).toBe("9000000000000");
    expect((await mutate("createQuota", { ...base, key: "negative", limit: "-1" }, "quota { id }")).issues[0].path).toBe("limit");
    expect((await mutate("createQuota", { ...base, key: "whole", scopeId: made.quota.id }, "quota { id }")).issues[0].path).toBe("scopeId");
    expect((await mutate("createQuota", { ...base, key: "none", scopeKind: "PROJECT" }, "quota { id }")).issues[0].path).toBe("scopeId");
    const foreign = await mutate("createQuota", { ...base, key: "lost", scopeKind: "ROUTE", scopeId: made.quota.id }, "quota { id }");
    expect(foreign.issues[0].message).toMatch(/no route/);
  });

  it("give a price a new version with each change and never an old one", async () => {
    const made = await provider("priced");
    const price = { inputNanodollarsPerMillion: "150000000", outputNanodollarsPerMillion: "600000000" };
    const { backend } = await mutate(
      "createBackend",
      { key: "priced", providerId: made.provider.id, model: "m", price },
      "backend { id price { version inputNanodollarsPerMillion cacheReadNanodollarsPerMillion } }",
    );
    expect(backend.price).toEqual({
      version: expect.any(Number),
      inputNanodollarsPerMillion: "150000000",
      cacheReadNanodollarsPerMillion: null,
    });
    const none = await mutate("updateBackend", { id: backend.id, expectedRevision: 1, price: null }, "backend { price { version } }");
    expect(none.backend.price).toBeNull();
    const again = await mutate("updateBackend", { id: backend.id, expectedRevision: 2, price }, "backend { price { version } }");
    expect(again.backend.price.version).toBeGreaterThan(backend.price.version);
  });
});

describe("the record of it all", () => {
  it("says who did what, newest first, and is narrowed by filters", async () => {
    const project = await projectId("audited");
    const answer = await client.ask(
      admin,
      "query($id: ID!) { auditEntries(first: 5, filter: { targetId: $id }) { edges { node { actor action targetKind revisionNumber } } } }",
      { id: project },
    );
    expect(answer.data.auditEntries.edges).toEqual([
      { node: { actor: "token:admin", action: "project.create", targetKind: "project", revisionNumber: expect.stringMatching(/^\d+$/) } },
    ]);
  });

  it("finds who did it by the name alone, as it is shown", async () => {
    const project = await projectId("audited-by-name");
    const actors = async (actor: string) =>
      (
        await client.ask(
          admin,
          "query($filter: AuditEntryFilter) { auditEntries(first: 5, filter: $filter) { edges { node { actor } } } }",
          { filter: { targetId: project, actor } },
        )
      ).data.auditEntries.edges.map(({ node }: { node: { actor: string } }) => node.actor);
    expect(await actors("admin")).toEqual(["token:admin"]);
    expect(await actors("token:admin")).toEqual(["token:admin"]);
    for (const other of ["adm", "Penstock", "system:admin"]) expect(await actors(other), other).toEqual([]);
  });

  it("says where a request came from, and is narrowed by that too", async () => {
    const made = await client.ask(
      admin,
      `mutation { createProject(input: { key: "from-afar", name: "x" }) { ... on CreateProjectPayload { project { id } } } }`,
      {},
      { "x-request-id": "test-request-9", "user-agent": "penstock-cli", "x-forwarded-for": "203.0.113.9" },
    );
    const id = made.data.createProject.project.id;
    const entries = async (filter: object) =>
      (
        await client.ask(
          admin,
          `query($filter: AuditEntryFilter) { auditEntries(first: 5, filter: $filter) { edges { node { sourceAddress requestId via } } } }`,
          { filter },
        )
      ).data.auditEntries.edges;
    // Nobody is trusted here to say whose request it is.
    const entry = { node: { sourceAddress: "127.0.0.1", requestId: "test-request-9", via: "CLI" } };
    expect(await entries({ targetId: id, targetKind: "project", via: "CLI", sourceAddress: "127.0.0.1" })).toEqual([entry]);
    for (const other of [{ via: "CONSOLE" }, { targetKind: "route" }, { sourceAddress: "203.0.113.9" }])
      expect(await entries({ targetId: id, ...other }), JSON.stringify(other)).toEqual([]);
  });

  it("calls what is archived by the name it was made with, whatever its kind", async () => {
    const { route } = await routeNamed("named-route");
    const made: readonly (readonly [string, string, object, string, string])[] = [
      ["Project", "project", { key: "named-project", name: "A name" }, "named-project", "project"],
      ["Provider", "provider", { key: "named-provider", kind: "OPENAI", baseUrl: "http://127.0.0.1:9/v1" }, "named-provider", "provider"],
      ["Prompt", "prompt", { name: "named-prompt" }, "named-prompt", "prompt"],
      ["ApiKey", "apiKey", { projectId: await projectId("of-a-named-key"), name: "named key" }, "named key", "API key"],
      [
        "Backend",
        "backend",
        { key: "named-backend", providerId: (await provider("of-a-named-backend")).provider.id, model: "m" },
        "named-backend",
        "backend",
      ],
      [
        "Quota",
        "quota",
        { key: "named-quota", scopeKind: "ORGANISATION", resource: "TOKENS", window: "DAY", limit: "1", enforcement: "SOFT" },
        "named-quota",
        "quota",
      ],
      [
        "Experiment",
        "experiment",
        { key: "named-experiment", routeId: route.id, unit: "SESSION", variants: ["a", "b"].map((key) => ({ key, weight: 1 })) },
        "named-experiment",
        "experiment",
      ],
    ];
    const lastSummary = async () => {
      const { data } = await client.ask(admin, "{ revisions(first: 1) { edges { node { summary } } } }");
      return data.revisions.edges[0].node.summary;
    };
    for (const [type, field, input, name, noun] of made) {
      const row = (await mutate(`create${type}`, input, `${field} { id revision }`))[field];
      expect(await lastSummary()).toBe(`${noun} ${name} made`);
      await mutate(`archive${type}`, { id: row.id, expectedRevision: row.revision }, `${field} { id }`);
      expect(await lastSummary()).toBe(`${noun} ${name} archived`);
    }
    await mutate("archiveRoute", { id: route.id, expectedRevision: route.revision }, "route { id }");
    expect(await lastSummary()).toBe("route named-route archived");
  });

  it("refuses to wait longer than it may, before anything changes", async () => {
    const answer = await client.ask(
      admin,
      `mutation { createProject(waitForPropagation: true, waitTimeoutMs: 30001, input: { key: "waits", name: "x" }) { __typename ... on ValidationError { issues { path } } } }`,
    );
    expect(answer.data.createProject.issues).toEqual([{ path: "waitTimeoutMs" }]);
    const projects = await client.ask(admin, "{ projects(first: 100) { edges { node { key } } } }");
    expect(projects.data.projects.edges.map((edge: { node: { key: string } }) => edge.node.key)).not.toContain("waits");
  });

  it("prints the schema that is committed", async () => {
    const { printSchema, lexicographicSortSchema } = await import("graphql");
    const { schema } = await import("../../control-plane/graphql/schema.ts");
    const committed = readFileSync(new URL("../../control-plane/schema.graphql", import.meta.url), "utf8");
    expect(committed).toContain(printSchema(lexicographicSortSchema(schema)));
  });
});
