/** Lists in the order that is asked for: the pages joined are the whole list, whatever is equal or missing in it. */
import fc from "fast-check";
import { v7 } from "uuid";
import { afterAll, describe, expect, it } from "vitest";
import { ApiKey } from "../../control-plane/database/entities/api-key.ts";
import { Project } from "../../control-plane/database/entities/project.ts";
import type { TestServices } from "../harness/control-plane.ts";
import { makeOrganisation, openTestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, graphqlServices, makeThing, serveGraphql, tokenFor } from "../harness/graphql.ts";

interface DrawnKey {
  readonly name: string;
  readonly owner: string;
  readonly project: number;
  /** Milliseconds; null: never. */
  readonly expiresAt: number | null;
}

const projects = ["web", "Web", "archive"] as const;
const drawnKey: fc.Arbitrary<DrawnKey> = fc.record({
  name: fc.constantFrom("alpha", "Alpha", "beta", "a.b", "ß", "100%", "z'; --"),
  owner: fc.constantFrom("", "ann", "Bob"),
  project: fc.nat({ max: projects.length - 1 }),
  expiresAt: fc.option(fc.constantFrom(Date.UTC(2031, 0, 1), Date.UTC(2031, 0, 1) + 1, Date.UTC(2040, 0, 1))),
});

const lower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
const measures: Readonly<Record<string, (key: DrawnKey) => string | number | null>> = {
  NAME: ({ name }) => lower(name),
  OWNER: ({ owner }) => lower(owner),
  PROJECT: ({ project }) => lower(projects[project] ?? ""),
  EXPIRES_AT: ({ expiresAt }) => expiresAt,
};

/** An organisation of its own with these keys; their ids in the order of the draw. */
async function organisationWith(services: TestServices, drawn: readonly DrawnKey[]) {
  const organisationId = await makeOrganisation(services, v7());
  const token = await tokenFor(services, organisationId, "viewer");
  const row = () => ({ id: v7(), organisationId, revision: 1, createdAt: new Date(), updatedAt: new Date(), archivedAt: null });
  const ids = await services.database.tenant(organisationId, async (em) => {
    const made = projects.map((name, at) => em.create(Project, { ...row(), key: `project-${at}`, name, contentCapture: null }));
    await em.flush();
    const keys = drawn.map(({ name, owner, project, expiresAt }) => {
      const id = v7();
      return em.create(ApiKey, {
        ...row(),
        id,
        projectId: made[project]?.id ?? "",
        name,
        environment: "live",
        publicId: id,
        hash: new Uint8Array(32),
        lastFour: "0000",
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        revokedAt: null,
        owner,
        allowedRoutes: [],
        allowedMethods: [],
        allowedNetworks: [],
        mayForceVariants: false,
        rotatedFromId: null,
      });
    });
    await em.flush();
    return keys.map(({ id }) => id);
  });
  return { token, ids };
}

