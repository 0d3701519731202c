/** Prices, the catalogue and discounts: set over GraphQL, kept for ever, and the same on the node that charges by them. */
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ResourceSchema, SnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { builtInModels, nanodollars } from "../../control-plane/catalogue/built-in-models.ts";
import { ConfigResource } from "../../control-plane/database/entities/config-resource.ts";
import { costOf } from "../../data-plane/pipeline/cost.ts";
import { priceAt } from "../../data-plane/snapshot/compiled-price.ts";
import { buildRuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let organisationId: string;
let admin: string;
let provider: string;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  organisationId = await makeOrganisation(services, "ours");
  admin = await tokenFor(services, organisationId, "admin");
  const made = await change("createProvider", { key: "p", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" }, "provider { id }");
  provider = made.provider.id;
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const change = async (name: string, input: object, fields: string, token = admin) => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const answer = await client.ask(
    token,
    `mutation($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${type}Payload { ${fields} }
       ... on ValidationError { issues { path message } } ... on UserError { code } } }`,
    { input },
  );
  expect(answer.errors).toEqual([]);
  return answer.data[name];
};

let backends = 0;
/** A backend with a route of its own, so that a node compiles it. */
const backend = async (more: object) => {
  const key = `b${++backends}`;
  const { backend } = await change(
    "createBackend",
    { key, providerId: provider, model: "m", ...more },
    "backend { id revision price { version } }",
  );
  await change("createRoute", { name: key, tiers: [{ targets: [{ backendId: backend.id, weight: 1 }] }] }, "route { id }");
  return { ...backend, key } as { id: string; revision: number; key: string; price: { version: number } | null };
};

/** What a node would charge for 1000 tokens in and 1000 out, at a time. */
/** As a node compiles it from what is kept. */
const backendOf = async (routeName: string) => {
  const rows = await services.database.system((em) => em.find(ConfigResource, {}, { disableIdentityMap: true }));
  const resources = rows.map(({ payload }) => fromBinary(ResourceSchema, payload));
  const snapshot = buildRuntimeSnapshot({
    ...fromBinary(SnapshotSchema, new Uint8Array()),
    resources,
    revision: { $typeName: "penstock.config.v1.Revision", epoch: "e", number: 1n, hash: new Uint8Array() },
  });
  return snapshot.route(organisationId, routeName)?.tiers[0]?.targets[0]?.backend;
};

const charged = async (routeName: string, at: Date) => {
  const compiled = (await backendOf(routeName))?.prices ?? [];
  const usage = {
    inputTokens: 1000,
    outputTokens: 1000,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    estimated: false,
    raw: "",
  };
  return { cost: costOf(priceAt(compiled, at.getTime()), usage), version: Number(priceAt(compiled, at.getTime())?.version ?? 0n) };
};

const inOneHour = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
const terms = (input: number) => ({ inputNanodollarsPerMillion: `${input}000000`, outputNanodollarsPerMillion: "0" });

it("a price that is to come is on the node at once and begins to the millisecond, without another revision", async () => {
  const { id, key, price } = await backend({ price: terms(100) });
  const begins = inOneHour();
  const { backend: changed } = await change(
    "updateBackend",
    { id, expectedRevision: 1, price: { ...terms(250), effectiveFrom: begins } },
    "backend { price { version } prices { version effectiveFrom inputNanodollarsPerMillion } }",
  );
  expect(changed.price.version).toBe(price?.version);
  expect(changed.prices).toEqual([
    { version: price?.version, effectiveFrom: null, inputNanodollarsPerMillion: "100000000" },
    { version: expect.any(Number), effectiveFrom: begins.toISOString(), inputNanodollarsPerMillion: "250000000" },
  ]);
  expect(await charged(key, new Date(begins.getTime() - 1))).toEqual({ cost: 100_000n, version: price?.version });
  expect(await charged(key, begins)).toEqual({ cost: 250_000n, version: changed.prices[1].version });

  const { backend: back } = await change(
    "unscheduleBackendPrice",
    { id, expectedRevision: 2, version: changed.prices[1].version },
    "backend { prices { version } }",
  );
  expect(back.prices).toEqual([{ version: price?.version }]);
  expect((await charged(key, begins)).cost).toBe(100_000n);
});

it("every version is kept with who set it, and what a ledger row's version means can be asked", async () => {
  const { id, price } = await backend({
    price: { ...terms(1), requestNanodollars: "7", contextTiers: [{ inputTokensAbove: 200_000, ...terms(2) }] },
  });
  await change("updateBackend", { id, expectedRevision: 1, price: terms(3) }, "backend { id }");
  await change("updateBackend", { id, expectedRevision: 2, price: null }, "backend { id }");
  const { data } = await client.ask(
    admin,
    `query($id: ID!, $version: Int!) {
       priceVersions(ownerId: $id) { edges { node { version actor price { inputNanodollarsPerMillion } } } }
       priceVersion(version: $version) { ownerKind ownerId price { requestNanodollars contextTiers { inputTokensAbove inputNanodollarsPerMillion outputNanodollarsPerMillion cacheReadNanodollarsPerMillion } } } }`,
    { id, version: price?.version },
  );
  expect(data.priceVersions.edges.map(({ node }: { node: object }) => node)).toEqual([
    { version: expect.any(Number), actor: "token:admin", price: { inputNanodollarsPerMillion: "3000000" } },
    { version: price?.version, actor: "token:admin", price: { inputNanodollarsPerMillion: "1000000" } },
  ]);
  expect(data.priceVersion).toEqual({
    ownerKind: "BACKEND",
    ownerId: id,
    price: {
      requestNanodollars: "7",
      contextTiers: [
        {
          inputTokensAbove: 200_000,
          inputNanodollarsPerMillion: "2000000",
          outputNanodollarsPerMillion: "0",
          cacheReadNanodollarsPerMillion: null,
        },
      ],
    },
  });
});

it.each([
  ["a date that is over", { ...terms(1), effectiveFrom: "2020-01-01T00:00:00Z" }, "price.effectiveFrom"],
  ["less than nothing", { ...terms(1), audioInputNanodollarsPerMillion: "-1" }, "price.audioInputNanodollarsPerMillion"],
  [
    "lengths that fall",
    { ...terms(1), contextTiers: [{ inputTokensAbove: 2 }, { inputTokensAbove: 2 }] },
    "price.contextTiers[1].inputTokensAbove",
  ],
])("refuses a price with %s", async (_, price, path) => {
  const answer = await change("createBackend", { key: "refused", providerId: provider, model: "m", price }, "backend { id }");
  expect(answer).toMatchObject({ __typename: "ValidationError", issues: [{ path }] });
});

it("a backend that names a model of the catalogue has its price, until it has its own; a newer price of the model is a new version", async () => {
  const { id, key } = await backend({ catalogueModel: "openai/gpt-4o" });
  expect((await charged(key, new Date())).cost).toBe(2_500_000n + 10_000_000n);
  const { data } = await client.ask(
    admin,
    '{ modelCatalogue(search: "GPT-4o", vendor: "openai") { key own { id revision price { version } } } }',
  );
  const entry = data.modelCatalogue.find((each: { key: string }) => each.key === "openai/gpt-4o");
  expect(data.modelCatalogue.find((each: { key: string }) => each.key === "openai/gpt-4o-mini").own).toBeNull();

  const begins = inOneHour();
  const dearer = await change(
    "updateCatalogueModel",
    { id: entry.own.id, expectedRevision: entry.own.revision, price: { ...terms(9_000), effectiveFrom: begins } },
    "catalogueModel { prices { version } }",
  );
  expect((await charged(key, new Date(begins.getTime() - 1))).version).toBe(entry.own.price.version);
  expect(await charged(key, begins)).toEqual({ cost: 9_000_000n, version: dearer.catalogueModel.prices[1].version });

  await change("updateBackend", { id, expectedRevision: 1, price: terms(5) }, "backend { id }");
  expect((await charged(key, begins)).cost).toBe(5000n);
  const listed = await change(
    "updateCatalogueModel",
    { id: entry.own.id, expectedRevision: 2, listPrice: true },
    "catalogueModel { price { inputNanodollarsPerMillion } }",
  );
  expect(listed.catalogueModel.price.inputNanodollarsPerMillion).toBe("2500000000");
  const archived = await change("archiveCatalogueModel", { id: entry.own.id, expectedRevision: 3 }, "catalogueModel { id }");
  expect(archived.issues[0].message).toContain(`used by backend ${key}`);
});

it("how long its answers may be comes with the model to the node, also where the backend has prices of its own", async () => {
  await change("createCatalogueModel", { key: "acme/long", outputTokensMax: 64_000, price: terms(3) }, "catalogueModel { id }");
  const { key } = await backend({ catalogueModel: "acme/long" });
  const own = await backend({ catalogueModel: "acme/long", price: terms(1) });
  const unknown = await backend({ price: terms(1) });
  expect((await backendOf(key))?.outputTokensMax).toBe(64_000);
  expect((await backendOf(own.key))?.outputTokensMax).toBe(64_000);
  expect((await backendOf(unknown.key))?.outputTokensMax).toBeUndefined();
});

it("a model of one's own stands in the catalogue beside the others; one that nobody knows is refused by name", async () => {
  await change("createCatalogueModel", { key: "acme/large", contextTokensMax: 8192, price: terms(3) }, "catalogueModel { id }");
  const { key } = await backend({ catalogueModel: "acme/large" });
  expect((await charged(key, new Date())).cost).toBe(3000n);
  const taken = await change("adoptCatalogueModels", { keys: ["acme/large", "mistral/codestral-latest"] }, "catalogueModels { key }");
  expect(taken.catalogueModels).toEqual([{ key: "acme/large" }, { key: "mistral/codestral-latest" }]);
  const unknown = await change(
    "createBackend",
    { key: "x", providerId: provider, model: "m", catalogueModel: "acme/huge" },
    "backend { id }",
  );
  expect(unknown.issues).toEqual([{ path: "catalogueModel", message: expect.stringContaining('"acme/huge"') }]);
});

it("discounts come off at their dates, and only the installation gives them", async () => {
  const { key } = await backend({ price: terms(1000) });
  const [begins, ends] = [inOneHour(), new Date(inOneHour().getTime() + 60_000)];
  const { data } = await client.ask(admin, "{ organisation { revision } }");
  const input = {
    expectedRevision: data.organisation.revision,
    discounts: [{ providerId: provider, basisPoints: 2500, from: begins, until: ends }],
  };
  expect(await change("setDiscounts", input, "organisation { id }")).toMatchObject({ __typename: "ForbiddenError" });
  const installation = await tokenFor(services, organisationId, "admin", true);
  const given = await change("setDiscounts", input, "organisation { discounts { providerId basisPoints from until } }", installation);
  expect(given.organisation.discounts).toEqual([
    { providerId: provider, basisPoints: 2500, from: begins.toISOString(), until: ends.toISOString() },
  ]);
  expect((await charged(key, new Date(begins.getTime() - 1))).cost).toBe(1_000_000n);
  expect((await charged(key, begins)).cost).toBe(750_000n);
  expect((await charged(key, ends)).cost).toBe(1_000_000n);
  const twice = await change(
    "setDiscounts",
    { expectedRevision: data.organisation.revision + 1, discounts: [{ basisPoints: 1 }, { basisPoints: 2 }] },
    "organisation { id }",
    installation,
  );
  expect(twice.issues).toEqual([{ path: "discounts[1]", message: expect.stringContaining("same time") }]);
});

it("the catalogue that comes along has 150 models and more, each with its source, its date and a price that a row can hold", () => {
  const models = builtInModels();
  expect(models.length).toBeGreaterThanOrEqual(150);
  for (const model of models) {
    expect(model.source, model.key).not.toBe("");
    expect(model.sourceDate, model.key).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(Number(model.terms?.inputNanodollarsPerMillion ?? "1"), model.key).toBeGreaterThanOrEqual(0);
    expect(
      model.capabilities.every((word) => /^[a-z][a-z0-9_-]{0,31}$/.test(word)),
      model.key,
    ).toBe(true);
  }
  expect(new Set(models.map(({ key }) => key)).size).toBe(models.length);
});

it("all of the catalogue can be taken over at once", async () => {
  const keys = builtInModels().map(({ key }) => key);
  const taken = await change("adoptCatalogueModels", { keys: keys.slice(0, 200) }, "catalogueModels { key }");
  expect(taken.catalogueModels.length).toBe(200);
});

it.each([
  ["2.50", "2500000000"],
  ["0.0000000010", undefined],
  ["0.15", "150000000"],
  ["30", "30000000000"],
  ["0.000000001", "1"],
  ["-1", undefined],
  ["1e3", undefined],
])("%s dollars", (dollars, expected) => {
  if (expected === undefined) expect(() => nanodollars(dollars)).toThrow();
  else expect(nanodollars(dollars)).toBe(expected);
});
