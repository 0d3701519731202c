/** Moving a prompt's labels: deploy, back to what was before, and with a second person's approval where a label is protected. */
import { v7 } from "uuid";
import { ForbiddenError, NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { Prompt } from "../database/entities/prompt.ts";
import { PromptLabelRequest } from "../database/entities/prompt-label-request.ts";
import type { EntityManager } from "../database/orm.ts";
import { refuseToMove } from "./add-prompt-version.ts";
import type { ConfigurationChange } from "./change-configuration.ts";

/** @throws ValidationError for a label that is not for one person to move. */
export function moveLabel(change: ConfigurationChange, prompt: Prompt, label: string, version: number): void {
  refuseToMove(prompt, label);
  point(change, prompt, label, version);
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
  const [before] = await change.em.execute<{ version: string }[]>(
    `select before->'labels'->>? as version from revision_change
     where entity_id = ? and kind = 'prompt' and before is not null and before->'labels'->>? is not null
       and before->'labels'->>? is distinct from after->'labels'->>?
     order by epoch, number desc limit 1`,
    [label, prompt.id, label, label, label],
  );
  if (before === undefined) throw new ValidationError([{ path: "label", message: `${label} has not pointed at another version before` }]);
  point(change, prompt, label, Number(before.version));
}

/** @throws ValidationError where the label is not protected and can simply be moved. */
export function requestLabel(
  em: EntityManager,
  prompt: Prompt,
  asked: { readonly label: string; readonly version: number | null; readonly comment: string; readonly actor: string },
): PromptLabelRequest {
  if (!prompt.protectedLabels.includes(asked.label))
    throw new ValidationError([{ path: "label", message: `${asked.label} is not protected; move it with setPromptLabel` }]);
  const request = em.create(PromptLabelRequest, {
    id: v7(),
    organisationId: prompt.organisationId,
    promptId: prompt.id,
    label: asked.label,
    version: asked.version,
    comment: asked.comment,
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
 * Approved, the label moves in this change.
 * @throws ForbiddenError for who asked, NotFoundError, ValidationError where it is decided already.
 */
export async function decideLabelRequest(
  change: ConfigurationChange,
  id: string,
  approve: boolean,
): Promise<{ prompt: Prompt; request: PromptLabelRequest }> {
  const request = isUuid(id) ? await change.em.findOne(PromptLabelRequest, { id }) : null;
  if (request === null) throw new NotFoundError("label request", id);
  if (request.state !== "open") throw new ValidationError([{ path: "id", message: `it was ${request.state} already` }]);
  if (request.requestedBy === change.actor && approve)
    throw new ForbiddenError("who asked cannot approve; a second person has to, with a token of their own");
  const prompt = await change.edit("prompt", request.promptId);
  request.state = approve ? "approved" : "declined";
  request.decidedBy = change.actor;
  request.decidedAt = change.at;
  if (approve && request.version !== null && request.version !== undefined) point(change, prompt, request.label, request.version);
  else if (approve) {
    prompt.protectedLabels = prompt.protectedLabels.filter((label) => label !== request.label);
    change.describe(`prompt ${prompt.name}: ${request.label} is protected no longer`);
  }
  return { prompt, request };
}

function point(change: ConfigurationChange, prompt: Prompt, label: string, version: number): void {
  prompt.labels = { ...prompt.labels, [label]: version };
  change.describe(`prompt ${prompt.name}: ${label} is version ${version}`);
}
