/** How an experiment begins and ends: started, shipped, rolled back, stopped, given more time. People and the evaluator do it alike. */
import { isDeepStrictEqual } from "node:util";
import { NotFoundError, ValidationError } from "../control-error.ts";
import type { Experiment } from "../database/entities/experiment.ts";
import { type Conclusion, settledAnalysis } from "../experiments/definition.ts";
import { coverageOf, startedRollout } from "../experiments/rollout.ts";
import { pointLabel } from "./add-prompt-version.ts";
import type { ConfigurationChange } from "./change-configuration.ts";

/**
 * In a new phase where it ran before, because what was measured then was measured of another configuration. A rollout begins at
 * its first step; one that was rolled back begins again only by a person's hand, which is what calls this.
 * @param aaTest its arms may be alike: whatever is then found is a fault of what measures.
 * @throws ValidationError where it runs already, or its arms are alike and that was not said.
 */
export function startExperiment(change: ConfigurationChange, row: Experiment, aaTest = false): void {
  if (row.status === "running") throw new ValidationError([{ path: "id", message: "the experiment runs already" }]);
  if (!aaTest && areAlike(row.variants))
    throw new ValidationError([
      { path: "variants", message: "are alike, so there is nothing to find; change one, or say that it is an A/A test" },
    ]);
  if (row.status === "stopped") row.phase += 1;
  row.status = "running";
  row.startedAt = change.at;
  row.stoppedAt = null;
  row.conclusion = null;
  row.analysis = settledAnalysis(row.analysis);
  if (row.endsAt != null && row.endsAt <= change.at) row.endsAt = null;
  if (row.rollout != null) {
    row.rolloutState = startedRollout(change.at);
    row.coverage = coverageOf(row.rollout, 0);
    row.variants = row.variants.map((variant) => ({ ...variant, weight: 1 }));
  }
  change.describe(`experiment ${row.key} started`);
}

/** @throws ValidationError where it does not run. */
export function stopExperiment(change: ConfigurationChange, row: Experiment, reason: string): void {
  end(change, row, { outcome: "stopped", variant: "", reason });
  change.describe(`experiment ${row.key} stopped`);
}

/** Every unit gets the route as it is. @throws ValidationError where it does not run. */
export function rollBackExperiment(change: ConfigurationChange, row: Experiment, reason: string): void {
  end(change, row, { outcome: "rolled-back", variant: "", reason });
  if (row.rolloutState != null) row.rolloutState = { ...row.rolloutState, state: "rolled-back", reason };
  change.describe(`experiment ${row.key} rolled back: ${reason}`.slice(0, 500));
}

/** What the variant overrides becomes the route's own; where a label was rolled out, it moves. @throws ValidationError where it does not run or has no such variant. */
export async function shipExperiment(change: ConfigurationChange, row: Experiment, variantKey: string, reason: string): Promise<void> {
  const variant = row.variants.find(({ key }) => key === variantKey);
  if (variant === undefined) throw new ValidationError([{ path: "variant", message: `the experiment has no variant ${variantKey}` }]);
  end(change, row, { outcome: "shipped", variant: variantKey, reason });
  if (row.rolloutState != null) row.rolloutState = { ...row.rolloutState, state: "completed", reason };
  const deploys = row.rollout?.deploys;
  if (deploys != null && variant.prompt !== null && "version" in variant.prompt && variant.prompt.version === deploys.version) {
    const prompt = await change.edit("prompt", deploys.promptId);
    pointLabel(change, prompt, deploys.label, deploys.version);
    change.because(reason);
    change.describe(`experiment ${row.key}: ${deploys.label} of ${prompt.name} is version ${deploys.version}`);
    return;
  }
  const route = await change.edit("route", row.routeId);
  if (variant.prompt !== null) route.prompt = variant.prompt;
  if (variant.tiers.length > 0) route.tiers = variant.tiers;
  // Over the caller's, as they were while they were tried; or what was shown would not be what is shipped.
  if (variant.parameters !== null) route.forcedParameters = { ...route.forcedParameters, ...variant.parameters };
  change.describe(`experiment ${row.key}: ${variantKey} shipped to route ${route.name}`);
}

/** @throws ValidationError where it does not run, or the days are none. */
export function extendExperiment(change: ConfigurationChange, row: Experiment, days: number): void {
  requireRunning(row);
  if (!(days > 0 && days <= 365)) throw new ValidationError([{ path: "days", message: "must be above 0 and up to 365" }]);
  row.endsAt = new Date((row.endsAt ?? change.at).getTime() + days * 86_400_000);
  change.describe(`experiment ${row.key} runs until ${row.endsAt.toISOString()}`);
}

/** Lets a rollout go on: past a step that asks for it, or from a pause. @throws ValidationError where it waits for nobody. */
export function approveRollout(change: ConfigurationChange, row: Experiment): void {
  requireRunning(row);
  const state = row.rolloutState;
  if (state == null) throw new NotFoundError("rollout", row.id);
  if (state.state === "running" && row.rollout?.steps[state.step]?.approval !== true)
    throw new ValidationError([{ path: "id", message: "the rollout does not wait for anybody" }]);
  row.rolloutState = { ...state, state: "running", approved: true, reason: `approved by ${change.actor}` };
  change.describe(`rollout ${row.key} approved`);
}

function areAlike([first, ...others]: Experiment["variants"]): boolean {
  const tried = ({ prompt, tiers, parameters }: Experiment["variants"][number]) => [prompt, tiers, parameters ?? {}];
  return first !== undefined && others.every((other) => isDeepStrictEqual(tried(other), tried(first)));
}

function end(change: ConfigurationChange, row: Experiment, conclusion: Pick<Conclusion, "outcome" | "variant" | "reason">): void {
  requireRunning(row);
  row.status = "stopped";
  row.stoppedAt = change.at;
  row.conclusion = { ...conclusion, reason: conclusion.reason.slice(0, 2000), at: change.at.toISOString(), actor: change.actor };
}

function requireRunning(row: Experiment): void {
  if (row.status !== "running") throw new ValidationError([{ path: "id", message: "the experiment does not run" }]);
}
