/** A prompt's label that is moved by guarded steps: who gets what, when it moves, when it goes back, and who has to say yes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { Experiment } from "../../control-plane/database/entities/experiment.ts";
import { evaluateOne } from "../../control-plane/experiments/evaluator.ts";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import { openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql } from "../harness/graphql.ts";
import { type RunningExperiment, runningExperiment } from "./running-experiment.ts";

let services: TestServices;
let client: GraphqlClient;
beforeAll(async () => {
  services = await openTestServices(undefined);
  client = await serveGraphql(services);
}, 60_000);
afterAll(async () => {
  await client.close();
  await services.close();
});

const steps = [
  { share: 0.1, holdSeconds: 60, unitsMin: 50 },
  { share: 0.5, holdSeconds: 60, unitsMin: 50 },
];

/** A prompt of three versions, `production` at the first, bound by a route of its own. */
async function deployed(more: { readonly protectedLabels?: readonly string[] } = {}) {
  const world = await runningExperiment(services, client);
  const { prompt } = await world.mutate("createPrompt", { name: "Support/mail" }, "prompt { id }");
  for (const template of ["One.", "Two.", "Three."])
    await world.mutate(
      "createPromptVersion",
      { promptId: prompt.id, messages: [{ role: "SYSTEM", template }] },
      "promptVersion { version }",
    );
  const state = async () =>
    (await client.ask(world.admin, "query($id: ID!) { prompt(id: $id) { revision labels { name version } } }", { id: prompt.id })).data
      .prompt;
  const moved = await world.mutate(
    "setPromptLabel",
    { promptId: prompt.id, expectedRevision: (await state()).revision, label: "production", version: 1 },
    "prompt { id }",
  );
  expect(moved.issues).toBeUndefined();
  if (more.protectedLabels !== undefined)
    await world.mutate(
      "updatePrompt",
      { id: prompt.id, expectedRevision: (await state()).revision, protectedLabels: more.protectedLabels },
      "prompt { id }",
    );
  const { data } = await client.ask(world.admin, "{ backends(first: 1) { edges { node { id } } } }", {});
  const bind = async (name: string) =>
    (
      await world.mutate(
        "createRoute",
        {
          name,
          tiers: [{ targets: [{ backendId: data.backends.edges[0].node.id, weight: 1 }] }],
          prompt: { promptId: prompt.id, label: "production" },
        },
        "route { id }",
      )
    ).route.id as string;
  const routeId = await bind("support");
  const rollOut = async (version: number, rollout: object = { steps: { steps } }) =>
    world.mutate(
      "rollOutPromptLabel",
      { promptId: prompt.id, expectedRevision: (await state()).revision, label: "production", version, rollout },
      "experiment { id key routeId status coverage variants { key prompt { version } } rollout { deploys { label version } } }",
    );
  const production = async () => (await state()).labels.find(({ name }: { name: string }) => name === "production")?.version as number;
  const look = async (id: string, inMs: number) => {
    const row = await services.database.tenant(world.organisationId, (em) => em.findOneOrFail(Experiment, { id }));
    if (row.status === "running") await evaluateOne(services, row, new Date(Date.now() + inMs));
  };
  return { world, promptId: prompt.id as string, routeId, bind, rollOut, production, look };
}

const callsOf = (world: RunningExperiment, experimentId: string, variants: readonly string[], outcome: (variant: string) => Outcome) =>
  variants.flatMap((variant) =>
    Array.from({ length: 120 }, (_, unit) => {
      const made = world.call(variant, `${variant}-${unit}`, { outcome: outcome(variant) });
      if (made.record.case === "usage" && made.record.value.exposure !== undefined) made.record.value.exposure.experimentId = experimentId;
      return made;
    }),
  );

