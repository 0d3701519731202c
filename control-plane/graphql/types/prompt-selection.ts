/** Which version of which prompt: what routes and experiments' variants say of it. */
import { ValidationError } from "../../control-error.ts";
import { Prompt as PromptEntity } from "../../database/entities/prompt.ts";
import { PromptVersion as PromptVersionEntity } from "../../database/entities/prompt-version.ts";
import type { PromptSelection as Selection } from "../../database/entities/route.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { Prompt, PromptVersion } from "./prompt.ts";

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
    now: t.loadable({
      type: PromptVersion,
      nullable: true,
      description: "The version that it is at present. Null: there is none.",
      load: versionsOf,
      resolve: async (selection, _args, context) => {
        const labels = "label" in selection ? (await context.loaders.prompt.load(selection.promptId))?.labels : undefined;
        const version = "label" in selection ? labels?.[selection.label] : selection.version;
        return version === undefined ? null : `${selection.promptId}@${version}`;
      },
    }),
  }),
});

/** @param keys "<prompt id>@<version>". All that a level of a query points at, in one statement. */
async function versionsOf(keys: readonly string[], context: GraphQLContext): Promise<(PromptVersionEntity | null)[]> {
  const promptIds = [...new Set(keys.map((key) => key.slice(0, key.indexOf("@"))))];
  const versions = [...new Set(keys.map((key) => Number(key.slice(key.indexOf("@") + 1))))];
  const rows = await inOrganisation(context, (em) =>
    em.find(PromptVersionEntity, { promptId: { $in: promptIds }, version: { $in: versions } }),
  );
  const byKey = new Map(rows.map((row) => [`${row.promptId}@${row.version}`, row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

const namedMax = 10;
const PromptNamedInput = builder.inputType("PromptNamedInput", {
  description: "As callers name one. Without label and version: production, else latest.",
  fields: (t) => ({ name: t.string({ required: true }), label: t.string(), version: t.int() }),
});
builder.queryField("promptsNamed", (t) =>
  t.field({
    type: t.listRef(PromptVersion, { nullable: true }),
    description: `The version that each means at present, in their order. Null: there is none. At most ${namedMax}.`,
    authScopes: { viewer: true },
    args: { named: t.arg({ type: [PromptNamedInput], required: true }) },
    resolve: async (_root, { named }, context) => {
      if (named.length > namedMax) throw new ValidationError([{ path: "named", message: `may be ${namedMax}` }]);
      for (const { name, label } of named) requireStorable({ name, label });
      const prompts = await inOrganisation(context, (em) =>
        em.find(PromptEntity, { name: { $in: named.map(({ name }) => name) }, archivedAt: null }),
      );
      const keys = named.map(({ name, label, version }) => {
        const prompt = prompts.find((one) => one.name === name);
        const number = version ?? (label == null ? (prompt?.labels["production"] ?? prompt?.labels["latest"]) : prompt?.labels[label]);
        return prompt === undefined || number === undefined ? undefined : `${prompt.id}@${number}`;
      });
      const found = await versionsOf([...new Set(keys.filter((key) => key !== undefined))], context);
      const byKey = new Map<string, PromptVersionEntity>(
        found.flatMap((row) => (row === null ? [] : [[`${row.promptId}@${row.version}`, row] as const])),
      );
      return keys.map((key) => (key === undefined ? null : (byKey.get(key) ?? null)));
    },
  }),
);

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
