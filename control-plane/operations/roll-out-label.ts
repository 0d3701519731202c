/**
 * Moves a prompt's label in guarded steps and not at once: an experiment on the route that binds the label holds the new version
 * against the one that the label points at, goes back by itself on harm, and moves the label when all steps have held.
 */
import { NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { Experiment } from "../database/entities/experiment.ts";
import type { Prompt } from "../database/entities/prompt.ts";
import type { LabelRolloutSettings } from "../database/entities/prompt-label-request.ts";
import type { ConfigurationChange } from "./change-configuration.ts";
import { startExperiment } from "./end-experiment.ts";
import { type NewAssignment, newExperiment } from "./new-experiment.ts";
import { usersOfPrompt } from "./prompt-insight.ts";

/** @throws ValidationError where the label points nowhere or there already, or no route binds it; NotFoundError for another route. */
export async function rollOutLabel(
  change: ConfigurationChange,
  prompt: Prompt,
  { label, version }: { readonly label: string; readonly version: number },
  settings: LabelRolloutSettings,
): Promise<Experiment> {
  const refuse = (path: string, message: string) => new ValidationError([{ path, message }]);
  const current = prompt.labels[label];
  if (current === undefined) throw refuse("label", `${label} points at no version yet; set it with setPromptLabel`);
  if (current === version) throw refuse("version", `${label} is version ${version} already`);
  const assignment: NewAssignment = { unit: settings.unit, fallbackUnit: settings.fallbackUnit };
  const variant = (number: number) => ({
    key: `v${number}`,
    weight: 1,
    prompt: { promptId: prompt.id, version: number },
    tiers: [],
    parameters: null,
  });
  const row = change.create("experiment", {
    ...newExperiment(assignment),
    key: await keyOf(change, settings.key ?? `${prompt.name}-${label}-v${version}`),
    routeId: await routeOf(change, prompt, label, settings.routeId),
    variants: [variant(current), variant(version)],
    analysis: settings.analysis,
    rollout: { ...settings.rollout, deploys: { promptId: prompt.id, label, version } },
  });
  startExperiment(change, row);
  change.describe(`prompt ${prompt.name}: ${label} goes to version ${version} by steps, in experiment ${row.key}`);
  return row;
}

async function routeOf({ em }: ConfigurationChange, prompt: Prompt, label: string, asked: string | null): Promise<string> {
  const routes = (await usersOfPrompt(em, prompt.id)).filter((user) => user.kind === "route" && user.label === label);
  if (asked !== null) {
    if (!isUuid(asked) || !routes.some(({ id }) => id === asked))
      throw new NotFoundError(`route that binds ${prompt.name} by ${label}`, asked);
    return asked;
  }
  const [only, ...others] = routes;
  if (only === undefined)
    throw new ValidationError([
      { path: "label", message: `no route binds ${prompt.name} by ${label}, so nobody could be given it by steps` },
    ]);
  if (others.length > 0)
    throw new ValidationError([{ path: "routeId", message: `say on which route: ${routes.map(({ name }) => name).join(", ")}` }]);
  return only.id;
}

/** The next that is free: the same version may be tried again after it was rolled back and mended elsewhere. */
async function keyOf({ em }: ConfigurationChange, wanted: string): Promise<string> {
  const base = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 56);
  const taken = new Set((await em.find(Experiment, { key: { $like: `${base}%` } })).map(({ key }) => key));
  for (let n = 2, key = base; ; n++) {
    if (!taken.has(key)) return key;
    key = `${base}-${n}`;
  }
}
