/** What the control plane finds of calls, and what it does then: on a real database, through GraphQL. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { graphqlServices } from "../harness/graphql.ts";
import { type RunningExperiment, runningExperiment } from "./running-experiment.ts";

const { services, client } = await graphqlServices();

const variants = ["control", "warm"] as const;
/** So many units in each arm, three calls each; of warm's units, those that it holds for get the extra. */
const calls = (
  experiment: RunningExperiment,
  count: number,
  extra: (variant: string, unit: number, call: number) => object = () => ({}),
  prefix = "u",
) =>
  variants.flatMap((variant) =>
    Array.from({ length: count * 3 }, (_, i) =>
      experiment.call(variant, `${prefix}-${variant}-${Math.floor(i / 3)}`, extra(variant, Math.floor(i / 3), i)),
    ),
  );
const failing = (share: number) => (variant: string, _unit: number, call: number) =>
  variant === "warm" && call % Math.round(1 / share) === 0 ? { outcome: Outcome.UPSTREAM_ERROR } : {};
const quick = { daysMin: 0 };
const metric = (name: string, role: string, more: object = {}) => ({ metric: name, role, ...more });

describe("a comparison", () => {
  it("with a better variant reaches the right verdict, shows it in numbers and words, and can be shipped", async () => {
    const experiment = await runningExperiment(services, client, {
      analysis: {
        ...quick,
        latencyObjectiveMs: 100,
        metrics: [metric("SLOW_FIRST_TOKEN", "GOAL"), metric("ERROR_RATE", "GUARDRAIL"), metric("FIRST_TOKEN", "SECONDARY")],
      },
    });
    await experiment.record(
      calls(experiment, 300, (variant, _, call) => ({ timeToFirstTokenMs: call % (variant === "warm" ? 10 : 2) === 0 ? 400 : 60 })),
    );
    await experiment.evaluate();
    const found = await experiment.state(
      `revision evaluation { verdict { recommendation variant text } variants { variant units calls } health { sampleRatioOk mixedOk trafficOk }
       metrics { key role variants { variant units value comparison { effect lower upper p relative { value lower upper } chanceBetter verdict } } } }`,
    );
    const { evaluation } = found;
    expect(evaluation.verdict).toMatchObject({
      recommendation: "SHIP",
      variant: "warm",
      text: expect.stringMatching(/warm is better than control.*at least .* percentage points.*no harm/),
    });
    expect(evaluation.variants).toEqual(expect.arrayContaining([{ variant: "warm", units: 300, calls: 900 }]));
    expect(evaluation.health).toEqual({ sampleRatioOk: true, mixedOk: true, trafficOk: true });
    const [goal] = evaluation.metrics;
    const { comparison, value } = goal.variants[1];
    expect(value).toBeCloseTo(0.1, 2);
    expect(comparison.effect).toBeCloseTo(-0.4, 1);
    expect(comparison.upper).toBeLessThan(0);
    expect(comparison.verdict).toBe("BETTER");
    expect(comparison.relative.value).toBeCloseTo(-0.8, 1);
    expect(evaluation.metrics[2].variants[1].comparison.verdict).toBe("BETTER");

    const shipped = await experiment.mutate(
      "shipExperiment",
      { id: experiment.id, expectedRevision: found.revision, variant: "warm", reason: "faster" },
      "experiment { status conclusion { outcome variant reason actor } route { defaultParameters forcedParameters } }",
    );
    expect(shipped.experiment).toEqual({
      status: "STOPPED",
      conclusion: { outcome: "SHIPPED", variant: "warm", reason: "faster", actor: "token:admin" },
      route: { defaultParameters: null, forcedParameters: { temperature: 0.7 } },
    });
  });

  it("without a difference says so, counts each call once, and leaves out what is not to be counted", async () => {
    const experiment = await runningExperiment(services, client, { analysis: quick });
    const records = calls(experiment, 150);
    await experiment.record(records);
    await experiment.record(records);
    await experiment.record([
      experiment.call("warm", "forced", { forced: true }),
      experiment.call("warm", "wrong", { outcome: Outcome.CLIENT_ERROR }),
      experiment.call("warm", "refused", { outcome: Outcome.DENIED, errorReason: "RATE_LIMITED" }),
      experiment.call("warm", "earlier phase", { phase: 7 }),
    ]);
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { verdict { recommendation text } variants { variant units calls } }");
    expect(evaluation.variants).toEqual(expect.arrayContaining(variants.map((variant) => ({ variant, units: 150, calls: 450 }))));
    expect(evaluation.verdict).toMatchObject({
      recommendation: "KEEP_RUNNING",
      text: expect.stringMatching(/No difference has been found yet/),
    });
  });

  it("whose units do not stand in the promised shares hides its verdict and says where to look", async () => {
    const experiment = await runningExperiment(services, client, { analysis: quick });
    await experiment.record(
      calls(experiment, 600)
        .filter((_, i) => i < 1800 || i % 3 === 0)
        .slice(0, 2200),
    );
    await experiment.evaluate();
    const { evaluation } = await experiment.state("evaluation { verdict { recommendation text } health { sampleRatioOk sampleRatioP } }");
    expect(evaluation.health.sampleRatioOk).toBe(false);
    expect(evaluation.verdict).toMatchObject({ recommendation: "LOOK_INTO_IT", text: expect.stringMatching(/shares of units/) });
  });

  it("leaves units out that were seen in two variants, and says so when there are many", async () => {
    const experiment = await runningExperiment(services, client, { analysis: quick });
    await experiment.record([
      ...calls(experiment, 100),
      ...variants.flatMap((variant) => Array.from({ length: 20 }, (_, i) => experiment.call(variant, `both-${i}`))),
    ]);
    await experiment.evaluate();
    const { evaluation } = await experiment.state(
      "evaluation { verdict { recommendation } health { mixedUnits mixedOk } variants { units } }",
    );
    expect(evaluation).toMatchObject({ verdict: { recommendation: "LOOK_INTO_IT" }, health: { mixedUnits: 20, mixedOk: false } });
    expect(evaluation.variants.map(({ units }: { units: number }) => units)).toEqual([100, 100]);
  });

  it("with a harmed guardrail is rolled back at the first look, with the reason, and starts again only by a person, in a new phase", async () => {
    const experiment = await runningExperiment(services, client);
    await experiment.record(calls(experiment, 200, failing(0.2)));
    await experiment.evaluate();
    const after = await experiment.state("revision status conclusion { outcome reason actor } timeline { event }");
    expect(after).toMatchObject({
      status: "STOPPED",
      conclusion: {
        outcome: "ROLLED_BACK",
        actor: "system:experiments",
        reason: expect.stringMatching(/error rate of warm is worse by at least .* percentage points/),
      },
      timeline: [{ event: expect.stringMatching(/rolled back/) }],
    });
    await experiment.evaluate();
    expect((await experiment.state("status")).status).toBe("STOPPED");
    await experiment.mutate("startExperiment", { id: experiment.id, expectedRevision: after.revision }, "experiment { id }");
    await experiment.evaluate();
    expect(await experiment.state("status phase conclusion { outcome }")).toEqual({ status: "RUNNING", phase: 2, conclusion: null });
  });

  it("bounds harm on one side alone, at the second look as at the first", async () => {
    const experiment = await runningExperiment(services, client, {
      analysis: {
        ...quick,
        metrics: [metric("ERROR_RATE", "GUARDRAIL"), metric("FEEDBACK", "GUARDRAIL", { feedback: "helpful" })],
      },
    });
    const made = calls(experiment, 150, failing(0.005));
    await experiment.record(made);
    const scores = made.flatMap(({ record }, i) =>
      record.case === "usage"
        ? [experiment.feedback({ callId: record.value.callId, metric: "helpful", value: { case: "boolean", value: i % 2 === 0 } })]
        : [],
    );
    await experiment.record(scores);
    const bounds = async () =>
      (await experiment.state("evaluation { metrics { variants { comparison { lower upper } } } }")).evaluation.metrics.map(
        ({ variants: [, warm] }: { variants: { comparison: { lower: number | null; upper: number | null } }[] }) => warm?.comparison,
      );
    await experiment.evaluate();
    const first = await bounds();
    expect(first).toEqual([
      { lower: expect.any(Number), upper: null },
      { lower: null, upper: expect.any(Number) },
    ]);
    expect((await experiment.state("status")).status).toBe("RUNNING");
    await experiment.evaluate(1000);
    expect(await bounds()).toEqual(first);
  });

  it("does not end for harm within the margin", async () => {
    const experiment = await runningExperiment(services, client, {
      analysis: { ...quick, metrics: [metric("ERROR_RATE", "GUARDRAIL", { margin: 0.3 })] },
    });
    await experiment.record(calls(experiment, 200, failing(0.2)));
    await experiment.evaluate();
    expect((await experiment.state("status")).status).toBe("RUNNING");
  });

  it("stops when its time is over, and has more when it is extended", async () => {
    const experiment = await runningExperiment(services, client, { endsAt: new Date(Date.now() + 60_000).toISOString() });
    const { revision } = await experiment.state("revision");
    await experiment.mutate("extendExperiment", { id: experiment.id, expectedRevision: revision, days: 1 }, "experiment { endsAt }");
    await experiment.evaluate(120_000);
    expect((await experiment.state("status")).status).toBe("RUNNING");
    await experiment.evaluate(2 * 86_400_000);
    expect(await experiment.state("status conclusion { outcome reason }")).toEqual({
      status: "STOPPED",
      conclusion: { outcome: "STOPPED", reason: "its time is over" },
    });
  });
});

