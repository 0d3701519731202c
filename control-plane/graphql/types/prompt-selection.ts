/** Which version of which prompt: what routes and experiments' variants say of it. */
import { ValidationError } from "../../control-error.ts";
import type { PromptSelection as Selection } from "../../database/entities/route.ts";
import { builder } from "../builder.ts";
import { Prompt } from "./prompt.ts";

export const PromptSelection = builder.objectRef<Selection>("PromptSelection").implement({
  description: "A prompt by a label, which moves, or by a version, which does not.",
  fields: (t) => ({
    promptId: t.exposeID("promptId"),
    label: t.string({ nullable: true, resolve: (selection) => ("label" in selection ? selection.label : null) }),
    version: t.int({ nullable: true, resolve: (selection) => ("version" in selection ? selection.version : null) }),
    prompt: t.field({
      type: Prompt,
      nullable: true,
      resolve: async (selection, _args, context) => (await context.loaders.prompt.load(selection.promptId)) ?? null,
    }),
  }),
});

export const PromptSelectionInput = builder.inputType("PromptSelectionInput", {
  description: "Give a label or a version, not both.",
  fields: (t) => ({ promptId: t.id({ required: true }), label: t.string(), version: t.int() }),
});

/** @throws ValidationError unless exactly one of label and version is there. */
export function selectionOf(path: string, input: typeof PromptSelectionInput.$inferInput): Selection {
  if (input.label != null && input.version == null) return { promptId: input.promptId, label: input.label };
  if (input.version != null && input.label == null) return { promptId: input.promptId, version: input.version };
  throw new ValidationError([{ path, message: "give a label or a version: exactly one of the two" }]);
}
