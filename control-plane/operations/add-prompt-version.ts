/** Makes a prompt's next version in a change: its number, its partials, its variables and the labels that move with it. */
import { faultsInSchema } from "#agreements/prompt-inputs.ts";
import { compileTemplate, type Partials, partialsIn } from "#agreements/prompt-template.ts";
import { ValidationError } from "../control-error.ts";
import { Prompt } from "../database/entities/prompt.ts";
import { type PromptMessageTemplate, type PromptPartial, PromptVersion } from "../database/entities/prompt-version.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { ConfigurationChange } from "./change-configuration.ts";
import { liquidOfMustache } from "./mustache-import.ts";

/** Kept by us: it points at the newest version. */
const latest = "latest";

export interface VersionContent {
  readonly messages: readonly PromptMessageTemplate[];
  readonly defaultParameters: JsonObject | null;
  readonly commitMessage: string;
  readonly labels: readonly string[];
  readonly tools?: readonly JsonObject[] | null;
  readonly responseSchema?: JsonObject | null;
  readonly inputs?: JsonObject | null;
  /** Default liquid; what is Mustache is kept as Liquid. */
  readonly format?: "liquid" | "mustache";
  /** Of Mustache: sections that are loops, beside those whose body says so. */
  readonly lists?: readonly string[];
}

/** @throws ValidationError naming the template that is wrong, or a label that is not to be set. */
export async function addPromptVersion(change: ConfigurationChange, prompt: Prompt, content: VersionContent): Promise<PromptVersion> {
  const newest = await change.em.findOne(PromptVersion, { promptId: prompt.id }, { orderBy: { version: "desc" } });
  // One made in this same change is not in the database yet; one that a restore has archived keeps its number.
  const version = Math.max(newest?.version ?? 0, prompt.labels[latest] ?? 0) + 1;
  for (const label of content.labels) refuseToMove(prompt, label);
  const messages = messagesOf(prompt, content);
  const partials = await partialsOf(change, prompt, messages);
  const variables = variablesOf(messages, Object.fromEntries(partials.map(({ name, template }) => [name, template])));
  const faults = content.inputs == null ? [] : faultsInSchema(content.inputs, variables);
  if (faults.length > 0) throw new ValidationError(faults.map((message) => ({ path: "inputs", message })));
  prompt.labels = { ...prompt.labels, [latest]: version, ...Object.fromEntries(content.labels.map((label) => [label, version])) };
  change.describe(`prompt ${prompt.name}: version ${version}`);
  return change.create("prompt_version", {
    promptId: prompt.id,
    version,
    messages,
    defaultParameters: content.defaultParameters,
    tools: content.tools ?? null,
    responseSchema: content.responseSchema ?? null,
    inputs: content.inputs ?? null,
    partials,
    variables,
    commitMessage: content.commitMessage,
    author: change.actor,
  });
}

function messagesOf({ kind }: Prompt, { messages, format, lists }: VersionContent): PromptMessageTemplate[] {
  if (kind === "text" && (messages.length !== 1 || messages[0]?.role !== "user"))
    throw new ValidationError([{ path: "messages", message: "a text prompt has one template, given as one user message" }]);
  return messages.map(({ role, template }, index) => ({
    role,
    template: format === "mustache" ? atMessage(index, () => liquidOfMustache(template, lists)) : template,
  }));
}

/**
 * What the templates render, as it is now: a version never changes, so what it renders must not either.
 * @throws ValidationError naming a partial that is not there, is no text prompt, or renders another.
 */
async function partialsOf(
  change: ConfigurationChange,
  prompt: Prompt,
  messages: readonly PromptMessageTemplate[],
): Promise<readonly PromptPartial[]> {
  const names = [...new Set(messages.flatMap(({ template }, index) => atMessage(index, () => partialsIn(template))))].sort();
  const partials: PromptPartial[] = [];
  for (const name of names) {
    const refuse = (message: string) => new ValidationError([{ path: "messages", message: `the partial "${name}" ${message}` }]);
    const source = await change.em.findOne(Prompt, { name, archivedAt: null });
    if (source === null || source.id === prompt.id) throw refuse("is no other prompt of this organisation");
    if (source.kind !== "text") throw refuse("is a chat prompt; only a text prompt can stand within another");
    const version = source.labels["production"] ?? source.labels[latest];
    const row = version === undefined ? null : await change.em.findOne(PromptVersion, { promptId: source.id, version, archivedAt: null });
    const template = row?.messages[0]?.template;
    if (row === null || template === undefined) throw refuse("has no version yet");
    if (row.partials.length > 0) throw refuse("renders partials of its own, which may not be nested");
    partials.push({ name, version: row.version, template });
  }
  return partials;
}

function variablesOf(messages: readonly PromptMessageTemplate[], partials: Partials): string[] {
  const variables = messages.flatMap(({ template }, index) => atMessage(index, () => compileTemplate(template, partials).variables));
  return [...new Set(variables)].sort();
}

/** @throws ValidationError naming the message whose template is wrong. */
function atMessage<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ValidationError([
      { path: `messages[${index}].template`, message: error instanceof Error ? error.message : "cannot be compiled" },
    ]);
  }
}

/** @throws ValidationError: that label is not for one person to move. */
export function refuseToMove(prompt: Pick<Prompt, "protectedLabels">, label: string): void {
  if (label === latest)
    throw new ValidationError([{ path: "label", message: "latest always points at the newest version and cannot be set" }]);
  if (prompt.protectedLabels.includes(label))
    throw new ValidationError([
      { path: "label", message: `${label} is protected: ask for it with requestPromptLabel, and a second person approves` },
    ]);
}

/** Also where it is protected: whoever calls this has seen to the approval. */
export function pointLabel(change: ConfigurationChange, prompt: Prompt, label: string, version: number): void {
  prompt.labels = { ...prompt.labels, [label]: version };
  change.describe(`prompt ${prompt.name}: ${label} is version ${version}`);
}
