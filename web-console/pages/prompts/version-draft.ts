/**
 * A version that is being written: kept in the browser with every letter, so that a closed tab loses nothing, for each person and
 * prompt by itself. Nobody else sees it before it is saved.
 */
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

export interface KeptDraft {
  readonly draft: VersionDraft;
  /** ISO 8601. */
  readonly keptAt: string;
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

export const draftFrom = (version: Beginning | undefined): VersionDraft => ({
  from: version?.version ?? 0,
  messages: version?.messages.map(({ role, template }) => ({ role, template })) ?? [{ role: "SYSTEM", template: "" }],
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

const keyOf = (actor: string, promptId: string): string => `penstock-draft ${actor} ${promptId}`;

/** Undefined: none is kept, or what is kept is not one. */
export function keptDraft(actor: string, promptId: string): KeptDraft | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(actor, promptId)) ?? "null") as KeptDraft | null;
    return Array.isArray(kept?.draft.messages) && typeof kept.draft.inputs === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** One that says what its beginning says is not kept. A browser that keeps nothing loses the draft with the tab. */
export function keepDraft(actor: string, promptId: string, draft: VersionDraft | undefined): void {
  try {
    if (draft === undefined) localStorage.removeItem(keyOf(actor, promptId));
    else localStorage.setItem(keyOf(actor, promptId), JSON.stringify({ draft, keptAt: new Date().toISOString() } satisfies KeptDraft));
  } catch {
    // Full, or forbidden.
  }
}