describe("feedback", () => {
  it("decides, joined by call and by session, the latest of each unit, and missing is not zero", async () => {
    const experiment = await runningExperiment(services, client, {
      analysis: {
        ...quick,
        metrics: [
          metric("FEEDBACK", "GOAL", { feedback: "helpful" }),
          metric("FEEDBACK", "SECONDARY", { feedback: "tone", category: "rude" }),
        ],
      },
    });
    const made = calls(experiment, 250);
    await experiment.record(made);
    const judged = made.filter((_, i) => i % 3 === 0).slice(0, -50);
    const scores = judged.flatMap(({ record }, i) => {
      if (record.case !== "usage") return [];
      const { callId, exposure } = record.value;
      const good = i % 10 < (exposure?.variantKey === "warm" ? 9 : 5);
      const by = i % 2 === 0 ? { callId } : { callId: "0198c0de-0000-7000-8000-000000000000", sessionHash: exposure?.unitHash ?? "" };
      return [
        experiment.feedback({ ...by, metric: "helpful", value: { case: "boolean", value: good } }),
        experiment.feedback({ ...by, metric: "tone", value: { case: "category", value: good ? "kind" : "rude" } }),
        experiment.feedback({ ...by, metric: "note", value: { case: "comment", value: "hm" } }),
      ];
    });
    await experiment.record(scores);
    await experiment.evaluate();
    const { evaluation } = await experiment.state(
      "evaluation { verdict { recommendation variant } metrics { key variants { variant units value comparison { verdict } } } }",
    );
    const [helpful, tone] = evaluation.metrics;
    expect(helpful.variants).toEqual([
      { variant: "control", units: 250, value: expect.closeTo(0.5, 5), comparison: null },
      { variant: "warm", units: 200, value: expect.closeTo(0.9, 5), comparison: { verdict: "BETTER" } },
    ]);
    expect(tone.variants[1].value).toBeCloseTo(0.1, 5);
    expect(evaluation.verdict).toEqual({ recommendation: "SHIP", variant: "warm" });
  });
});

