/** Budgets: what was spent in their periods, thresholds told once, and routes that are told in time. */
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ResourceKind, ResourceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { findUnpriced } from "../../control-plane/alerts/find-unpriced.ts";
import { spentBudgets } from "../../control-plane/budgets/budget-periods.ts";
import { evaluateBudgets, hasReached } from "../../control-plane/budgets/evaluate-budgets.ts";
import { Alert } from "../../control-plane/database/entities/alert.ts";
import { ConfigResource } from "../../control-plane/database/entities/config-resource.ts";
import { changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { restoreRevision } from "../../control-plane/operations/restore-revision.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { recordCalls } from "./ledger-calls.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("budgets on %s", (database) => {
  let services: TestServices;
  let client: GraphqlClient;
  let organisations = 0;
  beforeAll(async () => {
    services = await openTestServices(database === "PostgreSQL" ? await postgres.createDatabase() : undefined);
    client = await serveGraphql(services);
  });
  afterAll(async () => {
    await client.close();
    await services.close();
  });

  const organisation = async () => {
    const organisationId = await makeOrganisation(services, `o${++organisations}`);
    const author = { actor: "test", organisationId };
    const { value } = await changeConfiguration(services, author, { action: "project.create", summary: "" }, async (change) =>
      change.create("project", { key: "p", name: "P" }),
    );
    return { organisationId, author, project: value.id, token: await tokenFor(services, organisationId, "admin") };
  };
  const budget = async (token: string, input: object) => {
    const { data, errors } = await client.ask(
      token,
      "mutation($input: CreateBudgetInput!) { createBudget(input: $input) { __typename ... on CreateBudgetPayload { budget { id revision } } ... on ValidationError { issues { path message } } } }",
      { input: { key: "b", scopeKind: "ORGANISATION", limitNanodollars: "1000", period: "MONTH", ...input } },
    );
    expect(errors).toEqual([]);
    return data.createBudget.budget ?? data.createBudget;
  };
  const alertsOf = async (organisationId: string) =>
    (await services.database.tenant(organisationId, (em) => em.find(Alert, {}, { orderBy: { id: "asc" } }))).map(({ type, data }) => [
      type,
      data["thresholdPercent"] ?? data["model"],
    ]);

  it("tells each threshold once a period, at the nano-dollar, and again in the next", async () => {
    const { organisationId, token } = await organisation();
    const { id } = await budget(token, { thresholdPercents: [50, 80, 100] });
    const at = (text: string) => new Date(text);
    const call = (text: string, costNanodollars: bigint) => ({ organisationId, at: at(text), costNanodollars });
    await recordCalls(services.database, [call("2026-09-30T23:59:59.999Z", 5000n), call("2026-10-01T00:00:00Z", 499n)]);
    await evaluateBudgets(services, at("2026-10-02T00:00:00Z"));
    expect(await alertsOf(organisationId)).toEqual([]);
    await recordCalls(services.database, [call("2026-10-02T12:34:56Z", 1n)]);
    await evaluateBudgets(services, at("2026-10-03T00:00:00Z"));
    await evaluateBudgets(services, at("2026-10-03T00:00:05Z"));
    expect(await alertsOf(organisationId)).toEqual([["budget.threshold_reached", 50]]);
    await recordCalls(services.database, [call("2026-10-31T23:59:59.999Z", 10_000n), call("2026-11-01T00:00:00Z", 1n)]);
    // The last call came after midnight to the ledger; its period is looked at again.
    await evaluateBudgets(services, at("2026-11-01T00:30:00Z"));
    expect(await alertsOf(organisationId)).toEqual([50, 80, 100].map((percent) => ["budget.threshold_reached", percent]));
    const { data } = await client.ask(
      token,
      "query($id: ID!) { budget(id: $id) { state { periodStart periodEnd spentNanodollars spentPercent calls forecastNanodollars } } }",
      { id },
    );
    expect(data.budget.state).toEqual({
      periodStart: "2026-11-01T00:00:00.000Z",
      periodEnd: "2026-12-01T00:00:00.000Z",
      spentNanodollars: "1",
      spentPercent: 0.1,
      calls: "1",
      forecastNanodollars: null,
    });
  });

  it("counts what its scope spent and nothing else", async () => {
    const { organisationId, project, token } = await organisation();
    const stranger = await organisation();
    await budget(token, { key: "all" });
    await budget(token, { key: "project", scopeKind: "PROJECT", scopeId: project });
    const at = new Date("2026-10-05T10:20:30Z");
    await recordCalls(services.database, [
      { organisationId, at, projectId: project, costNanodollars: 7n },
      { organisationId, at, costNanodollars: 11n },
      { organisationId, at, projectId: project },
      { organisationId: stranger.organisationId, at, projectId: project, costNanodollars: 100_000n },
    ]);
    await evaluateBudgets(services, new Date("2026-10-06T00:00:00Z"));
    const { data } = await client.ask(token, "{ budgets { edges { node { key state { spentNanodollars calls unpricedCalls } } } } }");
    expect(data.budgets.edges.map(({ node }: { node: object }) => node)).toEqual([
      { key: "all", state: { spentNanodollars: "18", calls: "3", unpricedCalls: "1" } },
      { key: "project", state: { spentNanodollars: "7", calls: "2", unpricedCalls: "1" } },
    ]);
  });

  it.each([
    ["DAY", "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
    ["WEEK", "UTC", "2026-11-01T12:00:00Z", "2026-10-26T00:00:00Z", "2026-11-02T00:00:00Z"],
    ["MONTH", "Asia/Kolkata", "2026-11-10T12:00:00Z", "2026-10-31T18:30:00Z", "2026-11-30T18:30:00Z"],
    ["QUARTER", "Europe/Berlin", "2026-11-10T12:00:00Z", "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"],
    ["YEAR", "Asia/Kathmandu", "2026-11-10T12:00:00Z", "2025-12-31T18:15:00Z", "2026-12-31T18:15:00Z"],
  ])("a %s in %s begins and ends by its own calendar, to the millisecond", async (period, timeZone, now, start, end) => {
    const { organisationId, token } = await organisation();
    await budget(token, { period, timeZone });
    const [first, beyond] = [new Date(start), new Date(end)];
    const around = [
      first.getTime() - 1,
      first.getTime(),
      first.getTime() + 1_800_000,
      (first.getTime() + beyond.getTime()) / 2,
      beyond.getTime() - 1,
      beyond.getTime(),
    ];
    await recordCalls(
      services.database,
      around.map((ms, index) => ({ organisationId, at: new Date(Math.floor(ms)), costNanodollars: 10n ** BigInt(index) })),
    );
    const [spent] = (await services.database.system((em) => spentBudgets(em, [new Date(now)]))).filter(
      (each) => each.organisationId === organisationId,
    );
    expect(spent).toMatchObject({ periodStart: first, periodEnd: beyond, spentNanodollars: 11_110n, calls: 4n });
  });

  it("tells nodes how far it is spent where a route asks, and takes it back when the limit is raised", async () => {
    const { organisationId, author, token } = await organisation();
    const { id, revision } = await budget(token, { thresholdPercents: [] });
    await changeConfiguration(services, author, { action: "test", summary: "" }, async (change) => {
      const place = { baseUrl: "http://127.0.0.1:9/v1", privateAddressAllowed: true };
      const provider = change.create("provider", {
        key: "p",
        kind: "simulated",
        sealedCredential: "",
        flavour: "generic",
        apiVersion: "",
        authentication: { method: "api-key" },
        sealedHeaders: [],
        ...place,
      });
      const backend = (key: string) =>
        change.create("backend", { key, providerId: provider.id, model: "m", prices: [], concurrentCallsMax: 0, capabilities: [] });
      const tier = (key: string) => ({ targets: [{ backendId: backend(key).id, weight: 1 }] });
      change.create("route", {
        name: "chat",
        description: "",
        tiers: [tier("dear"), tier("cheap")],
        timeouts: { queueMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 0 },
        attemptsMax: 0,
        cache: "off",
        economy: { budgetPercent: 75, firstTier: 1 },
      });
    });
    const reached = async () => {
      const row = await services.database.system((em) =>
        em.findOneOrFail(ConfigResource, { kind: ResourceKind.BUDGET, id }, { disableIdentityMap: true }),
      );
      const { resource } = fromBinary(ResourceSchema, row.payload);
      return resource.case === "budget" ? [resource.value.reachedPercent, Number(resource.value.reachedUntilMs)] : [];
    };
    const now = new Date();
    await recordCalls(services.database, [{ organisationId, at: now, costNanodollars: 749n }]);
    await evaluateBudgets(services, now);
    expect(await reached()).toEqual([0, 0]);
    await recordCalls(services.database, [{ organisationId, at: now, costNanodollars: 1n }]);
    await evaluateBudgets(services, now);
    const monthEnd = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    expect(await reached()).toEqual([75, monthEnd]);

    const before = await services.database.system((em) => em.execute("select max(number)::text as number from revision"));
    await evaluateBudgets(services, now);
    expect(await services.database.system((em) => em.execute("select max(number)::text as number from revision"))).toEqual(before);

    // Restoring an older configuration does not give back what was spent.
    await changeConfiguration(services, author, { action: "test", summary: "" }, async (change) => {
      (await change.edit("budget", id)).key = "renamed";
    });
    await restoreRevision(services, author, BigInt(String(before[0]?.["number"])) - 1n);
    expect(await reached()).toEqual([75, monthEnd]);

    await client.ask(token, "mutation($input: UpdateBudgetInput!) { updateBudget(input: $input) { __typename } }", {
      input: { id, expectedRevision: revision + 3, limitNanodollars: "2000" },
    });
    await evaluateBudgets(services, now);
    expect(await reached()).toEqual([0, 0]);
  });

  it("says once a day that a model has no price, and not that a refused call has none", async () => {
    const { organisationId } = await organisation();
    const at = new Date();
    await recordCalls(services.database, [
      { organisationId, at, modelServed: "unpriced" },
      { organisationId, at, modelServed: "unpriced" },
      { organisationId, at, modelServed: "free", costNanodollars: 0n },
      { organisationId, at, modelServed: "refused", usage: undefined as never },
    ]);
    await services.database.system((em) => findUnpriced(em, at));
    await services.database.system((em) => findUnpriced(em, at));
    expect(await alertsOf(organisationId)).toEqual([["price.missing", "unpriced"]]);
  });

  it.each([
    ["a time zone that is none", { timeZone: "Mars/Olympus" }, "timeZone"],
    ["an offset for a time zone", { timeZone: "+02:00" }, "timeZone"],
    ["no money", { limitNanodollars: "0" }, "limitNanodollars"],
    ["thresholds that fall", { thresholdPercents: [80, 50] }, "thresholdPercents[1]"],
    ["a project that is not there", { scopeKind: "PROJECT", scopeId: "01900000-0000-7000-8000-000000000000" }, "scopeId"],
    ["a scope that is not said", { scopeKind: "API_KEY" }, "scopeId"],
  ])("refuses a budget with %s", async (_, input, path) => {
    const { token } = await organisation();
    const refused = await budget(token, input);
    expect(refused).toMatchObject({ __typename: "ValidationError" });
    expect(refused.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  });
});

it.each([
  [799n, 80, false],
  [800n, 80, true],
  [333n, 33, true],
  [329n, 33, false],
])("%s of 1000 reaches %s %%: %s", (spentNanodollars, percent, reached) => {
  expect(hasReached({ spentNanodollars, limitNanodollars: 1000n }, percent)).toBe(reached);
});
