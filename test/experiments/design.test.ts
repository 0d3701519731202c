/** What somebody who designs an experiment is told: what its route does, how many units that takes, and what some of them did. */

import { expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { graphqlServices } from "../harness/graphql.ts";
import { type RunningExperiment, runningExperiment } from "./running-experiment.ts";

const { services, client } = await graphqlServices();

const dayMs = 86_400_000;
const ask = async (experiment: RunningExperiment, query: string) => {
  const answer = await client.ask(experiment.admin, query);
  expect(answer.errors).toEqual([]);
  return answer.data;
};
const trafficOf = async (experiment: RunningExperiment, more = "") =>
  (
    await ask(
      experiment,
      `{ experimentTraffic(routeId: "${experiment.routeId}", unit: END_USER${more}) { ... on ExperimentTraffic {
         days calls callsNotTargeted callsWithoutUnit units unitsLastDay metrics { metric unit units value variance } } ... on ValidationError { issues { path } } } }`,
    )
  ).experimentTraffic;

it("knows of a route how many units come, how many call without one, and each metric's value and variance by unit", async () => {
  const experiment = await runningExperiment(services, client);
  const at = (daysAgo: number) => ({ seconds: BigInt(Math.round((Date.now() - daysAgo * dayMs) / 1000)), nanos: 0 });
  await experiment.record([
    ...["a", "b", "c", "d"].map((endUserHash, i) =>
      experiment.call("control", endUserHash, { endUserHash, startedAt: at(3), ...(i === 0 ? { outcome: Outcome.UPSTREAM_ERROR } : {}) }),
    ),
    // Two that came before, and one that is new.
    ...["a", "b", "e"].map((endUserHash) => experiment.call("control", endUserHash, { endUserHash, startedAt: at(0.5) })),
    experiment.call("control", "nobody", { startedAt: at(0.5) }),
    experiment.call("control", "f", { endUserHash: "f", outcome: Outcome.CLIENT_ERROR, startedAt: at(0.5) }),
    experiment.call("control", "long ago", { endUserHash: "g", startedAt: at(20) }),
  ]);
  const found = await trafficOf(experiment);
  expect(found).toMatchObject({ calls: 8, callsWithoutUnit: 1, units: 5, unitsLastDay: 1 });
  expect(found.days).toBeCloseTo(3, 1);
  const errors = found.metrics.find(({ metric }: { metric: string }) => metric === "ERROR_RATE");
  // One call of seven; a has one error in two calls, c and d none in one, b none in two, e none in one.
  expect(errors).toMatchObject({ unit: "share", units: 5 });
  expect(errors.value).toBeCloseTo(1 / 7, 10);
  const units = [
    [1, 2],
    [0, 2],
    [0, 1],
    [0, 1],
    [0, 1],
  ] as const;
  const spread = units.reduce((sum, [m, d]) => sum + (m - d / 7) ** 2, 0) / 4 / (7 / 5) ** 2;
  expect(errors.variance).toBeCloseTo(spread, 10);
  expect(found.metrics.some(({ metric }: { metric: string }) => metric === "FEEDBACK")).toBe(false);

  expect((await trafficOf(experiment, ", days: 30")).units).toBe(6);
  // Without an end user the API key is the unit; here no call has one.
  expect((await trafficOf(experiment, ", fallbackUnit: REQUEST")).units).toBe(6);
  // Of one key, and of those tagged so, alone.
  const keyed = { endUserHash: "keyed", apiKeyId: "key-1", tags: { plan: "pro", team: "a" } };
  await experiment.record([
    experiment.call("control", "keyed", keyed),
    experiment.call("control", "tagged", { ...keyed, apiKeyId: "key-2" }),
  ]);
  const targeted = async (targeting: string) => {
    const { calls, callsNotTargeted, units } = await trafficOf(experiment, `, targeting: { ${targeting} }`);
    return [calls, callsNotTargeted, units];
  };
  expect(await targeted('apiKeyIds: ["key-1"]')).toEqual([1, 9, 1]);
  expect(await targeted('tags: [{ name: "plan", values: ["free", "pro"] }, { name: "team", values: ["a"] }]')).toEqual([2, 8, 1]);
  expect(await targeted('tags: [{ name: "plan", values: ["free"] }]')).toEqual([0, 10, 0]);
  expect(await targeted('projectIds: ["another"]')).toEqual([0, 10, 0]);
  expect(await targeted('headers: [{ name: "x-app", values: ["a"] }], share: 0.5')).toEqual([10, 0, 6]);
  expect((await trafficOf(experiment, ', targeting: { apiKeyIds: ["\\u0000"] }')).issues).toEqual([{ path: "targeting.apiKeyIds" }]);

  expect((await trafficOf(experiment, ", days: 90")).issues).toEqual([{ path: "days" }]);
});

it("asks for more units where the split is uneven", async () => {
  const experiment = await runningExperiment(services, client);
  const { even, uneven, wrong } = await ask(
    experiment,
    `{ even: experimentPower(variance: 0.16, effect: 0.02) { ... on ExperimentPower { fixedHorizon sequence } }
       uneven: experimentPower(variance: 0.16, effect: 0.02, share: 0.1) { ... on ExperimentPower { fixedHorizon sequence } }
       wrong: experimentPower(variance: 0.16, effect: 0.02, share: 0.6) { ... on ValidationError { issues { path } } } }`,
  );
  expect(uneven.fixedHorizon / even.fixedHorizon).toBeCloseTo(1 / (4 * 0.1 * 0.9), 6);
  expect(uneven.sequence).toBeGreaterThan(2.5 * even.sequence);
  expect(wrong.issues).toEqual([{ path: "share" }]);
});

it("shows what the units of one edge or one time did, and decides nothing by them", async () => {
  const experiment = await runningExperiment(services, client, {
    hypothesis: "Warmth costs nothing",
    analysis: { daysMin: 0, metrics: [{ metric: "ERROR_RATE", role: "GOAL" }] },
  });
  const calls = (ingress: string, failing: boolean) =>
    (["control", "warm"] as const).flatMap((variant) =>
      Array.from({ length: 200 }, (_, unit) =>
        experiment.call(variant, `${ingress} ${variant} ${unit}`, {
          ingress,
          ...(failing && variant === "warm" && unit % 2 === 0 ? { outcome: Outcome.UPSTREAM_ERROR } : {}),
        }),
      ),
    );
  await experiment.record([...calls("grpc", true), ...calls("chat", false)]);
  const far = new Date(Date.now() + dayMs).toISOString();
  const { hypothesis, grpc, chat, later, all } = await experiment.state(
    `hypothesis
     grpc: metricsAmong(slice: { dimension: EDGE, value: "grpc" }) { variants { variant units value comparison { effect verdict } } }
     chat: metricsAmong(slice: { dimension: EDGE, value: "chat" }) { variants { units value } }
     later: metricsAmong(since: "${far}") { variants { units } }
     all: metricsAmong(until: "${far}") { variants { units value } }`,
  );
  expect(hypothesis).toBe("Warmth costs nothing");
  expect(grpc[0].variants[1]).toMatchObject({ variant: "warm", units: 200, value: 0.5, comparison: { effect: 0.5, verdict: "OPEN" } });
  expect(chat[0].variants).toEqual([
    { units: 200, value: 0 },
    { units: 200, value: 0 },
  ]);
  expect(later[0].variants.map(({ units }: { units: number }) => units)).toEqual([0, 0]);
  expect(all[0].variants[1]).toEqual({ units: 400, value: 0.25 });
});
