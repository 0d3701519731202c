/** Whether an experiment's numbers can be believed, and what is done about single units that weigh too much: on a real database. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { graphqlServices } from "../harness/graphql.ts";
import { type RunningExperiment, runningExperiment } from "./running-experiment.ts";

const { services, client } = await graphqlServices();

const variants = ["control", "warm"] as const;
type Variant = (typeof variants)[number];
const metric = (name: string, role: string, more: object = {}) => ({ metric: name, role, ...more });

/** One call of each unit. */
const calls = (
  experiment: RunningExperiment,
  count: number,
  extra: (variant: Variant, unit: number) => object = () => ({}),
  prefix = "u",
) =>
  variants.flatMap((variant) =>
    Array.from({ length: count }, (_, unit) => experiment.call(variant, `${prefix}-${variant}-${unit}`, extra(variant, unit))),
  );

describe("units that weigh too much", () => {
  it.each([
    ["are capped at the 99.9th of a hundred, and it is said", {}, { cappedAt: 100, cappedUnits: 1 }, 100],
    ["count as they are where nobody wants them capped", { winsoriseAt: 1 }, { cappedAt: null, cappedUnits: 0 }, 1099.9],
  ])("%s", async (_, more, capped, value) => {
    const experiment = await runningExperiment(services, client, {
      analysis: { daysMin: 0, metrics: [metric("LATENCY", "GOAL"), metric("ERROR_RATE", "SECONDARY")], ...more },
    });
    await experiment.record(
      calls(experiment, 1000, (variant, unit) => ({ durationMs: variant === "warm" && unit === 0 ? 1_000_000 : 100 })),
    );
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { metrics { cappedAt cappedUnits variants { value } } }");
    const [latency, errors] = evaluation.metrics;
    expect(latency).toMatchObject({ ...capped, variants: [{ value: 100 }, { value: expect.closeTo(value, 6) }] });
    expect(errors).toMatchObject({ cappedAt: null, cappedUnits: 0 });
  });

  it("are judged by their own mean, so that many calls are not taken for slow ones", async () => {
    const experiment = await runningExperiment(services, client, { analysis: { daysMin: 0, metrics: [metric("LATENCY", "GOAL")] } });
    const busy = Array.from({ length: 200 }, () => experiment.call("warm", "busy", { durationMs: 100 }));
    await experiment.record([...calls(experiment, 1000, () => ({ durationMs: 100 })), ...busy]);
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { metrics { cappedUnits variants { value } } }");
    expect(evaluation.metrics[0]).toEqual({ cappedUnits: 0, variants: [{ value: 100 }, { value: 100 }] });
  });
});

describe("shares that are as promised in all and not on one node", () => {
  it("are found by node, edge and tag, and there is no verdict before it is known why", async () => {
    const experiment = await runningExperiment(services, client, { analysis: { daysMin: 0, metrics: [metric("LATENCY", "GOAL")] } });
    // A fifth of what warm should have on the second node, and as many more on the first.
    const place = (variant: Variant, unit: number) => {
      const lost = variant === "control" ? unit < 200 : unit < 40;
      return { nodeId: lost ? "node-2" : "node-1", ingress: lost ? "grpc" : "openai-chat", tags: { country: lost ? "de" : "fr" } };
    };
    await experiment.record(
      calls(experiment, 600, (variant, unit) => ({ ...place(variant, unit), durationMs: variant === "warm" ? 50 + (unit % 3) : 500 })),
    );
    await experiment.evaluate();
    const { evaluation } = await experiment.state(
      "evaluation { verdict { recommendation text } metrics { variants { comparison { verdict } } } health { sampleRatioOk slicesOk warnings slices { dimension value units ok } } }",
    );
    expect(evaluation.health).toMatchObject({
      sampleRatioOk: true,
      slicesOk: false,
      slices: expect.arrayContaining([
        { dimension: "NODE", value: "node-2", units: 240, ok: false },
        { dimension: "EDGE", value: "grpc", units: 240, ok: false },
        { dimension: "TAG", value: "de", units: 240, ok: false },
      ]),
      warnings: expect.arrayContaining(["Units of the node node-2 do not stand in the promised shares."]),
    });
    expect(evaluation.verdict).toMatchObject({ recommendation: "LOOK_INTO_IT", text: expect.stringMatching(/cannot|can be believed/) });
    expect(evaluation.metrics[0].variants[1].comparison.verdict).toBe("OPEN");
  });

  it("are told by a tag of one's own, and stay quiet where all is well", async () => {
    const experiment = await runningExperiment(services, client, { analysis: { daysMin: 0, healthTag: "plan" } });
    await experiment.record(
      calls(experiment, 300, (_, unit) => ({ nodeId: `node-${unit % 3}`, tags: { plan: unit % 2 === 0 ? "a" : "b" } })),
    );
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { health { slicesOk warnings slices { dimension value units ok } } }");
    expect(evaluation.health.slices.filter(({ dimension }: { dimension: string }) => dimension === "TAG")).toEqual([
      { dimension: "TAG", value: "a", units: 300, ok: true },
      { dimension: "TAG", value: "b", units: 300, ok: true },
    ]);
    expect(evaluation.health).toMatchObject({ slicesOk: true, warnings: [] });
  });
});

