/** Gives a prompt its next version: numbers it, finds what its templates read, and moves the labels. */
import { compileTemplate } from "#agreements/prompt-template.ts";
import { ValidationError } from "../control-error.ts";
import type { Prompt } from "../database/entities/prompt.ts";
import { type PromptMessageTemplate, PromptVersion } from "../database/entities/prompt-version.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { ConfigurationChange } from "./change-configuration.ts";

/** Kept by us: it points at the newest version. */
const latest = "latest";

export interface VersionContent {
  readonly messages: readonly PromptMessageTemplate[];
  readonly defaultParameters: JsonObject | null;
  readonly commitMessage: string;
  readonly labels: readonly string[];
}

/** @throws ValidationError naming the template that is wrong, or a label that is not to be set. */
export async function addPromptVersion(change: ConfigurationChange, prompt: Prompt, content: VersionContent): Promise<PromptVersion> {
  const newest = await change.em.findOne(PromptVersion, { promptId: prompt.id }, { orderBy: { version: "desc" } });
  // One made in this same change is not in the database yet; one that a restore has archived keeps its number.
  const version = Math.max(newest?.version ?? 0, prompt.labels[latest] ?? 0) + 1;
  for (const label of content.labels) refuseLatest(label);
  prompt.labels = { ...prompt.labels, [latest]: version, ...Object.fromEntries(content.labels.map((label) => [label, version])) };
  change.describe(`prompt ${prompt.name}: version ${version}`);
  return change.create("prompt_version", {
    promptId: prompt.id,
    version,
    messages: content.messages.map(({ role, template }) => ({ role, template })),
    defaultParameters: content.defaultParameters,
    variables: variablesOf(content.messages),
    commitMessage: content.commitMessage,
    author: change.actor,
  });
}

/** @throws ValidationError naming the message whose template is wrong. */
function variablesOf(messages: readonly PromptMessageTemplate[]): string[] {
  const variables = messages.flatMap(({ template }, index) => {
    try {
      return compileTemplate(template).variables;
    } catch (error) {
      throw new ValidationError([
        { path: `messages[${index}].template`, message: error instanceof Error ? error.message : "cannot be compiled" },
      ]);
    }
  });
  return [...new Set(variables)].sort();
}

/** @throws ValidationError: that label is not for people to set. */
export function refuseLatest(label: string): void {
  if (label === latest)
    throw new ValidationError([{ path: "label", message: "latest always points at the newest version and cannot be set" }]);
}
