/** Prompts, their versions and their labels. Imported for its side effects by schema.ts. */

import { ValidationError } from "../../control-error.ts";
import { type Prompt as PromptRow, promptKinds } from "../../database/entities/prompt.ts";
import {
  type PromptMessageTemplate,
  type PromptPartial,
  PromptVersion as PromptVersionEntity,
  promptRoles,
} from "../../database/entities/prompt-version.ts";
import type { JsonObject } from "../../database/entities/route.ts";
import { addPromptVersion } from "../../operations/add-prompt-version.ts";
import { type LabelPlace, placesBefore } from "../../operations/label-history.ts";
import { inputsOf } from "../../operations/prompt-insight.ts";
import { routeNamePattern, routeNameRule } from "../../snapshot/check-row.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { ConfigChange, type ConfigPayload, configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, inOrganisation, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { holds } from "../text-search.ts";

const versionsShown = 100;
const versionMax = 2 ** 31 - 1;

/** A number means one version, and may stand in a message too. */
function versionsCalled(search: string): object {
  if (search === "") return {};
  const said = holds(["commitMessage", "author"], search);
  const number = Number(/^(?:version )?(\d+)$/i.exec(search)?.[1] ?? Number.NaN);
  return number <= versionMax ? { $or: [{ version: number }, said] } : said;
}

const PromptKind = enumOf("PromptKind", promptKinds);
const TemplateFormat = enumOf("TemplateFormat", ["liquid", "mustache"]);
const PromptRole = enumOf("PromptRole", promptRoles);

const PromptMessage = builder.objectRef<PromptMessageTemplate>("PromptMessage").implement({
  fields: (t) => ({ role: t.field({ type: PromptRole, resolve: (message) => message.role }), template: t.exposeString("template") }),
});

const PromptPartialType = builder.objectRef<PromptPartial>("PromptPartial").implement({
  description: "Another prompt that the version renders, as it was when the version was made.",
  fields: (t) => ({ name: t.exposeString("name"), version: t.exposeInt("version"), template: t.exposeString("template") }),
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
    tools: t.field({ type: "JSON", nullable: true, resolve: (row) => row.tools ?? null }),
    responseSchema: t.field({ type: "JSON", nullable: true, resolve: (row) => row.responseSchema ?? null }),
    inputs: t.field({
      type: "JSON",
      description: "JSON Schema of the variables: the author's, or derived from the templates.",
      resolve: (row) => inputsOf(row),
    }),
    inputsDerived: t.boolean({ description: "Nobody wrote `inputs`.", resolve: (row) => row.inputs == null }),
    partials: t.field({ type: [PromptPartialType], resolve: (row) => [...row.partials] }),
    commitMessage: t.exposeString("commitMessage"),
    author: t.exposeString("author"),
  }),
});

interface StandingLabel {
  readonly name: string;
  readonly version: number;
  /** Of all labels of the prompt at once. */
  readonly placesBefore: () => Promise<ReadonlyMap<string, LabelPlace>>;
}

const PromptLabel = builder.objectRef<StandingLabel>("PromptLabel").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    version: t.exposeInt("version"),
    previousVersion: t.int({
      nullable: true,
      description: "Where it stood before, and where rollBackPromptLabel takes it. Null: it never stood elsewhere, or is latest.",
      resolve: async ({ name, placesBefore }) => (await placesBefore()).get(name)?.version ?? null,
    }),
    previousUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it left previousVersion.",
      resolve: async ({ name, placesBefore }) => (await placesBefore()).get(name)?.until ?? null,
    }),
  }),
});

export const Prompt = builder.objectRef<PromptRow>("Prompt").implement({
  description: "A named template with immutable versions, and labels that move between them.",
  fields: (t) => ({
    ...configFields(t),
    name: t.exposeString("name"),
    kind: t.field({ type: PromptKind, resolve: (row) => row.kind }),
    folder: t.exposeString("folder", { description: 'Such as "support/email". Empty: at the top.' }),
    protectedLabels: t.stringList({ description: "They move only when a second person approves.", resolve: (row) => row.protectedLabels }),
    runRouteId: t.id({
      nullable: true,
      description: "The route that `POST /v1/prompts/{name}/run` calls. Null: it is not published so.",
      resolve: (row) => row.runRouteId ?? null,
    }),
    labels: t.field({
      type: [PromptLabel],
      resolve: (row, _args, context) => {
        let places: Promise<ReadonlyMap<string, LabelPlace>> | undefined;
        const before = () => {
          places ??= inOrganisation(context, (em) => placesBefore(em, row));
          return places;
        };
        return Object.entries(row.labels)
          .map(([name, version]) => ({ name, version, placesBefore: before }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      },
    }),
    versions: t.field({
      type: [PromptVersion],
      description: `The newest before the given one, ${versionsShown} at most.`,
      args: {
        before: t.arg.int(),
        first: t.arg.int(),
        search: t.arg.string({ description: "Those with this number, or with this in their message or author, in upper or lower case." }),
      },
      resolve: (row, { before, first, search }, context) => {
        if (first != null && (first < 1 || first > versionsShown))
          throw new ValidationError([{ path: "first", message: `must be from 1 to ${versionsShown}` }]);
        requireStorable({ search });
        return inOrganisation(context, (em) =>
          em.find(
            PromptVersionEntity,
            {
              $and: [{ promptId: row.id }, before == null ? {} : { version: { $lt: before } }, versionsCalled(search?.trim() ?? "")],
            },
            { orderBy: { version: "desc" }, limit: first ?? versionsShown },
          ),
        );
      },
    }),
    version: t.field({
      type: PromptVersion,
      nullable: true,
      args: { number: t.arg.int({ required: true }) },
      resolve: (row, { number }, context) =>
        inOrganisation(context, (em) => em.findOne(PromptVersionEntity, { promptId: row.id, version: number })),
    }),
  }),
});
builder.objectField(PromptVersion, "prompt", (t) =>
  t.field({
    type: Prompt,
    nullable: true,
    resolve: async ({ promptId }, _args, { loaders }) => (await loaders.prompt.load(promptId)) ?? null,
  }),
);
addQueries("prompt", { one: "prompt", many: "prompts", orders: { path: byText("folder", "name") } }, Prompt);

const CreatePromptInput = builder.inputType("CreatePromptInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    kind: t.field({ type: PromptKind, description: "Default chat. Never changes." }),
    folder: t.string(),
    protectedLabels: t.stringList(),
    runRouteId: t.id(),
  }),
});
const CreatePromptPayload = configPayload("CreatePromptPayload", "prompt", Prompt);
builder.mutationField("createPrompt", (t) =>
  t.field({
    type: CreatePromptPayload,
    description: "Without a version yet; make one with createPromptVersion.",
    authScopes: { developer: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreatePromptInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.create", summary: `prompt ${input.name} made` }, async (change) => {
        requireName(input.name);
        return change.create("prompt", {
          name: input.name,
          kind: input.kind ?? "chat",
          folder: input.folder ?? "",
          protectedLabels: [...(input.protectedLabels ?? [])],
          runRouteId: input.runRouteId ?? null,
          labels: {},
        });
      }),
  }),
);