const query = `query ($first: Int, $last: Int, $after: String, $before: String, $orderBy: ApiKeyOrder) {
  apiKeys(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy) {
    edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function joinedPages(client: GraphqlClient, token: string, orderBy: object, size: number, backwards: boolean): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null, more = true; more; ) {
    const { data, errors } = await client.ask(
      token,
      query,
      backwards ? { orderBy, last: size, before: cursor } : { orderBy, first: size, after: cursor },
    );
    expect(errors).toEqual([]);
    const { edges, pageInfo } = data.apiKeys;
    const page = edges.map(({ node }: { node: { id: string } }) => node.id);
    ids.splice(backwards ? 0 : ids.length, 0, ...page);
    more = backwards ? pageInfo.hasPreviousPage : pageInfo.hasNextPage;
    cursor = backwards ? pageInfo.startCursor : pageInfo.endCursor;
    if (more) expect(page).toHaveLength(size);
  }
  return ids;
}

function expectedOrder(drawn: readonly DrawnKey[], ids: readonly string[], field: string): string[] {
  const rows = drawn.map((key, at) => ({ id: ids[at] ?? "", value: measures[field]?.(key) ?? null }));
  const bytes = (value: string | number) => (typeof value === "number" ? value : Buffer.from(value).toString("hex"));
  const compare = (one: string | number | null, other: string | number | null) => {
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return bytes(one) < bytes(other) ? -1 : bytes(one) > bytes(other) ? 1 : 0;
  };
  return rows.sort((one, other) => compare(one.value, other.value) || (one.id < other.id ? -1 : 1)).map(({ id }) => id);
}

const embedded = await openTestServices(undefined);
const embeddedClient = await serveGraphql(embedded);
afterAll(async () => {
  await embeddedClient.close();
  await embedded.close();
});
const server = await graphqlServices();

describe.each([
  ["PostgreSQL", server, 5],
  ["the embedded database", { services: embedded, client: embeddedClient }, 3],
] as const)("on %s", (_name, { services, client }, numRuns) => {
  it("the pages joined are the whole list in that order, from either end, one way and the other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drawnKey, { maxLength: 9 }), fc.integer({ min: 1, max: 4 }), async (drawn, size) => {
        const { token, ids } = await organisationWith(services, drawn);
        for (const field of Object.keys(measures)) {
          const expected = expectedOrder(drawn, ids, field);
          for (const backwards of [false, true]) {
            expect(await joinedPages(client, token, { field }, size, backwards)).toEqual(expected);
            const descending = await joinedPages(client, token, { field, direction: "DESC" }, size, backwards);
            expect(descending).toEqual(expected.toReversed());
          }
        }
      }),
      { numRuns },
    );
  });
});

it("a row that is changed between two pages moves alone", async () => {
  const { services, client } = server;
  const drawn = ["a", "b", "c", "d"].map((name) => ({ name, owner: "", project: 0, expiresAt: null }));
  const { token, ids } = await organisationWith(services, drawn);
  const orderBy = { field: "NAME" };
  const { data } = await client.ask(token, query, { orderBy, first: 2 });
  await services.database.system((em) => em.nativeUpdate(ApiKey, { id: ids[1] ?? "" }, { name: "zz" }));
  const next = await client.ask(token, query, { orderBy, first: 2, after: data.apiKeys.pageInfo.endCursor });
  expect(next.data.apiKeys.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual([ids[2], ids[3]]);
});

it("a cursor is of use in its own order alone", async () => {
  const { services, client } = server;
  const key = { name: "dot.ted", owner: "", project: 0, expiresAt: null };
  const { token, ids } = await organisationWith(services, [key, key]);
  const { data } = await client.ask(token, query, { orderBy: { field: "NAME" }, first: 1 });
  const after: string = data.apiKeys.pageInfo.endCursor;
  const asked = (variables: object) => client.ask(token, query, variables);
  expect((await asked({ orderBy: { field: "NAME" }, after })).data.apiKeys.edges).toEqual([{ node: { id: ids[1] } }]);
  for (const [path, variables] of [
    ["after", { orderBy: { field: "NAME", direction: "DESC" }, after }],
    ["before", { orderBy: { field: "OWNER" }, before: after }],
    ["after", { after }],
    ["after", { orderBy: { field: "NAME" }, after: ids[0] }],
    ["after", { orderBy: { field: "NAME" }, after: `name.asc.${ids[0]}.\0` }],
    ["after", { orderBy: { field: "EXPIRES_AT" }, after: `expires_at.asc.${ids[0]}.soon` }],
    ["after", { orderBy: { field: "EXPIRES_AT" }, after: `expires_at.asc.${ids[0]}.99999999999999999999` }],
  ] as const) {
    const { errors } = await asked(variables);
    expect(errors).toMatchObject([{ extensions: { code: "VALIDATION" }, message: expect.stringContaining(path) }]);
  }
  const { errors } = await asked({ orderBy: { field: "HASH" } });
  expect(errors[0]?.message).toContain('does not exist in "ApiKeyOrderField"');
});

it("every list that pages can be put in each of its orders", async () => {
  const { services, client } = server;
  const token = await tokenFor(services, await makeOrganisation(services, v7()), "admin", true);
  const { data } = await client.ask(token, `{ __schema { queryType { fields { name args { name type { name } } } } } }`);
  const lists = data.__schema.queryType.fields.flatMap(
    ({ name, args }: { name: string; args: { name: string; type: { name: string } }[] }) =>
      args.flatMap((arg) =>
        arg.name === "orderBy" && arg.type.name.endsWith("Order") && name !== "usageEvents" ? [[name, arg.type.name]] : [],
      ),
  );
  expect(lists.map(([name]: [string]) => name)).toEqual([
    "adminTokens",
    "alertRules",
    "apiKeys",
    "backends",
    "budgets",
    "catalogueModels",
    "datasets",
    "experiments",
    "organisations",
    "projects",
    "prompts",
    "providers",
    "quotas",
    "replayRuns",
    "routes",
    "webhooks",
  ]);
  for (const [list, order] of lists) {
    const told = await client.ask(token, `{ __type(name: "${order}Field") { enumValues { name } } }`);
    for (const { name } of told.data.__type.enumValues) {
      const answer = await client.ask(
        token,
        `{ ${list}(first: 2, orderBy: { field: ${name}, direction: DESC }) { pageInfo { endCursor } } }`,
      );
      expect(answer.errors, `${list} by ${name}`).toEqual([]);
    }
  }
});

it("budgets stand by how much of them is spent; those that were not looked at yet are last", async () => {
  const { services, client } = server;
  const organisationId = await makeOrganisation(services, v7());
  const token = await tokenFor(services, organisationId, "admin");
  const make = (key: string, limitNanodollars: string) =>
    makeThing(client, token, "Budget", { key, scopeKind: "ORGANISATION", limitNanodollars, period: "MONTH" });
  const [small, large] = [await make("small", "1000"), await make("large", "1000000")];
  await make("new", "5");
  const at = new Date();
  await services.database.system(async (em) => {
    for (const [id, spent] of [
      [small, 900],
      [large, 1000],
    ] as const)
      await em.execute(
        "insert into budget_state (budget_id, organisation_id, period_start, period_end, spent_nanodollars, calls, unpriced_calls, evaluated_at) values (?, ?, ?, ?, ?, 1, 0, ?)",
        [id, organisationId, at, at, spent, at],
      );
  });
  const { data } = await client.ask(token, "{ budgets(orderBy: { field: SPENT }) { edges { node { key } } } }");
  expect(data.budgets.edges.map(({ node }: { node: { key: string } }) => node.key)).toEqual(["large", "small", "new"]);
});
