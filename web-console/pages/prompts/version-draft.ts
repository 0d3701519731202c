/** A version that is being written: kept in the browser with every letter, so that a closed tab loses nothing. */
import { type Unsaved, type UnsavedPlace, unsavedAt } from "../../session/unsaved.ts";
import type { MessageValues, NewVersion } from "./changes.ts";

export interface VersionDraft {
  /** The version that it began with; 0: none. */
  readonly from: number;
  readonly messages: readonly MessageValues[];
  /** These are JSON; empty: none. Of the inputs: they are derived from the templates. */
  readonly parameters: string;
  readonly tools: string;
  readonly responseSchema: string;
  readonly inputs: string;
}

interface Beginning {
  readonly version: number;
  readonly messages: readonly MessageValues[];
  readonly defaultParameters: unknown;
  readonly tools: unknown;
  readonly responseSchema: unknown;
  readonly inputs: unknown;
  readonly inputsDerived: boolean;
}

/** @param kind of the prompt: a text is one template, which callers get as a user's message. */
export const draftFrom = (version: Beginning | undefined, kind: "CHAT" | "TEXT" = "CHAT"): VersionDraft => ({
  from: version?.version ?? 0,
  messages: version?.messages.map(({ role, template }) => ({ role, template })) ?? [
    { role: kind === "TEXT" ? "USER" : "SYSTEM", template: "" },
  ],
  parameters: jsonText(version?.defaultParameters),
  tools: jsonText(version?.tools),
  responseSchema: jsonText(version?.responseSchema),
  inputs: version === undefined || version.inputsDerived ? "" : jsonText(version.inputs),
});

/** @param draft without a problem. */
export const versionOf = ({ messages, parameters, tools, responseSchema, inputs }: VersionDraft): NewVersion => ({
  messages,
  defaultParameters: jsonOf(parameters),
  tools: jsonOf(tools),
  responseSchema: jsonOf(responseSchema),
  inputs: jsonOf(inputs),
});

/** Why it cannot be saved; undefined: it can. */
export function draftProblem({ messages, parameters, tools, responseSchema, inputs }: VersionDraft): string | undefined {
  if (messages.every(({ template }) => template.trim() === "")) return "Write something first";
  const texts = { "default parameters": parameters, tools, "schema of the answer": responseSchema, "schema of its variables": inputs };
  for (const [name, text] of Object.entries(texts)) {
    try {
      jsonOf(text);
    } catch {
      return `What stands under ${name} is not JSON`;
    }
  }
  return undefined;
}

/** A guide while typing; the control plane derives them truly when it is saved. */
export function variablesIn(messages: readonly MessageValues[]): string[] {
  const found = messages.flatMap(({ template }) => [...template.matchAll(/\{\{-?\s*([A-Za-z_][\w]*)/g)].map(([, name = ""]) => name));
  return [...new Set(found)].sort();
}

const jsonText = (value: unknown): string => (value == null ? "" : JSON.stringify(value, null, 2));
const jsonOf = (text: string): unknown => (text.trim() === "" ? null : JSON.parse(text));

/** Nobody else sees it before it is saved, and it outlives its tab. */
export const placeOf = (person: string, promptId: string): UnsavedPlace => ({ place: "browser", person, name: `prompt ${promptId}` });

/** Undefined: none is kept, or what is kept is not one. */
export function keptDraft(where: UnsavedPlace): Unsaved<VersionDraft> | undefined {
  const kept = unsavedAt<VersionDraft>(where, true);
  return Array.isArray(kept?.content.messages) && typeof kept.content.inputs === "string" ? kept : undefined;
}