describe("what was known of units before", () => {
  it("is taken out, and leaves a narrower interval around the same effect", async () => {
    const errors: number[] = [];
    for (const cuped of [false, true]) {
      const experiment = await runningExperiment(services, client, { analysis: { ...quick, cuped, metrics: [metric("LATENCY", "GOAL")] } });
      const slowness = (unit: number) => 100 + (unit % 50) * 20;
      const dayAgo = Date.now() - 86_400_000;
      const before = variants.flatMap((variant) =>
        Array.from({ length: 150 }, (_, unit) =>
          experiment.call(variant, "", {
            callId: v7({ msecs: dayAgo + unit }),
            startedAt: timestampFromMs(dayAgo + unit),
            endUserHash: `u-${variant}-${unit}`,
            exposure: undefined as never,
            durationMs: slowness(unit),
          }),
        ),
      );
      await experiment.record(before);
      await experiment.record(
        calls(experiment, 150, (variant, unit, call) => ({ durationMs: slowness(unit) + (call % 7) * 3 + (variant === "warm" ? 30 : 0) })),
      );
      await experiment.evaluate();
      const { evaluation } = await experiment.state("evaluation { metrics { variants { standardError comparison { effect } } } }");
      const [, warm] = evaluation.metrics[0].variants;
      expect(warm.comparison.effect).toBeCloseTo(30, 0);
      errors.push(warm.standardError);
    }
    expect(errors[1]).toBeLessThan((errors[0] ?? 0) / 5);
  });
});

