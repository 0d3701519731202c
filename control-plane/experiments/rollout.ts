/**
 * What a guarded rollout does next: nothing, a step, a pause, the end, or back. Pure. Two arms of equal size, so that at each
 * step the new value is held against as many units that keep the old one, and growing coverage moves nobody.
 */
import type { Rollout, RolloutState } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";

export type RolloutAction =
  | { readonly type: "none"; readonly waitsFor: string }
  | { readonly type: "advance"; readonly step: number; readonly reason: string }
  | { readonly type: "pause"; readonly reason: string }
  | { readonly type: "complete"; readonly reason: string }
  | { readonly type: "roll-back"; readonly reason: string };

export const startedRollout = (at: Date): RolloutState => ({
  state: "running",
  step: 0,
  stepStartedAt: at.toISOString(),
  approved: false,
  reason: "started",
});

/** Coverage of a step: its share, twice. */
export const coverageOf = ({ steps }: Rollout, step: number): number => 2 * (steps[step]?.share ?? 0);

export function nextAction(rollout: Rollout, state: RolloutState, evaluation: Evaluation, now: Date): RolloutAction {
  const [guardrail] = evaluation.alarms.filter(({ role }) => role === "guardrail");
  // Also while it is paused: who stopped to think still serves the new value.
  if (guardrail !== undefined && (state.state === "running" || state.state === "paused"))
    return { type: "roll-back", reason: guardrail.text };
  if (state.state !== "running") return { type: "none", waitsFor: state.state === "paused" ? "a person to resume it" : "nothing" };
  const [signal] = evaluation.alarms;
  if (signal !== undefined) return { type: "pause", reason: signal.text };
  const ill = illness(evaluation);
  if (ill !== undefined && rollout.healthAction === "roll-back") return { type: "roll-back", reason: ill };
  if (ill !== undefined && rollout.healthAction === "hold") return { type: "none", waitsFor: `health: ${ill}` };
  return stepOf(rollout, state, evaluation, now);
}

/** Steps that are overdue are taken one at an evaluation: each is looked at, and none that asks for approval is passed over. */
function stepOf({ steps, shipAtEnd }: Rollout, state: RolloutState, { units }: Evaluation, now: Date): RolloutAction {
  const step = steps[state.step];
  if (step === undefined) return { type: "complete", reason: "there is no further step" };
  const heldMs = now.getTime() - new Date(state.stepStartedAt).getTime();
  if (heldMs < step.holdSeconds * 1000) return { type: "none", waitsFor: `${Math.ceil(step.holdSeconds - heldMs / 1000)} more seconds` };
  const fewest = Math.min(...Object.values(units), Object.keys(units).length < 2 ? 0 : Number.POSITIVE_INFINITY);
  if (fewest < step.unitsMin) return { type: "none", waitsFor: `${step.unitsMin - fewest} more units in an arm` };
  if (step.approval && !state.approved) return { type: "none", waitsFor: "approval by a person" };
  const next = state.step + 1;
  if (next < steps.length) return { type: "advance", step: next, reason: `step ${state.step + 1} held without harm` };
  return shipAtEnd ? { type: "complete", reason: "all steps held without harm" } : { type: "none", waitsFor: "a person to ship it" };
}

function illness({ health }: Evaluation): string | undefined {
  if (!health.sampleRatioOk || !health.slicesOk) return "units do not stand in the shares that were promised";
  if (!health.mixedOk) return "units were seen in both variants";
  if (!health.preExposureOk) return "the arms differed before the new value was seen";
  return health.trafficOk ? undefined : "no calls came for an hour";
}
