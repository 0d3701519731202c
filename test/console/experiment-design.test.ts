/** What an experiment's design says to the control plane, and how long it is said to take: the console's pure parts. */
import { describe, expect, it } from "vitest";
import {
  changedExperimentInput,
  designProblem,
  newDesign,
  newExperimentInput,
  targetedInLedger,
} from "../../web-console/pages/experiments/design/design-values.ts";
import { marginIn, marginText } from "../../web-console/pages/experiments/design/metric-words.ts";
import { alphaOfOne, daysUntil, slowestComparison, unitsInAll } from "../../web-console/pages/experiments/design/plan.ts";
import { conditionsIn, conditionsText, jsonIn, percentIn, percentText } from "../../web-console/pages/experiments/design/typed-text.ts";

import { guardrailState } from "../../web-console/pages/experiments/guardrail-state.ts";
import { missingIn } from "../../web-console/pages/experiments/missing-data.ts";
import { whyNoData } from "../../web-console/pages/experiments/why-no-data.ts";

const design = { ...newDesign("route"), key: "shorter" };

describe("a design", () => {
  it("says the control plane's own defaults where nothing was changed", () => {
    const input = newExperimentInput(design);
    expect(input).toMatchObject({
      key: "shorter",
      routeId: "route",
      unit: "END_USER",
      coverage: 1,
      targeting: null,
      namespace: null,
      holdout: 0,
    });
    expect(input).toMatchObject({ rollout: null, bandit: null, endsAt: null, sticky: false, hashVersion: 3 });
    expect(input).not.toHaveProperty("seed");
    expect(input.analysis).toMatchObject({ alpha: 0.05, targetEffect: 0.1, winsoriseAt: 0.999, unitsPlanned: 5000, correction: "HOLM" });
    expect(input.variants).toEqual([
      { key: "control", weight: 1, prompt: null, tiers: [], parameters: null },
      { key: "treatment", weight: 1, prompt: null, tiers: [], parameters: null },
    ]);
  });

  it("is planned by the calls of its keys, projects and tags; headers and shares of units are not in the ledger", () => {
    expect(targetedInLedger({ ...design, headers: "x-app: mobile", targetedShare: "50" })).toBeNull();
    expect(targetedInLedger({ ...design, apiKeyIds: ["key"], tags: "plan: pro", headers: "x-app: mobile", targetedShare: "50" })).toEqual({
      apiKeyIds: ["key"],
      projectIds: [],
      tags: [{ name: "plan", values: ["pro"] }],
      headers: [],
      share: 1,
    });
  });

  it("says each thing that was typed in the units of the control plane", () => {
    const input = newExperimentInput({
      ...design,
      coverage: "12.5",
      tags: "plan: pro, team\n",
      headers: "x-app: mobile",
      targetedShare: "50",
      namespace: "greetings",
      namespaceTo: "50",
      holdout: "5",
      arms: [
        design.arms[0] ?? expect.unreachable(),
        { key: "b", weight: "2", prompt: "p production", tiers: [[{ backendId: "x", weight: 1 }], []], parameters: '{"temperature":0}' },
      ],
      metrics: [
        { metric: "ERROR_RATE", role: "GUARDRAIL", feedback: "left over", category: "", margin: "0.5", windowHours: "0" },
        { metric: "COST_PER_CALL", role: "GUARDRAIL", feedback: "", category: "", margin: "0.0002", windowHours: "0" },
        { metric: "FEEDBACK", role: "GOAL", feedback: "helpful", category: "", margin: "0", windowHours: "24" },
      ],
      course: "rollout",
      steps: [{ share: "10", holdHours: "0.5", unitsMin: "20", approval: true }],
    });
    expect(input).toMatchObject({
      coverage: 0.125,
      holdout: 0.05,
      namespace: { name: "greetings", start: 0, end: 0.5 },
      targeting: {
        tags: [{ name: "plan", values: ["pro", "team"] }],
        headers: [{ name: "x-app", values: ["mobile"] }],
        share: 0.5,
      },
      rollout: { steps: [{ share: 0.1, holdSeconds: 1800, unitsMin: 20, approval: true }], healthAction: "HOLD", shipAtEnd: true },
    });
    expect(input.variants[1]).toEqual({
      key: "b",
      weight: 2,
      prompt: { promptId: "p", label: "production" },
      tiers: [{ targets: [{ backendId: "x", weight: 1 }] }],
      parameters: { temperature: 0 },
    });
    expect(input.analysis?.metrics?.map(({ margin, feedback }) => [margin, feedback])).toEqual([
      [0.005, ""],
      [200_000, ""],
      [0, "helpful"],
    ]);
  });

  it("leaves what is measured alone while it runs, and draws units anew only where that was asked for", () => {
    const changed = changedExperimentInput({ ...design, bucketVersion: 3, drawAnew: "newcomers" }, true);
    expect(changed).toMatchObject({ bucketVersion: 4, bucketVersionMin: 4 });
    expect(changed).not.toHaveProperty("analysis");
    expect(changedExperimentInput(design, false)).toHaveProperty("analysis.control", "");
    expect(changedExperimentInput(design, false)).not.toHaveProperty("bucketVersion");
  });

  it.each([
    [{ key: "" }, "Give it a name"],
    [{ arms: design.arms.slice(0, 1) }, "An experiment has two arms or more"],
    [{ arms: design.arms.map((arm) => ({ ...arm, parameters: "{" })) }, "Parameters are JSON"],
    [{ tags: "plan" }, 'Tags are lines such as "plan: pro, team"'],
    [{ metrics: design.metrics.map((metric) => ({ ...metric, metric: "FEEDBACK" as const })) }, "Say which feedback is measured"],
    [{ metrics: design.metrics.map((metric) => ({ ...metric, margin: "little" })) }, "A margin is a number"],
    [{}, undefined],
  ])("with %j may not be sent because: %s", (patch, problem) => {
    expect(designProblem({ ...design, ...patch })).toBe(problem);
  });
});