const UpdatePromptInput = builder.inputType("UpdatePromptInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    folder: t.string(),
    protectedLabels: t.stringList({ description: "May only grow; requestPromptLabel takes the protection away again." }),
    runRouteId: t.id({ description: "Null: no longer published as an endpoint." }),
  }),
});
const UpdatePromptPayload = configPayload("UpdatePromptPayload", "prompt", Prompt);
builder.mutationField("updatePrompt", (t) =>
  t.field({
    type: UpdatePromptPayload,
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdatePromptInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.update", summary: "prompt changed" }, async (change) => {
        const row = await change.edit("prompt", input.id, { expectedRevision: input.expectedRevision });
        if (input.name != null && input.name !== row.name) requireName(input.name);
        row.name = input.name ?? row.name;
        row.folder = input.folder ?? row.folder;
        if (input.runRouteId !== undefined) row.runRouteId = input.runRouteId;
        if (input.protectedLabels != null) row.protectedLabels = grown(row.protectedLabels, input.protectedLabels);
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
    tools: t.field({ type: "JSON", description: "A list, in the OpenAI chat API's words." }),
    responseSchema: t.field({ type: "JSON", description: "JSON Schema of the answer." }),
    inputs: t.field({ type: "JSON", description: "JSON Schema of the variables. Default: derived from the templates." }),
    format: t.field({ type: TemplateFormat, description: "Default liquid. What is given as Mustache is kept as Liquid." }),
    lists: t.stringList({ description: "Of Mustache: sections that are loops, beside those whose body says so." }),
    commitMessage: t.string(),
    labels: t.stringList({ description: "Labels that shall point at it, beside latest." }),
  }),
});
interface NewVersion {
  readonly prompt: PromptRow;
  readonly promptVersion: PromptVersionEntity;
}
const CreatePromptVersionPayload = builder.objectRef<ConfigPayload<NewVersion>>("CreatePromptVersionPayload").implement({
  interfaces: [ConfigChange],
  fields: (t) => ({
    prompt: t.field({ type: Prompt, resolve: (payload) => payload.value.prompt }),
    promptVersion: t.field({ type: PromptVersion, resolve: (payload) => payload.value.promptVersion }),
  }),
});
builder.mutationField("createPromptVersion", (t) =>
  t.field({
    type: CreatePromptVersionPayload,
    authScopes: { developer: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreatePromptVersionInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt_version.create", summary: "prompt version made" }, async (change) => {
        const prompt = await change.edit("prompt", input.promptId);
        const promptVersion = await addPromptVersion(change, prompt, {
          messages: input.messages,
          defaultParameters: (input.defaultParameters ?? null) as JsonObject | null,
          tools: (input.tools ?? null) as JsonObject[] | null,
          responseSchema: (input.responseSchema ?? null) as JsonObject | null,
          inputs: (input.inputs ?? null) as JsonObject | null,
          format: input.format ?? "liquid",
          lists: input.lists ?? [],
          commitMessage: input.commitMessage ?? "",
          labels: input.labels ?? [],
        });
        change.because(promptVersion.commitMessage);
        return { prompt, promptVersion };
      }),
  }),
);

addArchive("prompt", "prompt", Prompt, async (row, change) => {
  for (const version of await change.em.find(PromptVersionEntity, { promptId: row.id, archivedAt: null })) {
    change.track("prompt_version", version);
    version.archivedAt = change.at;
  }
});

/** It stands in an address. Those that were made before this was asked for stay as they are. @throws ValidationError. */
function requireName(name: string): void {
  if (!routeNamePattern.test(name)) throw new ValidationError([{ path: "name", message: routeNameRule }]);
}

/** @throws ValidationError where one would go: whoever could take the protection away alone could move the label alone. */
function grown(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.find((label) => !after.includes(label));
  if (gone !== undefined)
    throw new ValidationError([
      { path: "protectedLabels", message: `${gone} stays protected until a second person approves: requestPromptLabel without a version` },
    ]);
  return [...new Set(after)].sort();
}
