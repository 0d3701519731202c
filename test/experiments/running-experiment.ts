/** An experiment that runs in a real database, and calls of it as nodes would record them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { expect } from "vitest";
import { type FeedbackEventSchema, Outcome, type UsageEventSchema, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { Experiment } from "../../control-plane/database/entities/experiment.ts";
import { evaluateOne } from "../../control-plane/experiments/evaluator.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, mutate as mutateAs, tokenFor } from "../harness/graphql.ts";

let organisations = 0;

interface CallExtra {
  phase?: number;
  holdout?: string;
  forced?: boolean;
  unitType?: string;
}

export async function runningExperiment(services: TestServices, client: GraphqlClient, more: object = {}) {
  const organisationId = await makeOrganisation(services, `organisation-${++organisations}`);
  const admin = await tokenFor(services, organisationId, "admin");
  const mutate = (name: string, input: object, fields: string) => mutateAs(client, admin, name, input, fields);
  const provider = (await mutate("createProvider", { key: "s", kind: "SIMULATED", baseUrl: "http://127.0.0.1:9/v1" }, "provider { id }"))
    .provider;
  const backend = (await mutate("createBackend", { key: "b", providerId: provider.id, model: "m" }, "backend { id }")).backend;
  const route = (
    await mutate("createRoute", { name: "chat", tiers: [{ targets: [{ backendId: backend.id, weight: 1 }] }] }, "route { id }")
  ).route;
  const made = await mutate(
    "createExperiment",
    {
      key: "greeting",
      routeId: route.id,
      unit: "END_USER",
      variants: [
        { key: "control", weight: 1 },
        { key: "warm", weight: 1, parameters: { temperature: 0.7 } },
      ],
      ...more,
    },
    "experiment { id revision }",
  );
  expect(made.issues).toBeUndefined();
  const { id } = made.experiment;
  await mutate("startExperiment", { id, expectedRevision: made.experiment.revision, aaTest: true }, "experiment { id }");

  const state = async (fields: string) => {
    const answer = await client.ask(admin, `query($id: ID!) { experiment(id: $id) { ${fields} } }`, { id });
    expect(answer.errors).toEqual([]);
    return answer.data.experiment;
  };
  let calls = 0;
  return {
    id,
    admin,
    organisationId,
    routeId: route.id as string,
    mutate,
    state,
    /** A call of the unit; the rest as the ledger has it. @returns its id. */
    call(variant: string, unit: string, extra: MessageInitShape<typeof UsageEventSchema> & CallExtra = {}) {
      const { phase = 1, holdout = "", forced = false, unitType = "end_user", ...event } = extra as Record<string, unknown> & CallExtra;
      const callId = v7({ msecs: Date.now(), seq: ++calls });
      return create(UsageRecordSchema, {
        record: {
          case: "usage",
          value: {
            callId,
            nodeId: "node",
            startedAt: timestampFromMs(Date.now()),
            organisationId,
            routeId: route.id,
            outcome: Outcome.OK,
            durationMs: 100,
            timeToFirstTokenMs: 50,
            exposure: {
              experimentId: id,
              variantKey: variant,
              unitType,
              unitHash: unit,
              bucket: 0.5,
              hashVersion: 3,
              phase,
              holdout,
              forced,
            },
            ...event,
          },
        },
      });
    },
    feedback: (value: MessageInitShape<typeof FeedbackEventSchema>) =>
      create(UsageRecordSchema, {
        record: {
          case: "feedback",
          value: { feedbackId: v7(), nodeId: "node", organisationId, recordedAt: timestampFromMs(Date.now() + 1000), ...value },
        },
      }),
    record: async (records: Parameters<typeof recordUsage>[1]) =>
      expect((await recordUsage(services.database, records)).rejected).toEqual([]),
    /** One look of the evaluator, where it runs. */
    evaluate: async (inMs = 0) => {
      const row = await services.database.tenant(organisationId, (em) => em.findOneOrFail(Experiment, { id }));
      if (row.status === "running") await evaluateOne(services, row, new Date(Date.now() + inMs));
    },
  };
}

export type RunningExperiment = Awaited<ReturnType<typeof runningExperiment>>;
