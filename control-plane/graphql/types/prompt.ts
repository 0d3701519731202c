/** Prompts, their versions and their labels. Imported for its side effects by schema.ts. */
import type { Prompt as PromptRow } from "../../database/entities/prompt.ts";
import { type PromptMessageTemplate, PromptVersion as PromptVersionEntity, promptRoles } from "../../database/entities/prompt-version.ts";
import type { JsonObject } from "../../database/entities/route.ts";
import { addPromptVersion, refuseLatest } from "../../operations/add-prompt-version.ts";
import { builder } from "../builder.ts";
import { type ConfigPayload, configPayload, configPayloadFields, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, inOrganisation, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";

const versionsShown = 100;

const PromptRole = enumOf("PromptRole", promptRoles);

const PromptMessage = builder.objectRef<PromptMessageTemplate>("PromptMessage").implement({
  fields: (t) => ({ role: t.field({ type: PromptRole, resolve: (message) => message.role }), template: t.exposeString("template") }),
});

export const PromptVersion = builder.objectRef<PromptVersionEntity>("PromptVersion").implement({
  description: "Never changes.",
  fields: (t) => ({
    ...configFields(t),
    promptId: t.exposeID("promptId"),
    version: t.exposeInt("version"),
    messages: t.field({ type: [PromptMessage], resolve: (row) => [...row.messages] }),
    defaultParameters: t.field({ type: "JSON", nullable: true, resolve: (row) => row.defaultParameters ?? null }),
    variables: t.exposeStringList("variables", { description: "What its templates read." }),
    commitMessage: t.exposeString("commitMessage"),
    author: t.exposeString("author"),
  }),
});

const PromptLabel = builder.objectRef<{ readonly name: string; readonly version: number }>("PromptLabel").implement({
  fields: (t) => ({ name: t.exposeString("name"), version: t.exposeInt("version") }),
});

export const Prompt = builder.objectRef<PromptRow>("Prompt").implement({
  description: "A named template with immutable versions, and labels that move between them.",
  fields: (t) => ({
    ...configFields(t),
    name: t.exposeString("name"),
    labels: t.field({
      type: [PromptLabel],
      resolve: (row) =>
        Object.entries(row.labels)
          .map(([name, version]) => ({ name, version }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }),
    versions: t.field({
      type: [PromptVersion],
      description: `The newest ${versionsShown} before the given one.`,
      args: { before: t.arg.int() },
      resolve: (row, { before }, context) =>
        inOrganisation(context, (em) =>
          em.find(
            PromptVersionEntity,
            { promptId: row.id, ...(before == null ? {} : { version: { $lt: before } }) },
            { orderBy: { version: "desc" }, limit: versionsShown },
          ),
        ),
    }),
  }),
});
addQueries("prompt", { one: "prompt", many: "prompts" }, Prompt);

const CreatePromptInput = builder.inputType("CreatePromptInput", { fields: (t) => ({ name: t.string({ required: true }) }) });
const CreatePromptPayload = configPayload("CreatePromptPayload", "prompt", Prompt);
builder.mutationField("createPrompt", (t) =>
  t.field({
    type: CreatePromptPayload,
    description: "Without a version yet; make one with createPromptVersion.",
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreatePromptInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.create", summary: `prompt ${input.name} made` }, async (change) =>
        change.create("prompt", { name: input.name, labels: {} }),
      ),
  }),
);

const UpdatePromptInput = builder.inputType("UpdatePromptInput", {
  fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }), name: t.string() }),
});
const UpdatePromptPayload = configPayload("UpdatePromptPayload", "prompt", Prompt);
builder.mutationField("updatePrompt", (t) =>
  t.field({
    type: UpdatePromptPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdatePromptInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.update", summary: "prompt changed" }, async (change) => {
        const row = await change.edit("prompt", input.id, { expectedRevision: input.expectedRevision });
        row.name = input.name ?? row.name;
        change.describe(`prompt ${row.name} changed`);
        return row;
      }),
  }),
);

const PromptMessageInput = builder.inputType("PromptMessageInput", {
  fields: (t) => ({ role: t.field({ type: PromptRole, required: true }), template: t.string({ required: true }) }),
});
const CreatePromptVersionInput = builder.inputType("CreatePromptVersionInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    messages: t.field({ type: [PromptMessageInput], required: true }),
    defaultParameters: t.field({ type: "JSON" }),
    commitMessage: t.string(),
    labels: t.stringList({ description: "Labels that shall point at it, beside latest." }),
  }),
});
interface NewVersion {
  readonly prompt: PromptRow;
  readonly promptVersion: PromptVersionEntity;
}
const CreatePromptVersionPayload = builder.objectRef<ConfigPayload<NewVersion>>("CreatePromptVersionPayload").implement({
  fields: (t) => ({
    prompt: t.field({ type: Prompt, resolve: (payload) => payload.value.prompt }),
    promptVersion: t.field({ type: PromptVersion, resolve: (payload) => payload.value.promptVersion }),
    ...configPayloadFields(t),
  }),
});
builder.mutationField("createPromptVersion", (t) =>
  t.field({
    type: CreatePromptVersionPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreatePromptVersionInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt_version.create", summary: "prompt version made" }, async (change) => {
        const prompt = await change.edit("prompt", input.promptId);
        const promptVersion = await addPromptVersion(change, prompt, {
          messages: input.messages,
          defaultParameters: (input.defaultParameters ?? null) as JsonObject | null,
          commitMessage: input.commitMessage ?? "",
          labels: input.labels ?? [],
        });
        return { prompt, promptVersion };
      }),
  }),
);

const SetPromptLabelInput = builder.inputType("SetPromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    label: t.string({ required: true }),
    version: t.int({ required: true }),
  }),
});
const SetPromptLabelPayload = configPayload("SetPromptLabelPayload", "prompt", Prompt);
builder.mutationField("setPromptLabel", (t) =>
  t.field({
    type: SetPromptLabelPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: SetPromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.set_label", summary: "label set" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision });
        refuseLatest(input.label);
        row.labels = { ...row.labels, [input.label]: input.version };
        change.describe(`prompt ${row.name}: ${input.label} is version ${input.version}`);
        return row;
      }),
  }),
);

const RemovePromptLabelInput = builder.inputType("RemovePromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    label: t.string({ required: true }),
  }),
});
const RemovePromptLabelPayload = configPayload("RemovePromptLabelPayload", "prompt", Prompt);
builder.mutationField("removePromptLabel", (t) =>
  t.field({
    type: RemovePromptLabelPayload,
    description: "Refused while a route or a running experiment asks for it.",
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: RemovePromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.remove_label", summary: "label removed" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision });
        refuseLatest(input.label);
        row.labels = Object.fromEntries(Object.entries(row.labels).filter(([name]) => name !== input.label));
        change.describe(`prompt ${row.name}: label ${input.label} removed`);
        return row;
      }),
  }),
);

addArchive("prompt", "prompt", Prompt, async (row, change) => {
  for (const version of await change.em.find(PromptVersionEntity, { promptId: row.id, archivedAt: null })) {
    change.track("prompt_version", version);
    version.archivedAt = change.at;
  }
});
