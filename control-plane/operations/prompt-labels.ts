/** Moving a prompt's labels: deploy, at once or by steps, back to what was before, and with a second person's approval where a label is protected. */
import { v7 } from "uuid";
import { ForbiddenError, NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { Experiment } from "../database/entities/experiment.ts";
import type { Prompt } from "../database/entities/prompt.ts";
import { type LabelRolloutSettings, PromptLabelRequest } from "../database/entities/prompt-label-request.ts";
import type { EntityManager } from "../database/orm.ts";
import { pointLabel, refuseToMove } from "./add-prompt-version.ts";
import type { ConfigurationChange } from "./change-configuration.ts";
import { placesBefore } from "./label-history.ts";
import { rollOutLabel } from "./roll-out-label.ts";

interface LabelTarget {
  readonly label: string;
  readonly version: number;
  /** Empty: nothing was said. */
  readonly reason: string;
}

/** @throws ValidationError for a label that is not for one person to move. */
export function moveLabel(change: ConfigurationChange, prompt: Prompt, to: LabelTarget): void {
  refuseToMove(prompt, to.label);
  pointLabel(change, prompt, to.label, to.version);
  change.because(to.reason);
}

/** @throws ValidationError for a label that is not for one person to move, or that cannot be moved by steps. */
export function moveLabelBySteps(
  change: ConfigurationChange,
  prompt: Prompt,
  to: { readonly label: string; readonly version: number },
  settings: LabelRolloutSettings,
): Promise<Experiment> {
  refuseToMove(prompt, to.label);
  return rollOutLabel(change, prompt, to, settings);
}

/** @throws ValidationError for a label that is not for one person to move. */
export function removeLabel(change: ConfigurationChange, prompt: Prompt, label: string): void {
  refuseToMove(prompt, label);
  prompt.labels = Object.fromEntries(Object.entries(prompt.labels).filter(([name]) => name !== label));
  change.describe(`prompt ${prompt.name}: label ${label} removed`);
}

/**
 * To the version that the label pointed at before. Also where it is protected: that version was approved, and who has to go back
 * has no time to ask.
 * @throws ValidationError where it never pointed anywhere else.
 */
export async function rollBackLabel(change: ConfigurationChange, prompt: Prompt, label: string): Promise<void> {
  const before = (await placesBefore(change.em, prompt)).get(label);
  if (before === undefined) throw new ValidationError([{ path: "label", message: `${label} has not pointed at another version before` }]);
  pointLabel(change, prompt, label, before.version);
}

/** @throws ValidationError where the label is not protected and can simply be moved. */
export function requestLabel(
  em: EntityManager,
  prompt: Prompt,
  asked: {
    readonly label: string;
    readonly version: number | null;
    readonly comment: string;
    readonly actor: string;
    readonly rollout: LabelRolloutSettings | null;
  },
): PromptLabelRequest {
  if (!prompt.protectedLabels.includes(asked.label))
    throw new ValidationError([{ path: "label", message: `${asked.label} is not protected; move it with setPromptLabel` }]);
  if (asked.rollout !== null && asked.version === null)
    throw new ValidationError([{ path: "rollout", message: "goes with a version: what is rolled out?" }]);
  const request = em.create(PromptLabelRequest, {
    id: v7(),
    organisationId: prompt.organisationId,
    promptId: prompt.id,
    label: asked.label,
    version: asked.version,
    comment: asked.comment,
    rollout: asked.rollout,
    requestedBy: asked.actor,
    requestedAt: new Date(),
    state: "open",
    decidedBy: null,
    decidedAt: null,
  });
  em.persist(request);
  return request;
}

/**
 * Approved, the label moves in this change, or begins to by steps.
 * @throws ForbiddenError for who asked, NotFoundError, ValidationError where it is decided already.
 */
export async function decideLabelRequest(
  change: ConfigurationChange,
  id: string,
  approve: boolean,
): Promise<{ prompt: Prompt; request: PromptLabelRequest; experiment: Experiment | null }> {
  const request = isUuid(id) ? await change.em.findOne(PromptLabelRequest, { id }) : null;
  if (request === null) throw new NotFoundError("label request", id);
  if (request.state !== "open") throw new ValidationError([{ path: "id", message: `it was ${request.state} already` }]);
  if (request.requestedBy === change.actor && approve)
    throw new ForbiddenError("who asked cannot approve; a second person has to, with a token of their own");
  const prompt = await change.edit("prompt", request.promptId);
  request.state = approve ? "approved" : "declined";
  request.decidedBy = change.actor;
  request.decidedAt = change.at;
  change.because(request.comment);
  const { label, version, rollout } = request;
  let experiment: Experiment | null = null;
  if (approve && version != null && rollout != null) experiment = await rollOutLabel(change, prompt, { label, version }, rollout);
  else if (approve && version != null) pointLabel(change, prompt, label, version);
  else if (approve) {
    prompt.protectedLabels = prompt.protectedLabels.filter((one) => one !== label);
    change.describe(`prompt ${prompt.name}: ${label} is protected no longer`);
  }
  return { prompt, request, experiment };
}