describe("a label that is moved by steps", () => {
  it("starts an experiment on the route that binds it, and moves when all steps have held", async () => {
    const { world, promptId, routeId, rollOut, production, look } = await deployed();
    const { experiment } = await rollOut(3);
    expect(experiment).toMatchObject({
      key: "support-mail-production-v3",
      routeId,
      status: "RUNNING",
      coverage: 0.2,
      variants: [
        { key: "v1", prompt: { version: 1 } },
        { key: "v3", prompt: { version: 3 } },
      ],
      rollout: { deploys: { label: "production", version: 3 } },
    });
    await world.record(callsOf(world, experiment.id, ["v1", "v3"], () => Outcome.OK));
    await look(experiment.id, 61_000);
    expect(await production()).toBe(1);
    await look(experiment.id, 200_000);
    expect(await production()).toBe(3);
    const { data } = await client.ask(
      world.admin,
      "query($id: ID!) { experiment(id: $id) { status rolloutState { state } conclusion { outcome variant } route { prompt { label version } } } }",
      { id: experiment.id },
    );
    expect(data.experiment).toEqual({
      status: "STOPPED",
      rolloutState: { state: "COMPLETED" },
      conclusion: { outcome: "SHIPPED", variant: "v3" },
      route: { prompt: { label: "production", version: null } },
    });
    const told = await client.ask(
      world.admin,
      `query($id: ID!) { prompt(id: $id) {
         labelMoves(label: "production") { actor fromVersion toVersion way reason experiment { key } }
         experiments { key status }
       } }`,
      { id: promptId },
    );
    expect(told.data.prompt).toEqual({
      labelMoves: [
        {
          actor: "system:experiments",
          fromVersion: 1,
          toVersion: 3,
          way: "ROLLOUT",
          reason: "all steps held without harm",
          experiment: { key: "support-mail-production-v3" },
        },
        { actor: "token:admin", fromVersion: null, toVersion: 1, way: "HAND", reason: "", experiment: null },
      ],
      experiments: [{ key: "support-mail-production-v3", status: "STOPPED" }],
    });
  });

  it("stays where it is on harm, and does not climb again without a person", async () => {
    const { world, rollOut, production, look } = await deployed();
    const { experiment } = await rollOut(2);
    await world.record(callsOf(world, experiment.id, ["v1", "v2"], (variant) => (variant === "v2" ? Outcome.UPSTREAM_ERROR : Outcome.OK)));
    await look(experiment.id, 1000);
    for (const inMs of [100_000, 500_000, 900_000]) await look(experiment.id, inMs);
    const { data } = await client.ask(
      world.admin,
      "query($id: ID!) { experiment(id: $id) { revision status phase rolloutState { state reason } conclusion { outcome actor } } }",
      { id: experiment.id },
    );
    expect(data.experiment).toMatchObject({
      status: "STOPPED",
      rolloutState: { state: "ROLLED_BACK", reason: expect.stringMatching(/error rate of v2 is worse by at least/) },
      conclusion: { outcome: "ROLLED_BACK", actor: "system:experiments" },
    });
    expect(await production()).toBe(1);
    const again = await world.mutate(
      "startExperiment",
      { id: experiment.id, expectedRevision: data.experiment.revision },
      "experiment { status phase rolloutState { state step } }",
    );
    expect(again.experiment).toEqual({ status: "RUNNING", phase: 2, rolloutState: { state: "RUNNING", step: 0 } });
    expect((await rollOut(2)).issues).toEqual([{ path: "routeId", message: expect.stringMatching(/experiment/) }]);
  });

  it("is refused where it would do nothing, or where nobody could be given it by steps", async () => {
    const { world, rollOut, bind, promptId } = await deployed();
    expect((await rollOut(1)).issues).toEqual([{ path: "version", message: "production is version 1 already" }]);
    expect((await rollOut(9)).issues[0].path).toMatch(/prompt/);
    await bind("support-too");
    expect((await rollOut(2)).issues).toEqual([{ path: "routeId", message: "say on which route: support, support-too" }]);
    const nowhere = await world.mutate(
      "rollOutPromptLabel",
      { promptId, expectedRevision: (await revisionOf(world, promptId)) as number, label: "staging", version: 2 },
      "experiment { id }",
    );
    expect(nowhere.issues).toEqual([{ path: "label", message: expect.stringMatching(/points at no version yet/) }]);
  });
});

const revisionOf = async (world: RunningExperiment, id: string) =>
  (await client.ask(world.admin, "query($id: ID!) { prompt(id: $id) { revision } }", { id })).data.prompt.revision;

describe("a protected label", () => {
  it("is moved by steps only when a second person has approved", async () => {
    const { world, promptId, rollOut, production, look } = await deployed({ protectedLabels: ["production"] });
    expect((await rollOut(2)).issues).toEqual([{ path: "label", message: expect.stringMatching(/protected.*requestPromptLabel/) }]);
    const asking = await client.ask(
      world.admin,
      "mutation($input: RequestPromptLabelInput!) { requestPromptLabel(input: $input) { ... on PromptLabelRequest { id bySteps state } ... on UserError { message } } }",
      { input: { promptId, label: "production", version: 2, rollout: { steps: { steps }, unit: "API_KEY" } } },
    );
    const request = asking.data.requestPromptLabel;
    expect(request).toMatchObject({ bySteps: true, state: "OPEN" });
    const second = await secondPerson(world);
    const { data } = await client.ask(
      second,
      "mutation($input: DecidePromptLabelInput!) { decidePromptLabel(input: $input) { ... on DecidePromptLabelPayload { request { state } experiment { id unit status variants { key } } } ... on UserError { message } } }",
      { input: { requestId: request.id, approve: true } },
    );
    const { experiment } = data.decidePromptLabel;
    expect(data.decidePromptLabel).toMatchObject({
      request: { state: "APPROVED" },
      experiment: { unit: "API_KEY", status: "RUNNING", variants: [{ key: "v1" }, { key: "v2" }] },
    });
    expect(await production()).toBe(1);
    await world.record(callsOf(world, experiment.id, ["v1", "v2"], () => Outcome.OK));
    await look(experiment.id, 61_000);
    await look(experiment.id, 200_000);
    expect(await production()).toBe(2);
  });
});

const secondPerson = async ({ organisationId }: RunningExperiment): Promise<string> =>
  (
    await services.database.tenant(organisationId, (em) =>
      makeAdminToken(
        em,
        services.settings.pepper,
        { actor: "test", organisationId },
        { name: "second", role: "admin", installation: false, expiresAt: null },
      ),
    )
  ).credential;
