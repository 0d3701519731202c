/** What two versions of a prompt differ in, part by part and as text. Pure. */
import { createTwoFilesPatch } from "diff";
import type { PromptVersion } from "../database/entities/prompt-version.ts";

export interface PromptDifference {
  /** "messages[0].template", "inputs", "defaultParameters.temperature", "tools", … */
  readonly path: string;
  /** As JSON; null: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

export function promptDifferences(before: PromptVersion, after: PromptVersion): PromptDifference[] {
  const [one, other] = [partsOf(before), partsOf(after)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => JSON.stringify(one.get(path)) !== JSON.stringify(other.get(path)))
    .map((path) => ({ path, before: one.get(path) ?? null, after: other.get(path) ?? null }));
}

/** Unified, with three lines around each change; empty where the texts are the same. */
export function promptPatch(before: PromptVersion, after: PromptVersion): string {
  const [one, other] = [textOf(before), textOf(after)];
  if (one === other) return "";
  return createTwoFilesPatch(`version ${before.version}`, `version ${after.version}`, one, other, undefined, undefined, { context: 3 });
}

function partsOf(version: PromptVersion): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  version.messages.forEach(({ role, template }, index) => {
    parts.set(`messages[${index}].role`, role);
    parts.set(`messages[${index}].template`, template);
  });
  for (const [name, value] of Object.entries(version.defaultParameters ?? {})) parts.set(`defaultParameters.${name}`, value);
  for (const { name, version: number } of version.partials) parts.set(`partials.${name}`, number);
  parts.set("variables", [...version.variables]);
  for (const name of ["tools", "responseSchema", "inputs"] as const) if (version[name] != null) parts.set(name, version[name]);
  return parts;
}

const textOf = ({ messages }: PromptVersion): string => messages.map(({ role, template }) => `[${role}]\n${template}\n`).join("\n");
