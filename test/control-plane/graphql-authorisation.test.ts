import { getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schema } from "../../control-plane/graphql/schema.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let ours: string;
let theirs: string;
let admin: string;
let viewer: string;
let installation: string;
let stranger: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  ours = await makeOrganisation(services, "ours");
  theirs = await makeOrganisation(services, "theirs");
  admin = await tokenFor(services, ours, "admin");
  viewer = await tokenFor(services, ours, "viewer");
  installation = await tokenFor(services, ours, "admin", true);
  stranger = await tokenFor(services, theirs, "admin");
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const rootFields = () =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    type == null ? [] : Object.values(type.getFields()).map((field) => ({ type: type.name, field })),
  );

describe("who may do what", () => {
  it("has a scope on every root field", () => {
    const open = rootFields().filter(({ field }) => {
      const options = (field.extensions as { pothosOptions?: { authScopes?: unknown } }).pothosOptions;
      return options?.authScopes === undefined;
    });
    expect(rootFields().length).toBeGreaterThan(60);
    expect(open.map(({ type, field }) => `${type}.${field.name}`)).toEqual([]);
  });

  it("says of each mutation which role it needs", () => {
    const byScope = Object.groupBy(
      rootFields().filter(({ type }) => type === "Mutation"),
      ({ field }) => JSON.stringify((field.extensions as { pothosOptions: { authScopes: unknown } }).pothosOptions.authScopes),
    );
    const roles = ["admin", "developer", "installation", "operator", "viewer"];
    expect(Object.keys(byScope).sort()).toEqual(roles.map((role) => JSON.stringify({ [role]: true })));
    // What is a viewer's own, and changes nothing for others.
    expect(byScope['{"viewer":true}']?.map(({ field }) => field.name).sort()).toEqual(["deleteView", "saveView"]);
    expect(byScope['{"admin":true}']?.map(({ field }) => field.name).sort()).toEqual([
      "archiveOrganisation",
      "archiveProject",
      "createAdminToken",
      "createProject",
      "deleteCallContent",
      "inviteMember",
      "revokeAdminToken",
      "updateOrganisation",
      "updateProject",
    ]);
  });

  it.each([
    ["viewer", "ForbiddenError", "ForbiddenError", "ForbiddenError"],
    ["developer", "CreatePromptPayload", "ForbiddenError", "ForbiddenError"],
    ["operator", "CreatePromptPayload", "CreateQuotaPayload", "ForbiddenError"],
    ["admin", "CreatePromptPayload", "CreateQuotaPayload", "CreateProjectPayload"],
  ] as const)("lets a %s do what those before it may, and its own", async (role, prompt, quota, project) => {
    const token = await tokenFor(services, await makeOrganisation(services, `as-${role}`), role);
    const answer = await client.ask(
      token,
      `mutation {
        createPrompt(input: { name: "p", kind: TEXT }) { __typename }
        createQuota(input: { key: "q", scopeKind: ORGANISATION, resource: REQUESTS, window: DAY, limit: 5, enforcement: SOFT }) { __typename }
        createProject(input: { key: "p", name: "P" }) { __typename }
      }`,
    );
    expect(answer.errors).toEqual([]);
    expect(Object.values(answer.data).map((one) => (one as { __typename: string }).__typename)).toEqual([prompt, quota, project]);
    const { viewer: seen } = (await client.ask(token, "{ viewer { role } }")).data;
    expect(seen.role).toBe(role.toUpperCase());
  });

  it("shows what was said in calls from developer on, and who is a member to administrators", async () => {
    const seenBy = async (role: "viewer" | "developer" | "operator" | "admin", query: string) =>
      (await client.ask(await tokenFor(services, ours, role), query)).errors.map(({ extensions }) => extensions?.code);
    const said = `{ callContent(callId: "none") { callId } }`;
    expect(await seenBy("viewer", said)).toEqual(["FORBIDDEN"]);
    expect(await seenBy("developer", said)).toEqual([]);
    const members = "{ adminTokens { edges { node { name } } } }";
    expect(await seenBy("operator", members)).toEqual(["FORBIDDEN"]);
    expect(await seenBy("admin", members)).toEqual([]);
  });

  it("lowers a role as x-penstock-role asks, and never raises it", async () => {
    const as = async (token: string, role: string) =>
      client.ask(token, "{ viewer { role installation } }", {}, { "x-penstock-role": role });
    expect((await as(installation, "viewer")).data.viewer).toEqual({ role: "VIEWER", installation: false });
    expect((await as(admin, "operator")).data.viewer).toEqual({ role: "OPERATOR", installation: false });
    expect((await as(viewer, "admin")).errors[0]?.extensions?.code).toBe("FORBIDDEN");
    expect((await as(admin, "king")).errors[0]?.message).toContain("viewer, developer, operator or admin");
  });

  it("has no type with a field that could hold a secret", () => {
    const names = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith("__") ? Object.values(type.getFields()).map((field) => `${type.name}.${field.name}`) : [],
    );
    const secretive = names.filter((name) => /\.(.*credential.*|.*secret.*|hash|pepper|password|token)$/i.test(name));
    expect(secretive.sort()).toEqual([
      "ConfigRevision.hash",
      "CreateAdminTokenPayload.credential",
      "CreateApiKeyPayload.credential",
      "Mutation.rotateWebhookSecret",
      "Provider.credentialLastFour",
      "Provider.hasCredential",
      "ResolvedSetting.isSecret",
      ...names.filter((name) => name === "Revision.hash"),
      "RotateApiKeyPayload.credential",
      "Webhook.previousSecretUntil",
      "WebhookSecretPayload.secret",
    ]);
    expect(getNamedType(schema.getType("Provider"))).toBeDefined();
  });

  it.each([
    ["no token", undefined],
    ["nonsense", "nonsense"],
    ["a token that was never made", "pat_live_0123456789AB_0123456789012345678901234567890123456789012_aaaaaa"],
  ])("answers 401 to %s", async (_name, token) => {
    const answer = await client.ask(token, "{ viewer { actor } }");
    expect(answer.status).toBe(401);
    expect(answer.errors[0]?.extensions?.code).toBe("UNAUTHENTICATED");
  });

  it("answers a viewer's mutation with ForbiddenError and changes nothing", async () => {
    const answer = await client.ask(
      viewer,
      `mutation { createProject(input: { key: "by-viewer", name: "x" }) { __typename ... on ForbiddenError { code message } } }`,
    );
    expect(answer.data.createProject.__typename).toBe("ForbiddenError");
    const projects = await client.ask(viewer, "{ projects { edges { node { key } } } }");
    expect(projects.data.projects.edges).toEqual([]);
  });

  it("lets only a token of the installation make or list organisations, or act in another", async () => {
    const refused = await client.ask(admin, `mutation { createOrganisation(input: { key: "new", name: "x" }) { __typename } }`);
    expect(refused.data.createOrganisation.__typename).toBe("ForbiddenError");
    const listed = await client.ask(installation, "{ organisations { edges { node { key } } } }");
    const keys = listed.data.organisations.edges.map((edge: { node: { key: string } }) => edge.node.key);
    expect(keys.slice(0, 2)).toEqual(["ours", "theirs"]);
    const acting = await client.ask(installation, "{ organisation { key } }", {}, { "x-penstock-organisation": theirs });
    expect(acting.data.organisation.key).toBe("theirs");
    const made = await client.ask(
      installation,
      `mutation { createOrganisation(input: { key: "third", name: "Third" }) { ... on CreateOrganisationPayload { organisation { id } } } }`,
    );
    const third = made.data.createOrganisation.organisation.id;
    const inside = await client.ask(
      installation,
      `mutation { createProject(input: { key: "p", name: "P" }) { __typename } }`,
      {},
      { "x-penstock-organisation": third },
    );
    expect(inside.data.createProject.__typename).toBe("CreateProjectPayload");
  });

  it("says what is wrong with the organisation that is asked for, and not whether it exists", async () => {
    const acting = async (token: string, organisation: string) => {
      const { status, data, errors } = await client.ask(
        token,
        "{ viewer { actor } }",
        {},
        { "x-penstock-organisation": organisation, "x-request-id": "same" },
      );
      return { status, data, errors };
    };
    const foreign = await acting(admin, theirs);
    expect(foreign).toMatchObject({ status: 403, data: null, errors: [{ extensions: { code: "FORBIDDEN", requestId: "same" } }] });
    expect(foreign.errors[0]?.message).toBe(
      "the header x-penstock-organisation must name, by its id, an organisation that this token may act in",
    );
    expect(await acting(admin, "01a1fb95-37ca-7388-b9cc-27c6410b4ebf")).toEqual(foreign);
    for (const unknown of ["01a1fb95-37ca-7388-b9cc-27c6410b4ebf", "theirs", ""])
      expect(await acting(installation, unknown), unknown).toEqual(foreign);
    // Who has no good token learns nothing of organisations.
    expect((await acting("pat_live_0123456789AB_0123456789012345678901234567890123456789012_aaaaaa", theirs)).status).toBe(401);
    expect((await acting(admin, ours)).data?.viewer.actor).toBe("token:admin");
  });

  it("refuses a token that was revoked", async () => {
    const made = await client.ask(
      admin,
      `mutation { createAdminToken(input: { name: "short", role: VIEWER }) { ... on CreateAdminTokenPayload { credential adminToken { id } } } }`,
    );
    const { credential, adminToken } = made.data.createAdminToken;
    expect((await client.ask(credential, "{ viewer { role } }")).data.viewer.role).toBe("VIEWER");
    await client.ask(admin, `mutation($id: ID!) { revokeAdminToken(input: { id: $id }) { __typename } }`, { id: adminToken.id });
    expect((await client.ask(credential, "{ viewer { role } }")).status).toBe(401);
  });

  it("answers another organisation's ids as if they did not exist, in every query and mutation that takes one", async () => {
    const made = await client.ask(
      stranger,
      `mutation { createProject(input: { key: "theirs", name: "Theirs" }) { ... on CreateProjectPayload { project { id } } } }`,
    );
    const id = made.data.createProject.project.id;
    for (const { type, field } of rootFields()) {
      if (type === "Query" && field.args.length === 1 && field.args[0]?.name === "id") {
        const inner = isObjectType(getNamedType(field.type)) ? "{ id }" : "";
        const answer = await client.ask(admin, `query($id: ID!) { ${field.name}(id: $id) ${inner} }`, { id });
        expect(answer.data?.[field.name], field.name).toBeNull();
      }
    }
    const mutations: readonly (readonly [string, string])[] = [
      ["updateProject", `{ id: "${id}", expectedRevision: 1, name: "Taken" }`],
      ["archiveProject", `{ id: "${id}", expectedRevision: 1 }`],
      ["archiveRoute", `{ id: "${id}", expectedRevision: 1 }`],
      ["revokeApiKey", `{ id: "${id}" }`],
      ["rotateApiKey", `{ id: "${id}", overlapSeconds: 0 }`],
      ["startExperiment", `{ id: "${id}", expectedRevision: 1 }`],
      ["setPromptLabel", `{ promptId: "${id}", expectedRevision: 1, label: "x", version: 1 }`],
      ["updateProvider", `{ id: "${id}", expectedRevision: 1, key: "x" }`],
      ["revokeAdminToken", `{ id: "${id}" }`],
    ];
    for (const [name, input] of mutations) {
      const answer = await client.ask(admin, `mutation { ${name}(input: ${input}) { __typename } }`);
      expect(answer.data?.[name]?.__typename, name).toBe("NotFoundError");
    }
    const pointing = await client.ask(
      admin,
      `mutation { createApiKey(input: { projectId: "${id}", name: "k" }) { __typename ... on ValidationError { issues { path message } } } }`,
    );
    expect(pointing.data.createApiKey.issues).toEqual([{ path: "projectId", message: `there is no project with the id ${id}` }]);
  });
});
