/** What needs somebody now: named where it is, gone when it is mended, and nobody else's. */
import { expect, it } from "vitest";
import { makeOrganisation } from "../harness/control-plane.ts";
import { graphqlServices, makeThing, tokenFor } from "../harness/graphql.ts";

const { services, client } = await graphqlServices();
const organisationId = await makeOrganisation(services, "ours");
const admin = await tokenFor(services, organisationId, "admin");
const stranger = await tokenFor(services, await makeOrganisation(services, "theirs"), "admin");

const make = (type: string, input: object) => makeThing(client, admin, type, input);
const incidents = async (token = admin) => {
  const { data, errors } = await client.ask(token, "{ incidents { kind subjectId name says severe } }");
  expect(errors).toEqual([]);
  return data.incidents.filter(({ kind }: { kind: string }) => kind !== "NO_NODE");
};
const write = <Row>(sql: string, parameters: readonly (string | number)[]) =>
  services.database.system((em) => em.execute<Row[]>(sql, [...parameters]));

it("names the budget that is nearly spent, and not one with room or of a period that is over", async () => {
  const budget = (key: string) => make("Budget", { key, scopeKind: "ORGANISATION", period: "MONTH", limitNanodollars: "1000" });
  const state = (id: string, spent: number, periodEnd: string) =>
    write(
      `insert into budget_state (budget_id, organisation_id, period_start, period_end, spent_nanodollars, calls, unpriced_calls, evaluated_at)
       values (?, ?, now() - interval '60 days', ?, ?, 1, 0, now())`,
      [id, organisationId, periodEnd, spent],
    );
  const near = await budget("near");
  await state(near, 815, "2999-01-01T00:00:00Z");
  await state(await budget("roomy"), 800, "2999-01-01T00:00:00Z");
  await state(await budget("over"), 999, "2020-01-01T00:00:00Z");
  expect(await incidents()).toEqual([
    { kind: "BUDGET_NEAR_END", subjectId: near, name: "near", says: "has 81% of its limit spent", severe: false },
  ]);
  expect(await incidents(stranger)).toEqual([]);
  await write("update budget_state set spent_nanodollars = 1200 where budget_id = ?", [near]);
  expect(await incidents()).toMatchObject([{ says: "has 120% of its limit spent", severe: true }]);
  await write("update budget_state set spent_nanodollars = 1 where budget_id = ?", [near]);
  expect(await incidents()).toEqual([]);
});

it("names the experiment that harms by its newest look, and the one that was rolled back by itself in the last day", async () => {
  const providerId = await make("Provider", { key: "p", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" });
  const backendId = await make("Backend", { key: "b", providerId, model: "m" });
  const routeId = await make("Route", { name: "r", tiers: [{ targets: [{ backendId, weight: 1 }] }] });
  const variants = ["a", "b"].map((key) => ({ key, weight: 1 }));
  const experiment = await make("Experiment", { key: "colder", routeId, unit: "REQUEST", variants });
  await client.ask(admin, `mutation { startExperiment(input: { id: "${experiment}", expectedRevision: 1, aaTest: true }) { __typename } }`);
  const [row] = await write<{ phase: number }>("select phase from experiment where id = ?", [experiment]);
  const look = (at: string, alarms: object[]) =>
    write(
      "insert into experiment_evaluation (organisation_id, experiment_id, phase, at, event, result, sequences) values (?, ?, ?, ?, '', ?::jsonb, '{}')",
      [organisationId, experiment, row?.phase ?? 0, at, JSON.stringify({ alarms })],
    );
  await look("2027-01-01T00:00:00Z", []);
  expect(await incidents()).toEqual([]);
  await look("2027-01-01T00:01:00Z", [{ role: "guardrail", metric: "error_rate", variant: "b", text: "more errors by 2 points" }]);
  expect(await incidents()).toEqual([
    { kind: "GUARDRAIL_HARMED", subjectId: experiment, name: "colder", says: "does harm: more errors by 2 points", severe: true },
  ]);
  await look("2027-01-01T00:02:00Z", []);
  expect(await incidents()).toEqual([]);

  const ended = (ago: string) =>
    write(
      `update experiment set status = 'stopped', conclusion = jsonb_build_object('outcome', 'rolled-back', 'variant', 'a',
         'reason', 'errors', 'actor', 'system:evaluator', 'at', now() - ?::interval) where id = ?`,
      [ago, experiment],
    );
  await ended("1 hour");
  expect(await incidents()).toMatchObject([
    { kind: "ROLLED_BACK", name: "colder", says: "was rolled back by itself: errors", severe: false },
  ]);
  await ended("2 days");
  expect(await incidents()).toEqual([]);
});

it("says where no node is ready", async () => {
  const { data } = await client.ask(admin, "{ incidents { kind name says severe subjectId } }");
  expect(data.incidents).toEqual([
    { kind: "NO_NODE", name: "No node", says: "is ready, so nobody is served", severe: true, subjectId: null },
  ]);
});
