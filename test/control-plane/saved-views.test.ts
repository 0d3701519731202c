/** Views are kept under a name: everybody sees their own and those that are shared, and takes away what is theirs. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql } from "../harness/graphql.ts";

let services: TestServices;
let graphql: GraphqlClient;
let ours: string;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  services = await openTestServices(undefined);
  ours = await makeOrganisation(services, "ours");
  const theirs = await makeOrganisation(services, "theirs");
  graphql = await serveGraphql(services);
  for (const [name, role, organisationId] of [
    ["ada", "developer", ours],
    ["bob", "viewer", ours],
    ["root", "admin", ours],
    ["eve", "admin", theirs],
  ] as const) {
    const made = await services.database.tenant(organisationId, (em) =>
      makeAdminToken(em, services.settings.pepper, { actor: "test", organisationId }, { name, role, installation: false, expiresAt: null }),
    );
    tokens[name] = made.credential;
  }
}, 60_000);
afterAll(async () => {
  await graphql.close();
  await services.close();
});

const save = async (who: string, name: string, shared: boolean, search: unknown = { outcome: "TIMEOUT" }) =>
  (
    await graphql.ask(
      tokens[who],
      `mutation ($input: SaveViewInput!) { saveView(input: $input) { __typename ... on SaveViewPayload { view { id } } ... on UserError { message }
        ... on ValidationError { issues { path } } } }`,
      { input: { page: "calls", name, search, shared } },
    )
  ).data.saveView;
const remove = async (who: string, id: string) =>
  (await graphql.ask(tokens[who], "mutation ($id: ID!) { deleteView(input: { id: $id }) { __typename } }", { id })).data.deleteView
    .__typename;
const seenBy = async (who: string) =>
  (await graphql.ask(tokens[who], '{ savedViews(page: "calls") { name mine shared owner search } }')).data.savedViews;

it("shows one's own and what is shared, and nothing of another organisation", async () => {
  await save("ada", "mine alone", false);
  await save("ada", "timeouts", true);
  await save("bob", "what I see", false, { sort: "slowest" });
  await save("eve", "elsewhere", true);
  expect(await seenBy("bob")).toEqual([
    { name: "timeouts", mine: false, shared: true, owner: "token:ada", search: { outcome: "TIMEOUT" } },
    { name: "what I see", mine: true, shared: false, owner: "token:bob", search: { sort: "slowest" } },
  ]);
  expect((await seenBy("ada")).map(({ name }: { name: string }) => name)).toEqual(["mine alone", "timeouts"]);
});

it("replaces one's own of the same name", async () => {
  const { view } = await save("ada", "again", false);
  const second = await save("ada", "again", false, { outcome: "OK" });
  expect(second.view.id).toBe(view.id);
  expect((await seenBy("ada")).find(({ name }: { name: string }) => name === "again").search).toEqual({ outcome: "OK" });
});

it("lets viewers share nothing, and others delete nothing but admins what is shared", async () => {
  expect((await save("bob", "for all", true)).__typename).toBe("ForbiddenError");
  const shared = (await save("ada", "shared", true)).view.id;
  const own = (await save("ada", "own", false)).view.id;
  expect([await remove("bob", shared), await remove("bob", own), await remove("root", own), await remove("eve", shared)]).toEqual([
    "ForbiddenError",
    "NotFoundError",
    "NotFoundError",
    "NotFoundError",
  ]);
  expect([await remove("root", shared), await remove("ada", own)]).toEqual(["DeleteViewPayload", "DeleteViewPayload"]);
});

it.each([
  ["a name of nothing", " ", {}, "name"],
  ["a name that is too long", "x".repeat(81), {}, "name"],
  ["a search that is a list", "list", ["a"], "search"],
  ["a search with a number", "number", { slow: 5 }, "search"],
  ["a search that is too long", "long", { route: "x".repeat(4001) }, "search"],
])("refuses %s", async (_what, name, search, path) => {
  expect((await save("ada", name, false, search)).issues.map((issue: { path: string }) => issue.path)).toEqual([path]);
});