it("each look is news to who has subscribed", async () => {
  const experiment = await runningExperiment(services, client, { analysis: quick });
  await experiment.evaluate();
  const leaving = new AbortController();
  const response = await fetch(`${client.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${experiment.admin}` },
    body: JSON.stringify({
      query: "subscription($id: ID!) { experimentEvaluation(id: $id) { at verdict { recommendation } variants { units } } }",
      variables: { id: experiment.id },
    }),
    signal: leaving.signal,
  });
  let text = "";
  const reading = (async () => {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString("utf8");
  })().catch(() => {});
  await expect.poll(() => text, { timeout: 10_000 }).toContain("KEEP_RUNNING");
  await experiment.record(calls(experiment, 7));
  await experiment.evaluate(1000);
  await expect.poll(() => text, { timeout: 10_000 }).toContain('"units":7');
  leaving.abort();
  await reading;
});

it("feedback is recorded and read over GraphQL, each id once, and refused by name", async () => {
  const experiment = await runningExperiment(services, client);
  const record = async (input: object) =>
    (
      await client.ask(
        experiment.admin,
        "mutation($input: RecordFeedbackInput!) { recordFeedback(input: $input) { ... on MutationRecordFeedbackSuccess { feedbackId } ... on ValidationError { issues { path } } } }",
        { input },
      )
    ).data.recordFeedback;
  const callId = "0198c0de-0000-7000-8000-00000000000f";
  const { feedbackId } = await record({ callId, metric: "helpful", number: 0.5 });
  expect((await record({ feedbackId, callId, metric: "helpful", number: 0.7 })).feedbackId).toBe(feedbackId);
  await record({ sessionId: "s", metric: "solved", boolean: true });
  const { data } = await client.ask(experiment.admin, "{ feedback { metric callId number boolean sessionHash } }");
  expect(data.feedback).toEqual([
    { metric: "solved", callId: null, number: null, boolean: true, sessionHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    { metric: "helpful", callId, number: 0.5, boolean: null, sessionHash: "" },
  ]);
  expect((await record({ callId, metric: "helpful" })).issues[0].path).toBe("boolean");
  expect((await record({ metric: "helpful", boolean: true })).issues[0].path).toBe("callId");
});

describe("a guarded rollout", () => {
  const steps = [
    { share: 0.05, holdSeconds: 60, unitsMin: 50 },
    { share: 0.25, holdSeconds: 60, unitsMin: 50, approval: true },
    { share: 0.5, holdSeconds: 60, unitsMin: 50 },
  ];
  const state = (experiment: RunningExperiment) =>
    experiment.state("status coverage revision rolloutState { state step reason } evaluation { action }");

  it("climbs by its steps, waits for units, time and a person, and ships at the end", async () => {
    const experiment = await runningExperiment(services, client, { rollout: { steps } });
    expect(await state(experiment)).toMatchObject({ coverage: 0.1, rolloutState: { state: "RUNNING", step: 0 } });
    await experiment.evaluate(1000);
    expect((await state(experiment)).evaluation.action).toMatch(/more seconds/);
    await experiment.evaluate(61_000);
    expect((await state(experiment)).evaluation.action).toMatch(/50 more units/);
    await experiment.record(calls(experiment, 60));
    await experiment.evaluate(62_000);
    expect(await state(experiment)).toMatchObject({ coverage: 0.5, rolloutState: { step: 1 } });
    await experiment.evaluate(200_000);
    const waiting = await state(experiment);
    expect(waiting.evaluation.action).toMatch(/approval/);
    await experiment.mutate("approveRollout", { id: experiment.id, expectedRevision: waiting.revision }, "experiment { id }");
    await experiment.evaluate(201_000);
    expect(await state(experiment)).toMatchObject({ coverage: 1, rolloutState: { step: 2 } });
    await experiment.evaluate(300_000);
    expect(
      await experiment.state("status rolloutState { state } conclusion { outcome variant } route { defaultParameters forcedParameters }"),
    ).toEqual({
      status: "STOPPED",
      rolloutState: { state: "COMPLETED" },
      conclusion: { outcome: "SHIPPED", variant: "warm" },
      route: { defaultParameters: null, forcedParameters: { temperature: 0.7 } },
    });
  });

  it("goes back at the first look that shows harm", async () => {
    const experiment = await runningExperiment(services, client, { rollout: { steps } });
    await experiment.record(calls(experiment, 150, failing(0.5)));
    await experiment.evaluate(1000);
    expect(await state(experiment)).toMatchObject({
      status: "STOPPED",
      rolloutState: { state: "ROLLED_BACK", reason: expect.stringMatching(/error rate/) },
    });
  });

  it("pauses for a signal and goes on when a person says so", async () => {
    const experiment = await runningExperiment(services, client, {
      rollout: { steps },
      analysis: { metrics: [metric("ERROR_RATE", "SIGNAL")] },
    });
    await experiment.record(calls(experiment, 150, failing(0.5)));
    await experiment.evaluate(1000);
    const paused = await state(experiment);
    expect(paused).toMatchObject({ status: "RUNNING", rolloutState: { state: "PAUSED" } });
    const resumed = await experiment.mutate(
      "approveRollout",
      { id: experiment.id, expectedRevision: paused.revision },
      "experiment { rolloutState { state } }",
    );
    expect(resumed.experiment.rolloutState.state).toBe("RUNNING");
  });

  it.each([
    ["three variants", { variants: ["a", "b", "c"].map((key) => ({ key, weight: 1 })) }, "rollout"],
    ["a share of more than half", { rollout: { steps: [{ share: 0.6 }] } }, "rollout.steps[0].share"],
    ["shares that fall", { rollout: { steps: [{ share: 0.2 }, { share: 0.1 }] } }, "rollout.steps[1].share"],
  ])("is refused with %s", async (_, more, path) => {
    const experiment = await runningExperiment(services, client);
    const made = await experiment.mutate(
      "createExperiment",
      {
        key: "other",
        routeId: experiment.routeId,
        unit: "END_USER",
        variants: variants.map((key) => ({ key, weight: 1 })),
        rollout: { steps },
        ...more,
      },
      "experiment { id }",
    );
    expect(made.issues).toContainEqual({ path, message: expect.any(String) });
  });
});

describe("a bandit", () => {
  it("moves weights to the better variant, keeps the floor, and ships the best when it is beyond doubt", async () => {
    const bandit = { updateMinutes: 1, floor: 0.1, delta: 0.001 };
    const analysis = { metrics: [metric("ERROR_RATE", "GOAL")] };
    const experiment = await runningExperiment(services, client, { bandit, analysis });
    await experiment.record(calls(experiment, 120, failing(0.02)));
    await experiment.evaluate(61_000);
    const weighed = await experiment.state("status variants { key weight }");
    const [control, warm] = weighed.variants.map(({ weight }: { weight: number }) => weight);
    expect(weighed.status).toBe("RUNNING");
    // Of two arms both are always among the two best: top-two keeps them even.
    expect(control).toBeCloseTo(warm, 3);

    const thompson = await runningExperiment(services, client, { bandit: { ...bandit, algorithm: "THOMPSON" }, analysis });
    await thompson.record(calls(thompson, 120, failing(0.02)));
    await thompson.evaluate(61_000);
    const moved = (await thompson.state("variants { weight }")).variants.map(({ weight }: { weight: number }) => weight);
    expect(moved[0]).toBeGreaterThan(0.6);
    expect(moved[1]).toBeGreaterThanOrEqual(0.1);
    await thompson.record(calls(thompson, 1000, failing(0.25), "more"));
    await thompson.evaluate(200_000);
    expect(await thompson.state("status conclusion { outcome variant }")).toEqual({
      status: "STOPPED",
      conclusion: { outcome: "SHIPPED", variant: "control" },
    });
  });
});

it("settings are settled while it runs, and another organisation sees nothing of it", async () => {
  const [one, other] = [await runningExperiment(services, client), await runningExperiment(services, client)];
  const { revision } = await one.state("revision");
  const refused = await one.mutate(
    "updateExperiment",
    { id: one.id, expectedRevision: revision, analysis: { alpha: 0.1 } },
    "experiment { id }",
  );
  expect(refused.issues[0].path).toBe("analysis");
  await one.record(calls(one, 20));
  await one.evaluate();
  const answer = await client.ask(other.admin, "query($id: ID!) { experiment(id: $id) { id } }", { id: one.id });
  expect(answer.data.experiment).toBeNull();
});
