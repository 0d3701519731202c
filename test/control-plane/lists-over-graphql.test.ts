/** Lists of the configuration: found by what people call a thing, and by what it points at, without reading them whole. */
import { create } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { expect, it } from "vitest";
import { Outcome, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ApiKey } from "../../control-plane/database/entities/api-key.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation } from "../harness/control-plane.ts";
import { graphqlServices, makeThing, tokenFor } from "../harness/graphql.ts";

const { services, client } = await graphqlServices();
const admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin");
const stranger = await tokenFor(services, await makeOrganisation(services, "theirs"), "admin");

const make = (type: string, input: object) => makeThing(client, admin, type, input);

const namesOf = async (list: string, field: string, args: string, token = admin): Promise<string[]> => {
  const { data, errors } = await client.ask(
    token,
    `{ list: ${list}(${args}) { edges { node { name: ${field} } } pageInfo { hasNextPage } } }`,
  );
  expect(errors).toEqual([]);
  return data.list.edges.map(({ node }: { node: { name: string } }) => node.name);
};

it("are searched by name and purpose in upper and lower case, page by page, and signs of a pattern stand for themselves", async () => {
  const providerId = await make("Provider", { key: "lists-server", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" });
  for (let at = 0; at < 5; at++) await make("Backend", { key: `pool-${at}`, providerId, model: at === 4 ? "other_one" : "llama" });
  const backendId = await make("Backend", { key: "spare", providerId, model: "100%" });
  await make("Route", { name: "chat", description: "For the Shop", tiers: [{ targets: [{ backendId, weight: 1 }] }] });

  expect(await namesOf("backends", "key", 'search: "POOL"')).toEqual(["pool-0", "pool-1", "pool-2", "pool-3", "pool-4"]);
  expect(await namesOf("backends", "key", 'search: " Llama "')).toEqual(["pool-0", "pool-1", "pool-2", "pool-3"]);
  expect(await namesOf("backends", "key", 'search: "_"')).toEqual(["pool-4"]);
  expect(await namesOf("backends", "key", 'search: "%"')).toEqual(["spare"]);
  expect(await namesOf("backends", "key", 'search: ""')).toHaveLength(6);
  expect(await namesOf("routes", "name", 'search: "shop"')).toEqual(["chat"]);
  expect(await namesOf("providers", "key", 'search: "LISTS"')).toEqual(["lists-server"]);
  expect(await namesOf("providers", "key", 'search: "LISTS"', stranger)).toEqual([]);

  const first = await client.ask(
    admin,
    '{ backends(search: "pool", first: 3) { edges { node { key } } pageInfo { hasNextPage endCursor } } }',
  );
  expect(first.data.backends.pageInfo.hasNextPage).toBe(true);
  expect(await namesOf("backends", "key", `search: "pool", first: 3, after: "${first.data.backends.pageInfo.endCursor}"`)).toEqual([
    "pool-3",
    "pool-4",
  ]);
});

it("of datasets are searched by name and description", async () => {
  const request = { model: "any", messages: [{ role: "user", content: "hello" }] };
  for (const [name, description] of [
    ["greetings", "in the Morning"],
    ["refunds", "each 100%"],
  ])
    await client.ask(admin, "mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { __typename } }", {
      input: { name, description, cases: [{ request }] },
    });
  expect(await namesOf("datasets", "name", "first: 5")).toEqual(["refunds", "greetings"]);
  expect(await namesOf("datasets", "name", 'search: "GREET"')).toEqual(["greetings"]);
  expect(await namesOf("datasets", "name", 'search: " morning "')).toEqual(["greetings"]);
  expect(await namesOf("datasets", "name", 'search: "%"')).toEqual(["refunds"]);
  expect(await namesOf("datasets", "name", 'search: "greet"', stranger)).toEqual([]);
});

it("have the routes that callers reach by some names, however many there are", async () => {
  const providerId = await make("Provider", { key: "named-server", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" });
  const backendId = await make("Backend", { key: "named", providerId, model: "m" });
  const tiers = [{ targets: [{ backendId, weight: 1 }] }];
  const ids = [await make("Route", { name: "named-one", tiers }), await make("Route", { name: "named-other", tiers })];
  const named = '{ routesNamed(names: ["named-other", "no-such", "named-one"]) { id } }';
  expect((await client.ask(admin, named)).data.routesNamed).toEqual([{ id: ids[1] }, null, { id: ids[0] }]);
  expect((await client.ask(stranger, named)).data.routesNamed).toEqual([null, null, null]);
  const tooMany = JSON.stringify(Array.from({ length: 11 }, (_, at) => `r${at}`));
  const { errors } = await client.ask(admin, `{ routesNamed(names: ${tooMany}) { id } }`);
  expect(errors).toMatchObject([{ message: expect.stringContaining("may be 10") }]);
});

it("say what points at a thing: a provider's backends, a backend's routes, a route's quotas and running experiment", async () => {
  const providerId = await make("Provider", { key: "used", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" });
  const [used, idle] = [
    await make("Backend", { key: "used", providerId, model: "m" }),
    await make("Backend", { key: "idle", providerId, model: "m" }),
  ];
  const routeId = await make("Route", { name: "leads-there", tiers: [{ targets: [{ backendId: used, weight: 1 }] }] });
  await make("Quota", {
    key: "on-it",
    scopeKind: "ROUTE",
    scopeId: routeId,
    resource: "REQUESTS",
    window: "DAY",
    limit: "9",
    enforcement: "SOFT",
  });
  await make("Quota", { key: "on-all", scopeKind: "ORGANISATION", resource: "REQUESTS", window: "DAY", limit: "9", enforcement: "SOFT" });
  const variants = ["a", "b"].map((key) => ({ key, weight: 1 }));
  const experimentId = await make("Experiment", { key: "on-it", routeId, unit: "REQUEST", variants });

  expect(await namesOf("backends", "key", `uses: "${providerId}"`)).toEqual(["used", "idle"]);
  expect(await namesOf("routes", "name", `uses: "${used}"`)).toEqual(["leads-there"]);
  expect(await namesOf("routes", "name", `uses: "${idle}"`)).toEqual([]);
  expect(await namesOf("quotas", "key", `uses: "${routeId}"`)).toEqual(["on-it"]);
  expect(await namesOf("experiments", "key", `uses: "${routeId}"`)).toEqual([]);
  await client.ask(
    admin,
    `mutation { startExperiment(input: { id: "${experimentId}", expectedRevision: 1, aaTest: true }) { __typename } }`,
  );
  expect(await namesOf("experiments", "key", `uses: "${routeId}"`)).toEqual(["on-it"]);
  expect(await namesOf("routes", "name", `uses: "${used}"`, stranger)).toEqual([]);
  expect(await namesOf("routes", "name", 'uses: "no id at all"')).toEqual([]);
});

it("of limits are searched by what they are laid on and what they count as well", async () => {
  const owner = await tokenFor(services, await makeOrganisation(services, "limited"), "admin");
  const made = (type: string, input: object) => makeThing(client, owner, type, input);
  const projectId = await made("Project", { key: "shop", name: "Web Shop" });
  const apiKeyId = await made("ApiKey", { projectId, name: "checkout" });
  const quota = (key: string, scope: object, resource = "REQUESTS") =>
    made("Quota", { key, ...scope, resource, window: "DAY", limit: "9", enforcement: "SOFT" });
  await quota("one", { scopeKind: "PROJECT", scopeId: projectId });
  await quota("two", { scopeKind: "ORGANISATION" }, "INPUT_TOKENS");
  await quota("three", { scopeKind: "END_USER", within: [{ kind: "PROJECT", id: projectId }] });
  await quota("four", { scopeKind: "API_KEY", scopeId: apiKeyId });
  const found = (search: string) => namesOf("quotas", "key", `search: "${search}"`, owner);
  expect(await found("web s")).toEqual(["one", "three"]);
  expect(await found("CHECK")).toEqual(["four"]);
  expect(await found("input tok")).toEqual(["two"]);
  expect(await found("end user")).toEqual(["three"]);
  expect(await found("o")).toEqual(["one", "two", "three", "four"]);
  expect(await found("w%b")).toEqual([]);
  expect(await namesOf("quotas", "key", 'search: "web s"', stranger)).toEqual([]);

  await made("Budget", { key: "month", scopeKind: "PROJECT", scopeId: projectId, limitNanodollars: "9", period: "MONTH" });
  expect(await namesOf("budgets", "key", 'search: "shop"', owner)).toEqual(["month"]);
  expect(await namesOf("budgets", "key", 'search: "checkout"', owner)).toEqual([]);
});

it("of keys are narrowed to those in force, and to those that nobody has used for long", async () => {
  const organisationId = await makeOrganisation(services, "keyed");
  const owner = await tokenFor(services, organisationId, "admin");
  const projectId = await makeThing(client, owner, "Project", { key: "app", name: "App" });
  const dayMs = 86_400_000;
  const daysAgo = (days: number) => new Date(Date.now() - days * dayMs);
  const ids = new Map<string, string>();
  for (const name of ["fresh", "idle", "used", "expired", "revoked"])
    ids.set(name, await makeThing(client, owner, "ApiKey", { projectId, name }));
  await services.database.system(async (em) => {
    const change = (name: string, values: object) => em.nativeUpdate(ApiKey, { organisationId, name }, values);
    for (const name of ["idle", "used", "expired", "revoked"]) await change(name, { createdAt: daysAgo(100) });
    await change("idle", { expiresAt: daysAgo(-1) });
    await change("expired", { expiresAt: daysAgo(1) });
    await change("revoked", { revokedAt: daysAgo(1) });
  });
  const call = (name: string, at: Date) =>
    create(UsageRecordSchema, {
      record: {
        case: "usage",
        value: {
          callId: v7({ msecs: at.getTime() }),
          organisationId,
          apiKeyId: ids.get(name) ?? "",
          startedAt: { seconds: BigInt(Math.floor(at.getTime() / 1000)), nanos: 0 },
          outcome: Outcome.OK,
        },
      },
    });
  await recordUsage(services.database, [call("used", daysAgo(20)), call("idle", daysAgo(40))]);

  const found = (filter: string) => namesOf("apiKeys", "name", `filter: { ${filter} }`, owner);
  const since = `unusedSince: "${daysAgo(30).toISOString()}"`;
  expect(await found("inForce: true")).toEqual(["fresh", "idle", "used"]);
  expect(await found("inForce: false")).toEqual(["expired", "revoked"]);
  expect(await found(since)).toEqual(["idle", "expired", "revoked"]);
  expect(await found(`inForce: true, ${since}`)).toEqual(["idle"]);
  expect(await found("")).toHaveLength(5);
});