describe("what units did before", () => {
  const dayAgo = Date.now() - 86_400_000;
  /** A call of a day ago, outside of any experiment. */
  const earlier = (experiment: RunningExperiment, at: number, more: object) =>
    experiment.call("control", "", {
      callId: v7({ msecs: dayAgo + at }),
      startedAt: timestampFromMs(dayAgo + at),
      exposure: undefined as never,
      ...more,
    });
  const before = (experiment: RunningExperiment, durationMs: (variant: Variant, unit: number) => number) =>
    variants.flatMap((variant, arm) =>
      Array.from({ length: 150 }, (_, unit) =>
        earlier(experiment, arm * 1000 + unit, { endUserHash: `u-${variant}-${unit}`, durationMs: durationMs(variant, unit) }),
      ),
    );

  it.each([
    ["is an alarm where the arms differed already", {}, false, "LOOK_INTO_IT"],
    ["is not read where nobody asks", { preExposureCheck: false }, true, "KEEP_RUNNING"],
  ])("%s", async (_, more, ok, recommendation) => {
    const experiment = await runningExperiment(services, client, {
      analysis: { daysMin: 0, metrics: [metric("LATENCY", "GOAL")], ...more },
    });
    await experiment.record(before(experiment, (variant, unit) => (variant === "warm" ? 300 : 100) + (unit % 7)));
    await experiment.record(calls(experiment, 150, (_variant, unit) => ({ durationMs: 100 + (unit % 7) })));
    await experiment.evaluate();
    const { evaluation } = await experiment.state(
      "evaluation { verdict { recommendation } health { preExposureOk warnings preExposure { metric variant difference ok } } }",
    );
    expect(evaluation).toMatchObject({ verdict: { recommendation }, health: { preExposureOk: ok } });
    if (!ok)
      expect(evaluation.health).toMatchObject({
        warnings: ["warm differed from control in latency before it was ever seen."],
        preExposure: [{ metric: "latency", variant: "warm", difference: expect.closeTo(200, 5), ok: false }],
      });
  });

  it.each([
    ["sessions", "session", (_experiment: RunningExperiment, id: string) => ({ history: { sessionHash: id }, hash: id })],
    [
      "API keys",
      "api_key",
      (_experiment: RunningExperiment, id: string) => ({ history: { apiKeyId: id }, hash: pseudonymOf(services.settings.pepper, id) }),
    ],
  ] as const)("is known of %s too, and narrows what is found of them", async (_, unitType, of) => {
    const errors: number[] = [];
    // Of a whole turn of slownesses in each arm, so that they are alike before.
    const each = 40;
    for (const cuped of [false, true]) {
      const experiment = await runningExperiment(services, client, {
        unit: unitType.toUpperCase(),
        analysis: { daysMin: 0, cuped, metrics: [metric("LATENCY", "GOAL")] },
      });
      const ids = unitType === "api_key" ? await makeKeys(experiment, 2 * each) : Array.from({ length: 2 * each }, () => v7());
      const slowness = (i: number) => 100 + (i % 40) * 20;
      await experiment.record(ids.map((id, i) => earlier(experiment, i, { ...of(experiment, id).history, durationMs: slowness(i) })));
      await experiment.record(
        ids.map((id, i) =>
          experiment.call(i < each ? "control" : "warm", of(experiment, id).hash, {
            unitType,
            durationMs: slowness(i) + (i % 7) + (i < each ? 0 : 30),
          }),
        ),
      );
      await experiment.evaluate();
      const { evaluation } = await experiment.state("evaluation { metrics { variants { units standardError comparison { effect } } } }");
      const [, warm] = evaluation.metrics[0].variants;
      expect(warm).toMatchObject({ units: each, comparison: { effect: expect.closeTo(30, 0) } });
      errors.push(warm.standardError);
    }
    expect(errors[1]).toBeLessThan((errors[0] ?? 0) / 5);
  });

  async function makeKeys(experiment: RunningExperiment, count: number): Promise<string[]> {
    const { project } = await experiment.mutate("createProject", { key: "p", name: "p" }, "project { id }");
    const ids: string[] = [];
    for (let i = 0; i < count; i++)
      ids.push((await experiment.mutate("createApiKey", { projectId: project.id, name: `key ${i}` }, "apiKey { id }")).apiKey.id);
    return ids;
  }
});

