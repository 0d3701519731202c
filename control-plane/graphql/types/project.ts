/** A part of an organisation. Imported for its side effects by schema.ts. */
import type { Project as ProjectRow } from "../../database/entities/project.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { ContentCapture, ContentCaptureInput, captureOf } from "./content-capture.ts";

export const Project = builder.objectRef<ProjectRow>("Project").implement({
  description: "A part of an organisation: what API keys belong to.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    name: t.exposeString("name"),
    contentCapture: t.field({
      type: ContentCapture,
      nullable: true,
      description: "Null: as the organisation.",
      resolve: (row) => row.contentCapture ?? null,
    }),
  }),
});
addQueries("project", { one: "project", many: "projects", orders: { name: byText("name"), key: byText("key") } }, Project);

const CreateProjectInput = builder.inputType("CreateProjectInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    name: t.string({ required: true }),
    contentCapture: t.field({ type: ContentCaptureInput }),
  }),
});
const CreateProjectPayload = configPayload("CreateProjectPayload", "project", Project);
builder.mutationField("createProject", (t) =>
  t.field({
    type: CreateProjectPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateProjectInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "project.create", summary: `project ${input.key} made` }, async (change) =>
        change.create("project", {
          key: input.key,
          name: input.name,
          contentCapture: input.contentCapture == null ? null : captureOf(input.contentCapture),
        }),
      ),
  }),
);

const UpdateProjectInput = builder.inputType("UpdateProjectInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    name: t.string(),
    contentCapture: t.field({ type: ContentCaptureInput, description: "Null: as the organisation." }),
  }),
});
const UpdateProjectPayload = configPayload("UpdateProjectPayload", "project", Project);
builder.mutationField("updateProject", (t) =>
  t.field({
    type: UpdateProjectPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateProjectInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "project.update", summary: "project changed" }, async (change) => {
        const row = await change.edit("project", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.name = input.name ?? row.name;
        if (input.contentCapture !== undefined) row.contentCapture = input.contentCapture === null ? null : captureOf(input.contentCapture);
        change.describe(`project ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("project", "project", Project);
