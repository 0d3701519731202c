import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, mutate as mutateAs, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let admin: string;
let backendId: string;
let routeId: string;
let promptId: string;
let projectId: string;

const mutate = (name: string, input: object, fields = "__typename") => mutateAs(client, admin, name, input, fields);
const tiers = () => [{ targets: [{ backendId, weight: 1 }] }];

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin");
  projectId = (await mutate("createProject", { key: "p", name: "P" }, "project { id }")).project.id;
  const provider = { key: "p", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" };
  const providerId = (await mutate("createProvider", provider, "provider { id }")).provider.id;
  backendId = (await mutate("createBackend", { key: "b", providerId, model: "m" }, "backend { id }")).backend.id;
  routeId = (await mutate("createRoute", { name: "r", tiers: tiers() }, "route { id }")).route.id;
  promptId = (await mutate("createPrompt", { name: "p" }, "prompt { id }")).prompt.id;
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

describe.each([
  ["half of a surrogate pair", "a\ud800b"],
  ["a NUL", "a\0b"],
])("%s in what a caller gives", (_name, bad) => {
  it.each<[string, string, () => object, string]>([
    ["a project's name", "createProject", () => ({ key: "q", name: bad }), "name"],
    ["a key", "createProject", () => ({ key: bad, name: "x" }), "key"],
    ["an API key's name", "createApiKey", () => ({ projectId, name: bad }), "name"],
    ["an API key's project", "createApiKey", () => ({ projectId: bad, name: "k" }), "projectId"],
    ["an API key's route", "createApiKey", () => ({ projectId, name: "k", allowedRoutes: [bad] }), "allowedRoutes[0]"],
    ["an admin token's name", "createAdminToken", () => ({ name: bad, role: "VIEWER" }), "name"],
    ["a model", "createBackend", () => ({ key: "c", providerId: bad, model: bad }), "model"],
    ["a provider's id", "createBackend", () => ({ key: "c", providerId: bad, model: "m" }), "providerId"],
    ["a description", "createRoute", () => ({ name: "s", tiers: tiers(), description: bad }), "description"],
    [
      "a tier's backend",
      "createRoute",
      () => ({ name: "s", tiers: [{ targets: [{ backendId: bad, weight: 1 }] }] }),
      "tiers[0].targets[0].backendId",
    ],
    [
      "a default parameter",
      "createRoute",
      () => ({ name: "s", tiers: tiers(), defaultParameters: { stop: ["x", bad] } }),
      "defaultParameters.stop[1]",
    ],
    [
      "the name of one",
      "createRoute",
      () => ({ name: "s", tiers: tiers(), defaultParameters: { metadata: { [bad]: 1 } } }),
      "defaultParameters.metadata",
    ],
    [
      "a changed one",
      "updateRoute",
      () => ({ id: routeId, expectedRevision: 1, defaultParameters: { user: bad } }),
      "defaultParameters.user",
    ],
    ["a prompt's name", "createPrompt", () => ({ name: bad }), "name"],
    ["a template", "createPromptVersion", () => ({ promptId, messages: [{ role: "USER", template: bad }] }), "messages[0].template"],
    [
      "a commit message",
      "createPromptVersion",
      () => ({ promptId, messages: [{ role: "USER", template: "x" }], commitMessage: bad }),
      "commitMessage",
    ],
    [
      "a variant's parameter",
      "createExperiment",
      () => ({
        key: "e",
        routeId,
        unit: "SESSION",
        variants: [
          { key: "a", weight: 1 },
          { key: "b", weight: 1, parameters: { user: bad } },
        ],
      }),
      "variants[1].parameters.user",
    ],
    [
      "a quota's scope",
      "createQuota",
      () => ({ key: "q", scopeKind: "ROUTE", scopeId: bad, resource: "TOKENS", window: "DAY", limit: "1", enforcement: "HARD" }),
      "scopeId",
    ],
  ])("is a ValidationError: %s", async (_what, name, input, path) => {
    const answer = await mutate(name, input());
    expect(answer.__typename).toBe("ValidationError");
    expect(answer.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  });

  it("is a ValidationError in a variable's name in a template, too", async () => {
    const answer = await mutate("createPromptVersion", { promptId, messages: [{ role: "USER", template: `{{ x["${bad}"] }}` }] });
    expect(answer.__typename).toBe("ValidationError");
  });

  it.each([
    ["query($bad: String) { auditEntries(filter: { actor: $bad }) { edges { cursor } } }", "filter.actor"],
    ["query($bad: [String!]) { usageEvents(filter: { routeName: $bad }) { edges { cursor } } }", "filter.routeName"],
  ])("is refused by name in %s", async (query, path) => {
    const answer = await client.ask(admin, query, { bad });
    expect(answer.errors[0]).toMatchObject({ message: expect.stringContaining(path), extensions: { code: "VALIDATION" } });
  });

  it("finds nothing as an id", async () => {
    const answer = await client.ask(admin, "query($bad: ID!) { route(id: $bad) { id } }", { bad });
    expect([answer.errors, answer.data]).toEqual([[], { route: null }]);
  });
});

describe("JSON written in the document", () => {
  const create = (parameters: string, variables = "") =>
    client.ask(
      admin,
      `mutation${variables} { createRoute(input: { name: "literal", tiers: [{ targets: [{ backendId: "${backendId}", weight: 1 }] }], defaultParameters: ${parameters} }) { __typename ... on ValidationError { issues { path } } } }`,
    );

  it("is refused where a number is beyond what JSON keeps", async () => {
    const answer = await create("{ seed: 1e999 }");
    expect(answer.data?.createRoute).toEqual({ __typename: "ValidationError", issues: [{ path: "defaultParameters.seed" }] });
  });

  it("has null for a variable that was left out", async () => {
    expect((await create("{ stop: $left }", "($left: JSON)")).data?.createRoute.__typename).toBe("CreateRoutePayload");
  });
});

it("an audit entry's target that is no id is refused by name", async () => {
  const answer = await client.ask(admin, `{ auditEntries(filter: { targetId: "nonsense" }) { edges { cursor } } }`);
  expect(answer.errors[0]).toMatchObject({ message: expect.stringContaining("filter.targetId"), extensions: { code: "VALIDATION" } });
});