describe("feedback", () => {
  const analysis = { daysMin: 0, metrics: [metric("FEEDBACK", "GOAL", { feedback: "helpful" })] };

  it("that fewer units of one variant give is a warning beside the verdict", async () => {
    const experiment = await runningExperiment(services, client, { analysis });
    const made = calls(experiment, 300);
    await experiment.record(made);
    const scores = made.flatMap(({ record }, i) => {
      if (record.case !== "usage" || (i >= 300 && i % 3 !== 0)) return [];
      return [experiment.feedback({ callId: record.value.callId, metric: "helpful", value: { case: "boolean", value: i % 2 === 0 } })];
    });
    await experiment.record(scores);
    await experiment.evaluate();
    const { evaluation } = await experiment.state(
      "evaluation { verdict { text } health { responsesOk warnings responses { metric variant rate ok } } }",
    );
    expect(evaluation.health).toMatchObject({
      responsesOk: false,
      responses: [
        { metric: "feedback helpful", variant: "control", rate: 1, ok: true },
        { metric: "feedback helpful", variant: "warm", rate: expect.closeTo(1 / 3, 5), ok: false },
      ],
    });
    expect(evaluation.verdict.text).toContain(evaluation.health.warnings[0]);
    expect(evaluation.health.warnings[0]).toMatch(/33\.3 % of the units of warm gave feedback helpful/);
  });

  it("of a session counts for the end user whose session it was", async () => {
    const experiment = await runningExperiment(services, client, { analysis });
    await experiment.record(calls(experiment, 150, (variant, unit) => ({ sessionHash: `session-${variant}-${unit}` })));
    const scores = variants.flatMap((variant) =>
      Array.from({ length: 150 }, (_, unit) =>
        experiment.feedback({
          callId: "0198c0de-0000-7000-8000-000000000000",
          sessionHash: `session-${variant}-${unit}`,
          metric: "helpful",
          value: { case: "number", value: variant === "warm" ? 5 - (unit % 2) : 2 + (unit % 2) },
        }),
      ),
    );
    await experiment.record(scores);
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { verdict { recommendation variant } metrics { variants { units value } } }");
    expect(evaluation.metrics[0].variants).toEqual([
      { units: 150, value: 2.5 },
      { units: 150, value: 4.5 },
    ]);
    expect(evaluation.verdict).toEqual({ recommendation: "SHIP", variant: "warm" });
  });

  it("counts for a unit only when it is as old as the metric's window", async () => {
    const experiment = await runningExperiment(services, client, {
      analysis: { daysMin: 0, metrics: [metric("FEEDBACK", "GOAL", { feedback: "helpful", windowHours: 24 })] },
    });
    const made = calls(experiment, 10);
    await experiment.record(made);
    await experiment.record(
      made.flatMap(({ record }) =>
        record.case === "usage"
          ? [experiment.feedback({ callId: record.value.callId, metric: "helpful", value: { case: "boolean", value: true } })]
          : [],
      ),
    );
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { metrics { variants { units } } variants { units } }");
    expect(evaluation.metrics[0].variants).toEqual([{ units: 0 }, { units: 0 }]);
    expect(evaluation.variants).toEqual([{ units: 10 }, { units: 10 }]);
  });
});

it("an experiment by request says what it is good for", async () => {
  const experiment = await runningExperiment(services, client, {
    unit: "REQUEST",
    variants: variants.map((key) => ({ key, weight: 1 })),
  });
  await experiment.evaluate();
  const { evaluation } = await experiment.state("evaluation { health { warnings } }");
  expect(evaluation.health.warnings).toEqual([expect.stringMatching(/units are requests.*backends and nothing of people/)]);
});
