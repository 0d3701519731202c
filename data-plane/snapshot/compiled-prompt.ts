/** A prompt version with its templates compiled, so that a call only renders. */

import type { JsonObject } from "@bufbuild/protobuf";
import { type CompiledInputs, compileInputs, derivedSchema, type InputSchema } from "#agreements/prompt-inputs.ts";
import { type CompiledTemplate, compileTemplate } from "#agreements/prompt-template.ts";
import type { PromptVersion } from "#proto/penstock/config/v1/snapshot_pb.ts";

export interface CompiledPromptVersion {
  readonly promptId: string;
  readonly version: number;
  readonly messages: readonly { readonly role: string; readonly template: CompiledTemplate }[];
  /** All variables of all templates, sorted. */
  readonly variables: readonly string[];
  readonly inputs: CompiledInputs;
  /** As the author gave it, or derived from the templates. */
  readonly inputSchema: InputSchema;
  readonly defaultParameters: JsonObject | undefined;
}

/** @throws Error naming the prompt version whose template is wrong. */
export function compilePromptVersion(version: PromptVersion): CompiledPromptVersion {
  try {
    const partials = Object.fromEntries(version.partials.map(({ name, template }) => [name, template]));
    const messages = version.messages.map(({ role, template }) => ({ role, template: compileTemplate(template, partials) }));
    const variables = [...new Set(messages.flatMap(({ template }) => template.variables))].sort();
    const inputSchema = version.inputs ?? derivedSchema(messages.flatMap(({ template }) => template.reads));
    return {
      promptId: version.promptId,
      version: version.version,
      messages,
      variables,
      inputs: compileInputs(inputSchema, variables),
      inputSchema,
      defaultParameters: version.defaultParameters,
    };
  } catch (cause) {
    throw new Error(`prompt version ${version.id}: ${cause instanceof Error ? cause.message : "its template is wrong"}`, { cause });
  }
}
