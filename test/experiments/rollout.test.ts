/** What a guarded rollout does next: a table of what is known, and the one thing that follows. */
import { describe, expect, it } from "vitest";
import { type Rollout, type RolloutState, rolloutDefault, settledAnalysis } from "../../control-plane/experiments/definition.ts";
import { type Evaluation, evaluate } from "../../control-plane/experiments/evaluate.ts";
import { coverageOf, nextAction, startedRollout } from "../../control-plane/experiments/rollout.ts";

const start = new Date("2026-11-01T00:00:00Z");
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const step = (share: number, more: object = {}) => ({ share, holdSeconds: 60, unitsMin: 50, approval: false, ...more });
const rollout: Rollout = { steps: [step(0.05), step(0.25, { approval: true }), step(0.5)], healthAction: "hold", shipAtEnd: true };
const running: RolloutState = startedRollout(start);

/** A look at so many units in each arm, a second ago. */
function look(units: readonly [number, number], more: Partial<Evaluation> = {}): Evaluation {
  const [before, now] = units;
  const { evaluation } = evaluate(
    {
      variants: ["old", "new"].map((key) => ({ key, weight: 1 })),
      analysis: settledAnalysis(null),
      weightsMove: false,
      startedAt: start,
      unit: "end_user",
    },
    {
      units: { old: before, new: now },
      calls: {},
      mixedUnits: 0,
      heldOutUnits: 0,
      comparedUnits: 0,
      unitsLastDay: 0,
      firstExposureAt: start,
      lastExposureAt: after(100),
      slices: [],
    },
    [],
    {},
    after(101),
  );
  return { ...evaluation, ...more };
}
const alarm = (role: "guardrail" | "signal") => ({ alarms: [{ role, metric: "error_rate", variant: "new", text: "errors of new" }] });
const crooked = look([500, 900]);

describe("a guarded rollout", () => {
  it.each<[string, Partial<Rollout>, Partial<RolloutState>, Evaluation, number, object]>([
    ["waits for its time", {}, {}, look([100, 100]), 30, { type: "none", waitsFor: "30 more seconds" }],
    ["waits for units in each arm", {}, {}, look([100, 49]), 61, { type: "none", waitsFor: "1 more units in an arm" }],
    ["waits where one arm has none at all", {}, {}, look([100, 0]), 61, { type: "none", waitsFor: "50 more units in an arm" }],
    ["takes the next step", {}, {}, look([100, 100]), 61, { type: "advance", step: 1 }],
    ["takes one step where several are overdue", {}, {}, look([900, 900]), 86_400, { type: "advance", step: 1 }],
    ["passes no step that a person has to approve", {}, { step: 1 }, look([900, 900]), 86_400, { waitsFor: "approval by a person" }],
    ["goes on when one has", {}, { step: 1, approved: true }, look([900, 900]), 86_400, { type: "advance", step: 2 }],
    ["is complete after the last", {}, { step: 2 }, look([900, 900]), 61, { type: "complete" }],
    [
      "leaves shipping to a person where that is wanted",
      { shipAtEnd: false },
      { step: 2 },
      look([900, 900]),
      61,
      { waitsFor: "a person to ship it" },
    ],
    [
      "goes back on harm, whatever else it waits for",
      {},
      {},
      look([10, 10], alarm("guardrail")),
      1,
      { type: "roll-back", reason: "errors of new" },
    ],
    ["goes back on harm also while it is paused", {}, { state: "paused" }, look([10, 10], alarm("guardrail")), 1, { type: "roll-back" }],
    ["pauses for a signal", {}, {}, look([100, 100], alarm("signal")), 61, { type: "pause", reason: "errors of new" }],
    ["does not resume by itself", {}, { state: "paused" }, look([900, 900]), 86_400, { waitsFor: "a person to resume it" }],
    ["holds where shares of units are off", {}, {}, crooked, 61, { type: "none", waitsFor: expect.stringMatching(/^health: /) }],
    ["or goes back", { healthAction: "roll-back" }, {}, crooked, 61, { type: "roll-back" }],
    ["or goes on", { healthAction: "warn" }, {}, crooked, 61, { type: "advance", step: 1 }],
    ["does nothing once it was rolled back", {}, { state: "rolled-back" }, look([900, 900]), 86_400, { type: "none", waitsFor: "nothing" }],
  ])("%s", (_, more, state, evaluation, seconds, expected) => {
    expect(nextAction({ ...rollout, ...more }, { ...running, ...state }, evaluation, after(seconds))).toMatchObject(expected);
  });

  it("holds each step against as many units that keep the old value", () => {
    expect(rolloutDefault.steps.map((_, at) => coverageOf(rolloutDefault, at))).toEqual([0.02, 0.1, 0.2, 0.5, 1]);
  });
});