it("what is typed comes back as it was", () => {
  for (const share of [0.001, 0.07, 0.29, 0.999, 1]) expect(percentIn(percentText(share))).toBe(share);
  expect(marginIn("COST_PER_CALL", marginText("COST_PER_CALL", 1))).toBe(1);
  expect([marginText("COST_PER_CALL", 200_000), marginText("ERROR_RATE", 0.005), marginText("LATENCY", 100)]).toEqual([
    "0.0002",
    "0.5",
    "100",
  ]);
  const conditions = [{ name: "plan", values: ["pro", "team"] }];
  expect(conditionsIn(conditionsText(conditions))).toEqual(conditions);
  expect(conditionsIn("plan\n:\nplan:\n a : b ")).toEqual([{ name: "a", values: ["b"] }]);
  expect([jsonIn(" "), jsonIn("{"), jsonIn("1")]).toEqual([null, undefined, 1]);
});

describe("the time a comparison takes", () => {
  it("is that of control against the arm with least", () => {
    expect(slowestComparison([1, 1], 0)).toEqual({ share: 0.5, ofAll: 1 });
    expect(slowestComparison([2, 1, 1], 0)).toEqual({ share: 1 / 3, ofAll: 0.75 });
    expect(unitsInAll(300, { share: 1 / 3, ofAll: 0.75 })).toBe(800);
  });

  it("counts who comes back once, and after the days that were looked at newcomers alone", () => {
    const arrivals = { days: 7, units: 700, unitsLastDay: 10 };
    expect(daysUntil(350, arrivals, 1)).toBe(3.5);
    expect(daysUntil(350, arrivals, 0.5)).toBe(7);
    expect(daysUntil(750, arrivals, 1)).toBe(12);
    expect(daysUntil(750, { ...arrivals, unitsLastDay: 0 }, 1)).toBeUndefined();
    expect(daysUntil(1, arrivals, 0)).toBeUndefined();
    // Of a busy route only hours were read: nothing is known of who comes back.
    expect(daysUntil(1000, { days: 0.5, units: 500, unitsLastDay: 500 }, 1)).toBe(1);
  });

  it("is longer where several goals or arms are judged", () => {
    expect([alphaOfOne(0.05, "HOLM", 2, 3), alphaOfOne(0.05, "NONE", 2, 3), alphaOfOne(0.05, "HOLM", 0, 2)]).toEqual([0.0125, 0.05, 0.05]);
  });
});

describe("where no unit has met an experiment", () => {
  const asked = {
    route: { name: "chat" },
    unit: "END_USER",
    fallbackUnit: null,
    coverage: 1,
    holdout: 0,
    namespace: null,
    targeting: null,
  } as const;

  it.each([
    [{}, { calls: 0, units: 0 }, /No call has come to chat/, /Callers write chat as model/],
    [
      {},
      { calls: 12, units: 0 },
      /12 calls came to chat, and none could take part/,
      /None named an end user: callers name one as user in the body/,
    ],
    [{ coverage: 0.01 }, { calls: 12, units: 9 }, /9 units called chat/, /1% of units take part/],
    [
      { targeting: { apiKeyIds: [], projectIds: [], tags: [{ name: "plan" }], headers: [], share: 1 } },
      { calls: 12, units: 9 },
      /9 units/,
      /certain values of the tags plan only/,
    ],
    [{}, { calls: 12, units: 9 }, /9 units/, /choose their arm themselves/],
  ])("%j with %j, the cause is named", (patch, seen, title, cause) => {
    const found = whyNoData({ ...asked, ...patch }, seen);
    expect(found.title).toMatch(title);
    expect(found.causes[0]).toMatch(cause);
  });
});

it("a metric that is not known of nine units in ten is missing data, feedback apart", () => {
  const metric = (name: string, unit: string, units: number) => ({ name, unit, variants: [{ units }, { units: 50 }] });
  const variants = [{ units: 50 }, { units: 50 }];
  expect(
    missingIn({ metrics: [metric("latency", "ms", 40), metric("cost", "nanodollars", 30), metric("helpful", "score", 0)], variants }),
  ).toEqual([{ name: "cost", known: 0.8 }]);
  expect(missingIn({ metrics: [metric("cost", "nanodollars", 0)], variants: [] })).toEqual([]);
});

it("a guardrail says what harm it allows, on its own side, and what more of it does", () => {
  const guardrail = { role: "GUARDRAIL", unit: "share", direction: "LOWER", margin: 0.01 } as const;
  expect(guardrailState(guardrail, { verdict: "OPEN" })).toEqual({
    name: "no harm found",
    tone: "good",
    note: "+1.00 pp is allowed; more rolls back",
  });
  expect(guardrailState({ ...guardrail, direction: "HIGHER", role: "SIGNAL" }, { verdict: "WORSE" })).toEqual({
    name: "harmed",
    tone: "bad",
    note: "−1.00 pp is allowed; it pauses a rollout",
  });
  expect(guardrailState({ ...guardrail, margin: 0 }, { verdict: "TOO_FEW_UNITS" }).note).toBe("no harm is allowed");
});
